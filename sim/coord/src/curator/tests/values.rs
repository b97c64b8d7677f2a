//! SharedValue's counter and the cache on a stage.

use vocab::fact::{Belief, ClientFact, RecipeFact};
use vocab::service::{CreateMode, Op};

use crate::curator::cache::{self, Cache, Scope};
use crate::curator::counter::{CheckpointIdCounter, Outcome, Trouble};
use crate::curator::stage::{Cast, Stage, config};
use crate::curator::value::count_data;
use crate::curator::{Told, Turn};

impl Cast for CheckpointIdCounter {
    fn on(&mut self, told: &Told, turn: &mut Turn) -> Vec<String> {
        CheckpointIdCounter::on(self, told, turn).into_iter().map(|outcome| in_words(&outcome)).collect()
    }
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Started => "started".into(),
        Outcome::NotStarted(failure) => format!("not started: {failure:?}"),
        Outcome::Raised => "raised".into(),
        Outcome::Next(id) => format!("next {id}"),
        Outcome::Failed(trouble) => format!("failed: {trouble:?}"),
    }
}

fn counter() -> Stage<CheckpointIdCounter> {
    let mut stage = Stage::new(config(), CheckpointIdCounter::new("/jobs/counter".into()));
    stage.act(|counter, turn| counter.start(turn));
    stage
}

fn set(count: i32) -> Op {
    Op::SetData { path: "/jobs/counter".into(), data: count_data(count), version: -1 }
}

#[test]
fn ids_follow_each_other_and_a_lost_race_is_run_again() {
    let mut stage = counter();
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    check(
        stage.said(),
        "create2 /jobs/counter; exists /jobs/counter; exists /jobs; createContainer /jobs; create2 /jobs/counter; getData /jobs/counter; started",
    );
    assert_eq!(stage.act(|counter, turn| counter.get_and_increment(turn)), None);
    // Its own watch tells it of its own set, and it reads it, as Flink does.
    check(stage.said(), "setData /jobs/counter; getData /jobs/counter; next 1");
    stage.reachable = false;
    stage.cut();
    stage.other(set(7)).unwrap();
    assert_eq!(stage.act(|counter, turn| counter.get_and_increment(turn)), Some(Outcome::Failed(Trouble::Unconnected)));
    stage.reachable = true;
    stage.pass(1_000);
    // setWatches shows what was missed, and the reconnection makes it read anyway.
    check(stage.said(), "SUSPENDED; RECONNECTED; setWatches; getData /jobs/counter; getData /jobs/counter");
    stage.act(|counter, turn| counter.get_and_increment(turn));
    check(stage.said(), "setData /jobs/counter; getData /jobs/counter; next 7");
    let counted = |fact: &ClientFact| if let ClientFact::Recipe(RecipeFact::Counted { from, to, .. }) = fact { Some((*from, *to)) } else { None };
    assert_eq!(stage.facts.iter().filter_map(counted).collect::<Vec<_>>(), [(1, 2), (7, 8)]);
}

#[test]
fn ids_can_be_made_to_go_on_from_a_number_and_never_go_back() {
    let mut stage = counter();
    stage.said();
    assert_eq!(stage.act(|counter, turn| counter.raise(7, turn)), None);
    assert_eq!(stage.said(), "setData /jobs/counter; getData /jobs/counter; raised");
    assert_eq!(stage.act(|counter, turn| counter.raise(7, turn)), Some(Outcome::Raised));
    assert_eq!(stage.act(|counter, turn| counter.raise(3, turn)), Some(Outcome::Raised));
    stage.act(|counter, turn| counter.get_and_increment(turn));
    assert!(stage.said().ends_with("next 7"));
    stage.other(set(20)).unwrap();
    stage.pass(1_000);
    stage.act(|counter, turn| counter.get_and_increment(turn));
    assert!(stage.said().ends_with("next 20"), "what it was made to go on from is no limit");
}

