//! Every recipe on a stage: it gets through, in calm and under mishaps, and what it says of itself is true.

mod stage;
mod latches;
mod flink;
mod queues_and_barriers;

use std::collections::{BTreeMap, BTreeSet};

use contract::plan::{Budget, DiskWeather, Heal, LinkWeather, PLAN_FORMAT, Seed, Weather};
use zookeeper_words::Plan;
use zookeeper_words::fact::{ClientFact, RecipeFact};
use zookeeper_words::ids::Xid;
use zookeeper_words::service::{CreateMode, ErrorCode, EventKind, Op, Reply};
use zookeeper_words::settings::{ClientPlan, Cluster, Coordination, CuratorPlan, Settings, WorkloadKind};

use super::context::sequence;
use stage::Stage;

const HEAL_MS: u64 = 60_000;
/// After the heal: the longest patience, and the last requests.
const END_MS: u64 = HEAL_MS + 40_000;
/// Each of the mishaps, for each request: a connection lives for a few dozen requests.
const STORMY_PPM: u32 = 30_000;

fn plan(seed: u64, workload: WorkloadKind, clients: usize) -> Plan {
    let client = |n: usize| ClientPlan {
        workload,
        session_timeout_ms: 6_000,
        start_ms: 10 * n as u64,
        rounds: 40,
        think_ms: 400,
        curator: CuratorPlan::default(),
        can_be_read_only: false,
        skip: vec![],
    };
    Plan {
        format: PLAN_FORMAT,
        system: "zookeeper".into(),
        family: "stage".into(),
        seed: Seed(seed),
        plants: vec![],
        budget: Budget::Majority,
        supervisor_ms: 100,
        heal: Heal { at_ms: HEAL_MS, bound_ms: 60_000, absent: vec![] },
        weather: Weather {
            link: LinkWeather { latency_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
            links: vec![],
            disk: DiskWeather { sync_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 0 },
            clocks: vec![],
        },
        settings: Settings {
            cluster: Cluster::of(3),
            coordination: Coordination { tick_ms: 500, snap_count: 100, snap_chunk: 10, ..Coordination::default() },
            clients: (0..clients).map(client).collect(),
        },
        faults: vec![],
    }
}

fn played(plan: &Plan, mishap_ppm: u32) -> Stage {
    let mut stage = Stage::new(plan, mishap_ppm);
    stage.run_until_ms(END_MS);
    for client in &stage.clients {
        assert!(client.is_finished(), "seed {}: {:?}", plan.seed.0, client.look());
    }
    for client in 0..plan.settings.clients.len() {
        let fact = |(noter, fact)| (noter == client).then_some(fact);
        let facts: Vec<ClientFact> = stage.notes.iter().cloned().filter_map(fact).take_while(|fact| *fact != ClientFact::Finished).collect();
        let mut answers = facts.iter().rev().filter_map(|fact| if let ClientFact::Returned { result, .. } = fact { Some(result.as_ref()) } else { None });
        let mut answers = answers.by_ref().skip_while(|answer| *answer == Ok(&Reply::Done)); // closeSession
        assert!(matches!(answers.next(), Some(Ok(Reply::Data { data: Some(data), .. })) if **data == *b"healed"), "{:?}", facts.last());
        assert!(answers.any(|answer| matches!(answer, Ok(Reply::Synced { .. }))));
        assert!(answers.any(|answer| matches!(answer, Ok(Reply::Created { .. } | Reply::Stat(_)))));
    }
    stage
}

fn calm_and_stormy(workload: WorkloadKind, check: impl Fn(&Stage, bool)) {
    for seed in 0..12 {
        check(&played(&plan(seed, workload, 3), 0), true);
        check(&played(&plan(seed, workload, 3), STORMY_PPM), false);
    }
}

impl Stage {
    fn recipes(&self) -> impl Iterator<Item = &RecipeFact> {
        self.notes.iter().filter_map(|(_, fact)| if let ClientFact::Recipe(fact) = fact { Some(fact) } else { None })
    }

    fn returned(&self) -> impl Iterator<Item = &Result<Reply, ErrorCode>> {
        self.notes.iter().filter_map(|(_, fact)| if let ClientFact::Returned { result, .. } = fact { Some(result) } else { None })
    }

    fn count(&self, wanted: impl Fn(&ClientFact) -> bool) -> usize {
        self.notes.iter().filter(|(_, fact)| wanted(fact)).count()
    }
}

#[test]
fn a_storm_on_the_stage_is_real() {
    let (mut unknown, mut expired, mut again, mut rearmed, mut finished) = (0, 0, 0, 0, 0);
    for seed in 0..6 {
        for (_, fact) in played(&plan(seed, WorkloadKind::Registers, 3), STORMY_PPM).notes {
            match fact {
                ClientFact::Unknown { .. } => unknown += 1,
                ClientFact::Expired { .. } => expired += 1,
                ClientFact::Attached { again: true, .. } => again += 1,
                ClientFact::Invoked { xid: Xid::SET_WATCHES, .. } => rearmed += 1,
                ClientFact::Finished => finished += 1,
                _ => {}
            }
        }
    }
    assert_eq!(finished, 18);
    assert!(unknown > 100 && expired > 10 && again > 50 && rearmed > 30, "{unknown} unknown, {expired} expired, {again} again, {rearmed} rearmed");
}

#[test]
fn no_counter_step_is_lost() {
    calm_and_stormy(WorkloadKind::Counters, |stage, is_calm| {
        let mut steps: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for fact in stage.recipes() {
            let RecipeFact::Counted { path, from, to } = fact else { panic!("a counter says {fact:?}") };
            assert_eq!(*to, from + 1);
            assert!(steps.entry(path).or_default().insert(*to), "{path} went to {to} twice");
        }
        assert!(steps.values().map(BTreeSet::len).sum::<usize>() > if is_calm { 90 } else { 50 });
        for (path, steps) in steps {
            let data = stage.tree.node(path).and_then(|node| node.data.clone()).expect("a counter has a value");
            let value = u64::from_be_bytes(data.as_ref().try_into().expect("of eight bytes"));
            assert!(*steps.last().expect("a counter that counted") <= value);
            assert!(!is_calm || steps.len() as u64 == value, "{path} is {value} after {} steps", steps.len());
        }
    });
}

#[test]
fn registers_reach_every_kind_of_answer() {
    let mut errors = BTreeSet::new();
    let mut names = BTreeSet::new();
    let (mut good_multis, mut failed_multis, mut events) = (0, 0, BTreeSet::new());
    calm_and_stormy(WorkloadKind::Registers, |_, _| {});
    for seed in 0..12 {
        let stage = played(&plan(seed, WorkloadKind::Registers, 3), 0);
        for result in stage.returned() {
            match result {
                Ok(Reply::Multi(results)) if results.iter().all(Result::is_ok) => good_multis += 1,
                Ok(Reply::Multi(results)) => {
                    failed_multis += 1;
                    errors.extend(results.iter().filter_map(|result| result.as_ref().err()));
                }
                Ok(_) => {}
                Err(code) => drop(errors.insert(*code)),
            }
        }
        for (_, fact) in &stage.notes {
            match fact {
                ClientFact::Invoked { op, .. } => drop(names.insert(op.name())),
                ClientFact::Watched { event, .. } => drop(events.insert(event.kind)),
                _ => {}
            }
        }
    }
    let codes = [
        ErrorCode::Ok,
        ErrorCode::RuntimeInconsistency,
        ErrorCode::MarshallingError,
        ErrorCode::Unimplemented,
        ErrorCode::BadArguments,
        ErrorCode::NoNode,
        ErrorCode::NoAuth,
        ErrorCode::BadVersion,
        ErrorCode::NoChildrenForEphemerals,
        ErrorCode::NodeExists,
        ErrorCode::NotEmpty,
        ErrorCode::InvalidAcl,
        ErrorCode::NoWatcher,
    ];
    assert_eq!(errors, BTreeSet::from(codes));
    assert_eq!(events.len(), 4);
    assert!(good_multis > 20 && failed_multis > 20, "{good_multis} good multis, {failed_multis} failed");
    let expected = [
        "addWatch",
        "auth",
        "check",
        "checkWatches",
        "closeSession",
        "create",
        "create2",
        "createContainer",
        "createTTL",
        "delete",
        "deleteContainer",
        "exists",
        "getACL",
        "getAllChildrenNumber",
        "getChildren",
        "getChildren2",
        "getData",
        "getEphemerals",
        "multi",
        "multiRead",
        "removeWatches",
        "setACL",
        "setData",
        "sync",
        "whoAmI",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}

#[test]
fn vaults_open_to_their_owners_alone() {
    calm_and_stormy(WorkloadKind::Vaults, |stage, _| {
        let refused = stage.returned().filter(|result| matches!(result, Err(ErrorCode::NoAuth))).count();
        let opened = stage.returned().filter(|result| matches!(result, Ok(Reply::Stat(_) | Reply::Data { .. }))).count();
        assert!(refused > 2 && opened > 5, "{refused} refused, {opened} opened");
        // An auth that nobody believes ends its session; the client goes on in another.
        let believed = stage.count(|fact| matches!(fact, ClientFact::Returned { xid: Xid::AUTH, result: Ok(_), .. }));
        assert!(believed >= 3, "{believed} believed");
    });
}

#[test]
fn containers_are_made_and_filled() {
    calm_and_stormy(WorkloadKind::Containers, |stage, _| {
        let made = |wanted: fn(&CreateMode) -> bool| {
            stage.count(|fact| matches!(fact, ClientFact::Invoked { op, .. } if matches!(&**op, Op::Create { mode, .. } if wanted(mode))))
        };
        assert!(made(|mode| *mode == CreateMode::Container) > 10 && made(|mode| matches!(mode, CreateMode::PersistentWithTtl(_))) > 5);
        assert!(stage.count(|fact| matches!(fact, ClientFact::Invoked { op, .. } if matches!(&**op, Op::Delete { .. }))) > 5);
    });
}

#[test]
fn sequential_nodes_do_not_pile_up() {
    let mut plan = plan(1, WorkloadKind::Registers, 2);
    for client in &mut plan.settings.clients {
        (client.rounds, client.think_ms) = (1_000, 40);
    }
    let stage = played(&plan, 0);
    let made = stage.count(|fact| matches!(fact, ClientFact::Returned { result: Ok(Reply::Created { path, .. }), .. } if sequence(path).is_some()));
    assert!(made > 150 && stage.tree.len() < 60, "{made} made, {} left", stage.tree.len());
}

#[test]
fn a_round_left_out_leaves_the_others_alone() {
    let counted = |skip: Vec<u32>| {
        let mut plan = plan(3, WorkloadKind::Counters, 1);
        plan.settings.clients[0].skip = skip;
        let stage = played(&plan, 0);
        stage.recipes().map(|fact| if let RecipeFact::Counted { path, .. } = fact { path.clone() } else { panic!("{fact:?}") }).collect::<Vec<_>>()
    };
    let all = counted(vec![]);
    assert_eq!(all.len(), 40);
    let mut expected = all.clone();
    expected.remove(17);
    expected.remove(4);
    assert_eq!(counted(vec![4, 17]), expected);
}

#[test]
fn equal_plans_give_equal_histories() {
    for workload in [WorkloadKind::Registers, WorkloadKind::Locks, WorkloadKind::FlinkHa] {
        let notes = || played(&plan(5, workload, 4), STORMY_PPM).notes;
        assert_eq!(notes(), notes());
    }
}
