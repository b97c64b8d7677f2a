//! Laws of the recipes over any storm: requests and replies lost, connections cut, sessions expired or given up, at any
//! time.

use std::collections::BTreeSet;

use proptest::prelude::*;
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{CreateMode, Op, Reply};

use super::bench::{Bench, Recipe, config};
use super::counter::{CheckpointIdCounter, Outcome};
use super::create::{self, Creation, Parents, Spec};
use super::latch::{Config as LatchConfig, LeaderLatch, OnReconnect};
use super::value::{count_data, count_of};
use super::{Config, Notice, RecipeContext, RetryPolicy, Uuid};

/// One fault, or a pause.
#[derive(Clone, Debug)]
enum Fault {
    /// The next request of a kind is lost with its connection; it took effect, or not.
    Lose(usize, bool),
    Cut,
    /// No connection for so many ms.
    Away(u16),
    /// The service expires the session.
    Expire,
    Pass(u16),
    /// The application does what it does.
    Act,
    /// Another client does it.
    Other,
}

const KINDS: [&str; 7] = ["create2", "getChildren", "getChildren2", "getData", "setData", "delete", "createContainer"];

fn storm() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        3 => any::<bool>().prop_map(|applied| Fault::Lose(0, applied)),
        4 => (0..KINDS.len(), any::<bool>()).prop_map(|(kind, applied)| Fault::Lose(kind, applied)),
        1 => Just(Fault::Cut),
        3 => (0u16..12_000).prop_map(Fault::Away),
        1 => Just(Fault::Expire),
        4 => (0u16..3_000).prop_map(Fault::Pass),
        3 => Just(Fault::Act),
        2 => Just(Fault::Other),
    ];
    proptest::collection::vec(fault, 1..40)
}

/// Plays a storm, then lets the sky clear: every retry and every wait ends, and one more reconnection shows what was
/// missed.
fn play<C: Recipe>(bench: &mut Bench<C>, storm: &[Fault], mut act: impl FnMut(&mut Bench<C>), mut other: impl FnMut(&mut Bench<C>)) {
    for fault in storm {
        match fault {
            Fault::Lose(kind, applied) => bench.loses = Some((KINDS[*kind], *applied)),
            Fault::Cut => bench.cut(),
            Fault::Away(ms) => {
                bench.reachable = false;
                bench.cut();
                bench.pass(u64::from(*ms));
                bench.reachable = true;
            }
            Fault::Expire => bench.expire(),
            Fault::Pass(ms) => bench.pass(u64::from(*ms)),
            Fault::Act => act(bench),
            Fault::Other => other(bench),
        }
    }
    bench.loses = None;
    bench.pass(90_000);
    bench.cut();
    bench.pass(90_000);
    // What earlier sessions left goes with them.
    for session in 1..bench.curator.session().0 {
        bench.server.expire(SessionId(session));
    }
    bench.pass(90_000);
    assert!(bench.curator.is_idle(), "something is still under way: {:?}", bench.curator.look());
}

/// Creates, one after another, each with a UUID of its own.
#[derive(Default)]
struct Maker {
    made: u64,
    creation: Option<Creation>,
    /// What became of each, and in which session that was told.
    ended: Vec<(Uuid, Option<String>, SessionId)>,
}

impl Maker {
    fn make(&mut self, mode: CreateMode, context: &mut RecipeContext) {
        if self.creation.is_none() {
            self.made += 1;
            let protection = Some(Uuid(u128::from(self.made) << 64 | 0x4000 << 64));
            let spec = Spec { path: "/d/e/n-".into(), data: None, mode, protection, parents: Parents::Containers };
            self.creation = Some(Creation::start(spec, context));
        }
    }
}

impl Recipe for Maker {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        if let Some(outcome) = self.creation.as_mut().and_then(|creation| creation.on(notice, context)) {
            self.creation = None;
            let path = if let create::Outcome::Created { path, .. } = outcome { Some(path.to_string()) } else { None };
            self.ended.push((Uuid(u128::from(self.made) << 64 | 0x4000 << 64), path, context.session()));
        }
        Vec::new()
    }
}

/// The counter, and the ids that it gave.
struct Counter {
    counter: CheckpointIdCounter,
    is_asked: bool,
    ids: Vec<i32>,
}

