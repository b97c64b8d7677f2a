//! Every recipe on a stage: it gets through, in calm and under mishaps, and what it says of itself is true.

mod stage;

use std::collections::{BTreeMap, BTreeSet};

use vocab::fact::RecipeFact;
use vocab::plan::*;
use vocab::service::{EventKind, Reply};

use super::*;
use desk::sequence;
use stage::Stage;

const HEAL_MS: u64 = 60_000;
/// After the heal: the longest patience, and the last requests.
const END_MS: u64 = HEAL_MS + 40_000;
/// Each of the mishaps, for each request: a connection lives for a few dozen requests.
const STORMY_PPM: u32 = 30_000;

fn plan(seed: u64, workload: WorkloadKind, clients: usize) -> Plan {
    let client = |n: usize| ClientPlan { workload, session_timeout_ms: 6_000, start_ms: 10 * n as u64, rounds: 40, think_ms: 400, skip: vec![] };
    Plan {
        format: PLAN_FORMAT,
        family: "stage".into(),
        seed: Seed(seed),
        cluster: Cluster { replicas: 3, supervisor_ms: 100 },
        coordination: Coordination {
            tick_ms: 500,
            init_limit: 10,
            sync_limit: 5,
            snap_count: 100,
            snap_retain: 3,
            snap_chunk: 10,
            commit_log_count: 500,
            plant: None,
        },
        weather: Weather {
            link: LinkWeather { latency_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
            disk: DiskWeather { sync_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 0 },
            clocks: vec![],
        },
        heal: Heal { at_ms: HEAL_MS, bound_ms: 60_000, absent: vec![] },
        budget: Budget::Majority,
        clients: (0..clients).map(client).collect(),
        faults: vec![],
    }
}

fn played(plan: &Plan, mishap_ppm: u32) -> Stage {
    let mut stage = Stage::new(plan, mishap_ppm);
    stage.run_until_ms(END_MS);
    for client in &stage.clients {
        assert!(client.is_finished(), "seed {}: {:?}", plan.seed.0, client.look());
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

/// Plays the notes of locks or elections: who holds what; says how often somebody did.
fn holds(stage: &Stage, is_calm: bool) -> usize {
    let mut holders: BTreeMap<(usize, &str), &str> = BTreeMap::new();
    let mut listed: BTreeMap<usize, &[std::sync::Arc<str>]> = BTreeMap::new();
    let mut acquired = 0;
    for (client, fact) in &stage.notes {
        match fact {
            ClientFact::Returned { result: Ok(Reply::Children { names, .. }), .. } => {
                let rounds: BTreeSet<&str> = names.iter().map(|name| &name[..name.len() - 10]).collect();
                assert_eq!(rounds.len(), names.len(), "a round has two nodes: {names:?}");
                listed.insert(*client, names);
            }
            ClientFact::Recipe(RecipeFact::Acquired { path, node }) => {
                let lowest = listed[client].iter().min_by_key(|name| sequence(name)).expect("its own node at least");
                assert_eq!(*node, format!("{path}/{lowest}"), "who holds was the lowest");
                assert!(!is_calm || holders.keys().all(|(_, held)| held != path), "{path} is held twice");
                assert_eq!(holders.insert((*client, path), node), None);
                acquired += 1;
            }
            ClientFact::Recipe(RecipeFact::Released { path, node }) => {
                assert_eq!(holders.remove(&(*client, path.as_str())), Some(node.as_str()));
            }
            ClientFact::Attached { again: false, .. } => {
                assert!(holders.keys().all(|(holder, _)| holder != client), "what a session held is held in the next one")
            }
            _ => {}
        }
    }
    assert!(holders.is_empty(), "held to the end: {holders:?}");
    acquired
}

/// No node is left in a directory, and no deletion ever woke two clients.
fn left_clean_without_a_herd(stage: &Stage, directories: &[&str]) {
    for directory in directories {
        let Some(node) = stage.tree.node(directory) else { continue };
        assert!(node.children.is_empty(), "{directory} still has {:?}", node.children);
    }
    let mut woken = BTreeSet::new();
    for (_, fact) in &stage.notes {
        let ClientFact::Watched { event, .. } = fact else { continue };
        assert_eq!(event.kind, EventKind::NodeDeleted);
        assert!(woken.insert(&event.path), "{} woke two clients", event.path);
    }
    assert!(!woken.is_empty(), "nobody ever waited");
}

#[test]
fn a_lock_has_one_holder_and_no_herd() {
    calm_and_stormy(WorkloadKind::Locks, |stage, is_calm| {
        assert!(holds(stage, is_calm) > if is_calm { 80 } else { 30 });
        left_clean_without_a_herd(stage, &["/locks/0", "/locks/1"]);
    });
}

#[test]
fn an_election_has_one_leader_and_no_herd() {
    calm_and_stormy(WorkloadKind::Elections, |stage, is_calm| {
        assert!(holds(stage, is_calm) > if is_calm { 80 } else { 30 });
        left_clean_without_a_herd(stage, &["/election/candidates"]);
    });
}

#[test]
fn a_leader_steps_back_when_detached_and_a_lock_holder_does_not() {
    let check = |workload, steps_back: bool| {
        let mut detached_holding = 0;
        for seed in 0..12 {
            let stage = played(&plan(seed, workload, 3), STORMY_PPM);
            let mut holders = BTreeSet::new();
            for (i, (client, fact)) in stage.notes.iter().enumerate() {
                match fact {
                    ClientFact::Recipe(RecipeFact::Acquired { .. }) => drop(holders.insert(*client)),
                    ClientFact::Recipe(RecipeFact::Released { .. }) => drop(holders.remove(client)),
                    ClientFact::Detached { .. } if holders.contains(client) => {
                        detached_holding += 1;
                        let next = stage.notes[i + 1..].iter().filter(|(other, _)| other == client);
                        let mut next = next.filter(|(_, fact)| !matches!(fact, ClientFact::Unknown { .. }));
                        let released = matches!(next.next(), Some((_, ClientFact::Recipe(RecipeFact::Released { .. }))));
                        assert!(released || !steps_back, "a leader without a connection leads on");
                    }
                    _ => {}
                }
            }
        }
        assert!(detached_holding > 0);
    };
    check(WorkloadKind::Elections, true);
    check(WorkloadKind::Locks, false);
}

#[test]
fn a_queue_gives_every_element_once() {
    calm_and_stormy(WorkloadKind::Queues, |stage, is_calm| {
        let mut queued = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for fact in stage.recipes() {
            match fact {
                RecipeFact::Queued { node } => assert!(queued.insert(node), "{node} was put in twice"),
                RecipeFact::Taken { node } => assert!(taken.insert(node), "{node} was taken twice"),
                fact => panic!("a queue says {fact:?}"),
            }
        }
        assert!(queued.len() > 30 && taken.len() > if is_calm { 30 } else { 15 }, "{} in, {} out", queued.len(), taken.len());
        if is_calm {
            let left = stage.tree.node("/queue").expect("the queue is there").children.len();
            assert_eq!(queued.len() - taken.len(), left);
            assert!(taken.is_subset(&queued));
        }
    });
}

#[test]
fn a_barrier_is_passed_by_all_or_given_up() {
    let passes = std::cell::Cell::new((0, 0));
    calm_and_stormy(WorkloadKind::Barriers, |stage, is_calm| {
        let mut passed: BTreeMap<&str, u32> = BTreeMap::new();
        for fact in stage.recipes() {
            let RecipeFact::Passed { path, present } = fact else { panic!("a barrier says {fact:?}") };
            assert!(*present >= 3, "{path} was passed when {present} were there");
            *passed.entry(path).or_default() += 1;
        }
        let (calm, stormy) = passes.get();
        if is_calm {
            assert!(passed.values().all(|clients| *clients == 3), "{passed:?}");
            assert!(passed.len() > 30, "{} rounds in calm", passed.len());
            passes.set((calm + passed.len(), stormy));
        } else {
            passes.set((calm, stormy + passed.len()));
        }
    });
    assert!(passes.get().1 > 12, "under mishaps no barrier is ever passed: {:?}", passes.get());
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
        let registers = stage.tree.len();
        assert!(registers < 120, "sequential nodes pile up: {registers}");
    }
    let codes = [
        ErrorCode::Ok,
        ErrorCode::RuntimeInconsistency,
        ErrorCode::BadArguments,
        ErrorCode::NoNode,
        ErrorCode::BadVersion,
        ErrorCode::NoChildrenForEphemerals,
        ErrorCode::NodeExists,
        ErrorCode::NotEmpty,
    ];
    assert_eq!(errors, BTreeSet::from(codes));
    assert_eq!(events.len(), 4);
    assert!(good_multis > 20 && failed_multis > 20, "{good_multis} good multis, {failed_multis} failed");
    let expected = [
        "closeSession",
        "create",
        "create2",
        "createContainer",
        "createTTL",
        "delete",
        "exists",
        "getChildren",
        "getChildren2",
        "getData",
        "multi",
        "setData",
        "sync",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}

#[test]
fn flink_is_served_as_it_was_recorded() {
    for seed in 0..6 {
        let mut plan = plan(seed, WorkloadKind::FlinkHa, 4);
        played(&plan, STORMY_PPM);
        // A JobManager alone: what it created is there when it sets or deletes it, so nearly all succeeds, as in the recording.
        plan.clients.truncate(1);
        plan.clients[0].think_ms = 100;
        plan.clients[0].rounds = 60;
        let stage = played(&plan, 0);
        let multis = stage.count(|fact| matches!(fact, ClientFact::Returned { result: Ok(Reply::Multi(results)), .. } if results.iter().all(Result::is_ok)));
        let stale = stage.count(|fact| matches!(fact, ClientFact::Returned { result: Err(ErrorCode::BadVersion), .. }));
        assert!(multis > 15, "{multis} checkpoints");
        assert_eq!(stale, 0, "a counter was set with a version that it never had");
        let latches =
            stage.count(|fact| matches!(fact, ClientFact::Returned { result: Ok(Reply::Created { path, .. }), .. } if path.contains("-latch-0000000000")));
        assert!(latches >= 1);
    }
}

#[test]
fn a_round_left_out_leaves_the_others_alone() {
    let counted = |skip: Vec<u32>| {
        let mut plan = plan(3, WorkloadKind::Counters, 1);
        plan.clients[0].skip = skip;
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