#[test]
fn a_set_whose_reply_was_lost_costs_an_id_and_never_gives_one_twice() {
    let mut stage = counter();
    stage.said();
    stage.loses = Some(("setData", true));
    stage.act(|counter, turn| counter.get_and_increment(turn));
    stage.pass(2_000);
    let said = stage.said();
    assert!(said.starts_with("setData /jobs/counter; lost; SUSPENDED; RECONNECTED; setWatches; "), "{said}");
    assert!(said.ends_with("next 2"), "{said}");
    assert_eq!(stage.beliefs(), [Belief::Superseded]);
}

#[test]
fn the_last_id_has_no_successor() {
    let mut stage = counter();
    stage.other(set(i32::MAX)).unwrap();
    assert_eq!(stage.act(|counter, turn| counter.get_and_increment(turn)), Some(Outcome::Failed(Trouble::Full)));
    stage.other(Op::SetData { path: "/jobs/counter".into(), data: None, version: -1 }).unwrap();
    assert_eq!(stage.act(|counter, turn| counter.get_and_increment(turn)), Some(Outcome::Failed(Trouble::Garbage)));
}

impl Cast for Cache {
    fn on(&mut self, told: &Told, turn: &mut Turn) -> Vec<String> {
        let outcomes = Cache::on(self, told, turn).into_iter();
        let words = outcomes.map(|outcome| match outcome {
            cache::Outcome::Created(path) => format!("+{path}"),
            cache::Outcome::Changed(path) => format!("~{path}"),
            cache::Outcome::Deleted(path) => format!("-{path}"),
            cache::Outcome::Initialized => "initialized".into(),
        });
        words.collect()
    }
}

fn node(path: &str) -> Op {
    Op::create(path.into(), None, CreateMode::Persistent)
}

fn gone(path: &str) -> Op {
    Op::Delete { path: path.into(), version: -1 }
}

#[test]
fn a_tree_is_kept_and_read_again_after_a_reconnection() {
    let mut stage = Stage::new(config(), Cache::new("/t".into(), Scope::Tree));
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    for path in ["/t", "/t/a", "/t/a/x", "/tt"] {
        stage.other(node(path)).unwrap();
    }
    stage.act(|cache, turn| cache.start(turn));
    check(
        stage.said(),
        "addWatch /t; getData /t; +/t; getChildren2 /t; getData /t/a; +/t/a; getChildren2 /t/a; getData /t/a/x; +/t/a/x; getChildren2 /t/a/x; initialized",
    );
    stage.other(node("/t/b")).unwrap();
    check(stage.said(), "getData /t/b; +/t/b; getChildren2 /t/b");
    stage.other(gone("/t/a/x")).unwrap();
    check(stage.said(), "-/t/a/x");
    stage.other(gone("/tt")).unwrap();
    check(stage.said(), "");
    // A lasting watch tells nothing of what happened while it was away.
    stage.reachable = false;
    stage.cut();
    stage.other(gone("/t/a")).unwrap();
    stage.other(node("/t/b/y")).unwrap();
    stage.reachable = true;
    stage.pass(1_000);
    stage.said();
    assert_eq!(stage.cast.entries().keys().map(|path| path.to_string()).collect::<Vec<_>>(), ["/t", "/t/b", "/t/b/y"]);
}

#[test]
fn one_node_is_kept_although_it_comes_and_goes() {
    let mut stage = Stage::new(config(), Cache::new("/n".into(), Scope::Node));
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    stage.act(|cache, turn| cache.start(turn));
    check(stage.said(), "addWatch /n; getData /n; initialized");
    stage.other(node("/n")).unwrap();
    check(stage.said(), "getData /n; +/n");
    stage.other(node("/n/below")).unwrap();
    check(stage.said(), "");
    stage.other(Op::SetData { path: "/n".into(), data: None, version: -1 }).unwrap();
    check(stage.said(), "getData /n; ~/n");
    stage.other(gone("/n/below")).unwrap();
    stage.other(gone("/n")).unwrap();
    check(stage.said(), "-/n");
    assert_eq!(stage.cast.get("/n"), None);
}