impl Recipe for Counter {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        let outcome = self.counter.on(notice, context);
        self.take(outcome);
        Vec::new()
    }
}

impl Counter {
    fn take(&mut self, outcome: Option<Outcome>) {
        match outcome {
            Some(Outcome::Next(id)) => {
                self.ids.push(id);
                self.is_asked = false;
            }
            Some(Outcome::Failed(_)) => self.is_asked = false,
            Some(Outcome::Started | Outcome::NotStarted(_) | Outcome::Raised) | None => {}
        }
    }
}

/// The number in the counter's node.
fn count(bench: &mut Bench<Counter>) -> (i32, i32) {
    match bench.other(Op::GetData { path: "/c".into(), watch: false }) {
        Ok(Reply::Data { data, stat }) => (count_of(&data).expect("only numbers are set"), stat.version),
        other => panic!("the counter is gone: {other:?}"),
    }
}

proptest! {
    #[test]
    fn a_protected_create_makes_one_node_or_none(storm in storm(), is_ephemeral in any::<bool>()) {
        let mode = if is_ephemeral { CreateMode::EphemeralSequential } else { CreateMode::PersistentSequential };
        // One retry, so that creates are given up as well.
        let retry = RetryPolicy::Times { retries: 1, sleep_ms: 500 };
        let mut bench = Bench::new(Config { retry, ..config() }, Maker::default());
        play(&mut bench, &storm, |bench| bench.act(|maker, context| maker.make(mode, context)), |_| ());
        prop_assert_eq!(bench.recipe.ended.len() as u64, bench.recipe.made, "every create ends");
        for (uuid, path, session) in &bench.recipe.ended {
            let there = bench.server.paths(&uuid.to_string());
            let may_be_gone = is_ephemeral && *session != bench.curator.session();
            match path {
                Some(path) => prop_assert!(there == [path.as_str()] || (may_be_gone && there.is_empty()), "{} is not all that is there: {:?}", path, there),
                None => prop_assert!(there.is_empty(), "a create that failed left {:?}", there),
            }
        }
    }

    #[test]
    fn a_latch_leads_with_a_connection_alone_and_leads_in_the_end(storm in storm(), resets in any::<bool>()) {
        let on_reconnect = if resets { OnReconnect::Reset } else { OnReconnect::Check };
        let latch = LeaderLatch::new(LatchConfig { directory: "/l".into(), id: None, on_reconnect, tolerates_suspended: false, sweeps_twins: false });
        let mut bench = Bench::new(config(), latch);
        bench.act(|latch, context| latch.start(context));
        // The bench asks after every step whether the latch may lead.
        play(&mut bench, &storm, |_| (), |_| ());
        let leads = bench.recipe.leads().map(|path| path.to_string());
        prop_assert_eq!(leads.as_ref().and_then(|path| bench.server.owner(path)), Some(bench.curator.session()));
        prop_assert_eq!(bench.server.paths("latch-"), leads.into_iter().collect::<Vec<_>>(), "no node is left behind");
    }

    #[test]
    fn no_id_comes_twice_and_no_step_of_the_counter_is_lost(storm in storm()) {
        let mut bench = Bench::new(config(), Counter { counter: CheckpointIdCounter::new("/c".into()), is_asked: false, ids: Vec::new() });
        bench.act(|recipe, context| recipe.counter.start(context));
        let mut others = Vec::new();
        let act = |bench: &mut Bench<Counter>| bench.act(|recipe, context| {
            if !recipe.is_asked {
                recipe.is_asked = true;
                let outcome = recipe.counter.get_and_increment(context);
                recipe.take(outcome);
            }
        });
        play(&mut bench, &storm, act, |bench| {
            let (id, version) = count(bench);
            bench.other(Op::SetData { path: "/c".into(), data: count_data(id + 1), version }).expect("nobody comes between");
            others.push(id);
        });
        let (next, version) = count(&mut bench);
        prop_assert_eq!(next, 1 + version, "each set must have moved it by one");
        let ids: Vec<i32> = bench.recipe.ids.iter().chain(&others).copied().collect();
        prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id came twice: {:?} and {:?}", bench.recipe.ids, others);
        prop_assert!(ids.iter().all(|id| *id < next), "an id is not counted: {:?} of {}", ids, next);
    }
}
