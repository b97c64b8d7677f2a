//! Laws of the recipes over any storm: requests and replies lost, connections cut, sessions expired or given up, at any time.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vocab::ids::SessionId;
use vocab::service::{CreateMode, Op, Reply};

use super::counter::{CheckpointIdCounter, Outcome};
use super::create::{self, Creation, Parents, Spec};
use super::latch::{Config as LatchConfig, LeaderLatch, OnReconnect};
use super::stage::{Cast, Stage, config};
use super::value::{count_data, count_of};
use super::{Config, RetryPolicy, Told, Turn, Uuid};

/// One blow, or a pause.
#[derive(Clone, Debug)]
enum Blow {
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

fn storm() -> impl Strategy<Value = Vec<Blow>> {
    let blow = prop_oneof![
        3 => any::<bool>().prop_map(|applied| Blow::Lose(0, applied)),
        4 => (0..KINDS.len(), any::<bool>()).prop_map(|(kind, applied)| Blow::Lose(kind, applied)),
        1 => Just(Blow::Cut),
        3 => (0u16..12_000).prop_map(Blow::Away),
        1 => Just(Blow::Expire),
        4 => (0u16..3_000).prop_map(Blow::Pass),
        3 => Just(Blow::Act),
        2 => Just(Blow::Other),
    ];
    proptest::collection::vec(blow, 1..40)
}

/// Plays a storm, then lets the sky clear: every retry and every wait ends, and one more reconnection shows what was missed.
fn play<C: Cast>(stage: &mut Stage<C>, storm: &[Blow], mut act: impl FnMut(&mut Stage<C>), mut other: impl FnMut(&mut Stage<C>)) {
    for blow in storm {
        match blow {
            Blow::Lose(kind, applied) => stage.loses = Some((KINDS[*kind], *applied)),
            Blow::Cut => stage.cut(),
            Blow::Away(ms) => {
                stage.reachable = false;
                stage.cut();
                stage.pass(u64::from(*ms));
                stage.reachable = true;
            }
            Blow::Expire => stage.expire(),
            Blow::Pass(ms) => stage.pass(u64::from(*ms)),
            Blow::Act => act(stage),
            Blow::Other => other(stage),
        }
    }
    stage.loses = None;
    stage.pass(90_000);
    stage.cut();
    stage.pass(90_000);
    // What earlier sessions left goes with them.
    for session in 1..stage.curator.session().0 {
        stage.server.expire(SessionId(session));
    }
    stage.pass(90_000);
    assert!(stage.curator.is_idle(), "something is still under way: {:?}", stage.curator.look());
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
    fn make(&mut self, mode: CreateMode, turn: &mut Turn) {
        if self.creation.is_none() {
            self.made += 1;
            let protection = Some(Uuid(u128::from(self.made) << 64 | 0x4000 << 64));
            let spec = Spec { path: "/d/e/n-".into(), data: None, mode, protection, parents: Parents::Containers };
            self.creation = Some(Creation::start(spec, turn));
        }
    }
}

impl Cast for Maker {
    fn on(&mut self, told: &Told, turn: &mut Turn) -> Vec<String> {
        if let Some(outcome) = self.creation.as_mut().and_then(|creation| creation.on(told, turn)) {
            self.creation = None;
            let path = if let create::Outcome::Created { path, .. } = outcome { Some(path.to_string()) } else { None };
            self.ended.push((Uuid(u128::from(self.made) << 64 | 0x4000 << 64), path, turn.session()));
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

impl Cast for Counter {
    fn on(&mut self, told: &Told, turn: &mut Turn) -> Vec<String> {
        let outcome = self.counter.on(told, turn);
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
fn count(stage: &mut Stage<Counter>) -> (i32, i32) {
    match stage.other(Op::GetData { path: "/c".into(), watch: false }) {
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
        let mut stage = Stage::new(Config { retry, ..config() }, Maker::default());
        play(&mut stage, &storm, |stage| stage.act(|maker, turn| maker.make(mode, turn)), |_| ());
        prop_assert_eq!(stage.cast.ended.len() as u64, stage.cast.made, "every create ends");
        for (uuid, path, session) in &stage.cast.ended {
            let there = stage.server.paths(&uuid.to_string());
            let may_be_gone = is_ephemeral && *session != stage.curator.session();
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
        let mut stage = Stage::new(config(), latch);
        stage.act(|latch, turn| latch.start(turn));
        // The stage asks after every step whether the latch may lead.
        play(&mut stage, &storm, |_| (), |_| ());
        let leads = stage.cast.leads().map(|path| path.to_string());
        prop_assert_eq!(leads.as_ref().and_then(|path| stage.server.owner(path)), Some(stage.curator.session()));
        prop_assert_eq!(stage.server.paths("latch-"), leads.into_iter().collect::<Vec<_>>(), "no node is left behind");
    }

    #[test]
    fn no_id_comes_twice_and_no_step_of_the_counter_is_lost(storm in storm()) {
        let mut stage = Stage::new(config(), Counter { counter: CheckpointIdCounter::new("/c".into()), is_asked: false, ids: Vec::new() });
        stage.act(|cast, turn| cast.counter.start(turn));
        let mut others = Vec::new();
        let act = |stage: &mut Stage<Counter>| stage.act(|cast, turn| {
            if !cast.is_asked {
                cast.is_asked = true;
                let outcome = cast.counter.get_and_increment(turn);
                cast.take(outcome);
            }
        });
        play(&mut stage, &storm, act, |stage| {
            let (id, version) = count(stage);
            stage.other(Op::SetData { path: "/c".into(), data: count_data(id + 1), version }).expect("nobody comes between");
            others.push(id);
        });
        let (next, version) = count(&mut stage);
        prop_assert_eq!(next, 1 + version, "each set must have moved it by one");
        let ids: Vec<i32> = stage.cast.ids.iter().chain(&others).copied().collect();
        prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id came twice: {:?} and {:?}", stage.cast.ids, others);
        prop_assert!(ids.iter().all(|id| *id < next), "an id is not counted: {:?} of {}", ids, next);
    }
}
