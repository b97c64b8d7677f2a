//! SharedValue's counter and the cache on a bench.

use zookeeper_words::fact::{Belief, ClientFact, RecipeFact};
use zookeeper_words::service::{CreateMode, Op};

use crate::curator::bench::{Bench, Recipe, config};
use crate::curator::cache::{self, Cache, Scope};
use crate::curator::counter::{CheckpointIdCounter, CounterError, Outcome};
use crate::curator::value::count_data;
use crate::curator::{Notice, RecipeContext};

impl Recipe for CheckpointIdCounter {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        CheckpointIdCounter::on(self, notice, context).into_iter().map(|outcome| in_words(&outcome)).collect()
    }
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Started => "started".into(),
        Outcome::NotStarted(error) => format!("not started: {error:?}"),
        Outcome::Raised => "raised".into(),
        Outcome::Next(id) => format!("next {id}"),
        Outcome::Failed(error) => format!("failed: {error:?}"),
    }
}

fn counter() -> Bench<CheckpointIdCounter> {
    let mut bench = Bench::new(config(), CheckpointIdCounter::new("/jobs/counter".into()));
    bench.act(|counter, context| counter.start(context));
    bench
}

fn set(count: i32) -> Op {
    Op::SetData { path: "/jobs/counter".into(), data: count_data(count), version: -1 }
}

#[test]
fn ids_follow_each_other_and_a_lost_race_is_run_again() {
    let mut bench = counter();
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    check(
        bench.said(),
        "create2 /jobs/counter; exists /jobs/counter; exists /jobs; createContainer /jobs; create2 /jobs/counter; getData /jobs/counter; started",
    );
    assert_eq!(bench.act(|counter, context| counter.get_and_increment(context)), None);
    // Its own watch tells it of its own set, and it reads it, as Flink does.
    check(bench.said(), "setData /jobs/counter; getData /jobs/counter; next 1");
    bench.reachable = false;
    bench.cut();
    bench.other(set(7)).unwrap();
    assert_eq!(bench.act(|counter, context| counter.get_and_increment(context)), Some(Outcome::Failed(CounterError::Unconnected)));
    bench.reachable = true;
    bench.pass(1_000);
    // setWatches shows what was missed, and the reconnection makes it read anyway.
    check(bench.said(), "SUSPENDED; RECONNECTED; setWatches; getData /jobs/counter; getData /jobs/counter");
    bench.act(|counter, context| counter.get_and_increment(context));
    check(bench.said(), "setData /jobs/counter; getData /jobs/counter; next 7");
    let counted = |fact: &ClientFact| if let ClientFact::Recipe(RecipeFact::Counted { from, to, .. }) = fact { Some((*from, *to)) } else { None };
    assert_eq!(bench.facts.iter().filter_map(counted).collect::<Vec<_>>(), [(1, 2), (7, 8)]);
}

#[test]
fn ids_can_be_made_to_go_on_from_a_number_and_never_go_back() {
    let mut bench = counter();
    bench.said();
    assert_eq!(bench.act(|counter, context| counter.raise(7, context)), None);
    assert_eq!(bench.said(), "setData /jobs/counter; getData /jobs/counter; raised");
    assert_eq!(bench.act(|counter, context| counter.raise(7, context)), Some(Outcome::Raised));
    assert_eq!(bench.act(|counter, context| counter.raise(3, context)), Some(Outcome::Raised));
    bench.act(|counter, context| counter.get_and_increment(context));
    assert!(bench.said().ends_with("next 7"));
    bench.other(set(20)).unwrap();
    bench.pass(1_000);
    bench.act(|counter, context| counter.get_and_increment(context));
    assert!(bench.said().ends_with("next 20"), "what it was made to go on from is no limit");
}

#[test]
fn a_set_whose_reply_was_lost_costs_an_id_and_never_gives_one_twice() {
    let mut bench = counter();
    bench.said();
    bench.loses = Some(("setData", true));
    bench.act(|counter, context| counter.get_and_increment(context));
    bench.pass(2_000);
    let said = bench.said();
    assert!(said.starts_with("setData /jobs/counter; lost; SUSPENDED; RECONNECTED; setWatches; "), "{said}");
    assert!(said.ends_with("next 2"), "{said}");
    assert_eq!(bench.beliefs(), [Belief::Superseded]);
}

#[test]
fn the_last_id_has_no_successor() {
    let mut bench = counter();
    bench.other(set(i32::MAX)).unwrap();
    assert_eq!(bench.act(|counter, context| counter.get_and_increment(context)), Some(Outcome::Failed(CounterError::Full)));
    bench.other(Op::SetData { path: "/jobs/counter".into(), data: None, version: -1 }).unwrap();
    assert_eq!(bench.act(|counter, context| counter.get_and_increment(context)), Some(Outcome::Failed(CounterError::Garbage)));
}

impl Recipe for Cache {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        let outcomes = Cache::on(self, notice, context).into_iter();
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
    let mut bench = Bench::new(config(), Cache::new("/t".into(), Scope::Tree));
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    for path in ["/t", "/t/a", "/t/a/x", "/tt"] {
        bench.other(node(path)).unwrap();
    }
    bench.act(|cache, context| cache.start(context));
    check(
        bench.said(),
        "addWatch /t; getData /t; +/t; getChildren2 /t; getData /t/a; +/t/a; getChildren2 /t/a; getData /t/a/x; +/t/a/x; getChildren2 /t/a/x; initialized",
    );
    bench.other(node("/t/b")).unwrap();
    check(bench.said(), "getData /t/b; +/t/b; getChildren2 /t/b");
    bench.other(gone("/t/a/x")).unwrap();
    check(bench.said(), "-/t/a/x");
    bench.other(gone("/tt")).unwrap();
    check(bench.said(), "");
    // A lasting watch tells nothing of what happened while it was away.
    bench.reachable = false;
    bench.cut();
    bench.other(gone("/t/a")).unwrap();
    bench.other(node("/t/b/y")).unwrap();
    bench.reachable = true;
    bench.pass(1_000);
    bench.said();
    assert_eq!(bench.recipe.entries().keys().map(|path| path.to_string()).collect::<Vec<_>>(), ["/t", "/t/b", "/t/b/y"]);
}

#[test]
fn one_node_is_kept_although_it_comes_and_goes() {
    let mut bench = Bench::new(config(), Cache::new("/n".into(), Scope::Node));
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.act(|cache, context| cache.start(context));
    check(bench.said(), "addWatch /n; getData /n; initialized");
    bench.other(node("/n")).unwrap();
    check(bench.said(), "getData /n; +/n");
    bench.other(node("/n/below")).unwrap();
    check(bench.said(), "");
    bench.other(Op::SetData { path: "/n".into(), data: None, version: -1 }).unwrap();
    check(bench.said(), "getData /n; ~/n");
    bench.other(gone("/n/below")).unwrap();
    bench.other(gone("/n")).unwrap();
    check(bench.said(), "-/n");
    assert_eq!(bench.recipe.get("/n"), None);
}
