//! Observers, groups and reconfigurations of an ensemble, under any order of deliveries and any crash.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::ids::MachineId;
use proptest::prelude::*;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{ErrorCode, Op, Reply};

use crate::bench::{Bench, deliveries_agree, settings};

fn set(machines: &[u16]) -> BTreeSet<MachineId> {
    machines.iter().copied().map(MachineId).collect()
}

fn of(voters: &[u16], observers: &[u16]) -> Ensemble {
    Ensemble { voters: set(voters), observers: set(observers), ..Ensemble::default() }
}

fn server(number: u16, role: &str) -> String {
    format!("server.{number}=10.0.0.{number}:2888:3888:{role};2181")
}

/// A reconfig by which these leave and these join, as voters or observers.
fn reconfig(leaving: &[u16], voters: &[u16], observers: &[u16]) -> Op {
    let leaving: Vec<String> = leaving.iter().map(ToString::to_string).collect();
    let joining: Vec<String> = voters.iter().map(|n| server(*n, "participant")).chain(observers.iter().map(|n| server(*n, "observer"))).collect();
    let given = |list: Vec<String>| (!list.is_empty()).then(|| Arc::from(list.join(",")));
    Op::Reconfig { joining: given(joining), leaving: given(leaving), members: None, from: -1 }
}

/// Each machine is chosen in its turn.
fn in_turn() -> impl FnMut() -> u32 {
    let mut choice = 0;
    move || {
        choice += 1;
        choice
    }
}

/// The configuration that a replica last said to be in force.
fn configured(bench: &Bench, machine: u16) -> Option<(Zxid, BTreeSet<MachineId>, BTreeSet<MachineId>)> {
    bench.facts.iter().rev().find_map(|(who, fact)| match fact {
        ReplicaFact::Configured { ensemble } if who.0 == machine => Some((ensemble.version, ensemble.voters.clone(), ensemble.observers.clone())),
        _ => None,
    })
}

fn have_all(bench: &Bench, voters: &[u16], observers: &[u16]) -> bool {
    (0..bench.machines.len() as u16).all(|machine| configured(bench, machine).is_some_and(|(_, v, o)| (v, o) == (set(voters), set(observers))))
}

/// Whoever acknowledged or elected anything voted, and nobody who only observes acknowledged.
fn observers_are_silent(bench: &Bench) {
    for (machine, fact) in &bench.facts {
        if let ReplicaFact::Acked { .. } = fact {
            assert!(
                bench
                    .facts
                    .iter()
                    .any(|(who, fact)| who == machine && matches!(fact, ReplicaFact::Configured { ensemble } if !ensemble.observers.contains(who))),
                "{machine}"
            );
        }
    }
}

#[test]
fn observers_serve_and_are_not_counted() {
    let (mut bench, mut choices) = (Bench::of(of(&[0, 1, 2], &[3, 4]), settings()), in_turn());
    bench.until(40_000, &mut choices, Bench::all_serve);
    for machine in 0..5 {
        assert!(bench.create(MachineId(machine), &mut choices, "/n-"), "machine {machine}");
    }
    observers_are_silent(&bench);
    for (machine, fact) in &bench.facts {
        let (ReplicaFact::Established { quorum, .. } | ReplicaFact::Committed { quorum, .. } | ReplicaFact::Elected { by: quorum, .. }) = fact else {
            continue;
        };
        assert!(quorum.iter().all(|member| member.0 < 3), "{machine}: {fact:?}");
    }
    // Two observers and one voter are a majority of the servers, and no quorum.
    bench.crash(MachineId(0), None);
    bench.crash(MachineId(1), None);
    bench.until(40_000, &mut choices, |bench| {
        bench.leader().is_none() && !bench.machines[3].process.as_ref().is_some_and(zookeeper_replica::Server::is_serving)
    });
    let before = bench.now_ns;
    bench.until(200_000, &mut choices, |bench| bench.leader().is_some() || bench.now_ns > before + 60_000_000_000);
    assert_eq!(bench.leader(), None);
    bench.boot(MachineId(0));
    bench.boot(MachineId(1));
    bench.until(40_000, &mut choices, Bench::all_serve);
    assert_eq!(deliveries_agree(&bench.facts).len(), 10);
}

#[test]
fn groups_decide_without_a_majority_of_the_servers() {
    let mut ensemble = of(&[0, 1, 2, 3, 4, 5, 6, 7, 8], &[]);
    ensemble.groups = vec![set(&[0, 1, 2]), set(&[3, 4, 5]), set(&[6, 7, 8])];
    let (mut bench, mut choices) = (Bench::of(ensemble, settings()), in_turn());
    bench.until(80_000, &mut choices, Bench::all_serve);
    for machine in [2, 5, 6, 7, 8] {
        bench.crash(MachineId(machine), None);
    }
    bench.until(80_000, &mut choices, |bench| bench.leader().is_some_and(|leader| bench.machines[leader.index()].process.is_some()));
    bench.until(80_000, &mut choices, |bench| {
        [0, 1, 3, 4].iter().all(|m: &usize| bench.machines[*m].process.as_ref().is_some_and(zookeeper_replica::Server::is_serving))
    });
    assert!(bench.create(MachineId(0), &mut choices, "/n-"));
    deliveries_agree(&bench.facts);
}

#[test]
fn roles_change_and_leadership_passes_on() {
    let (mut bench, mut choices) = (Bench::of(of(&[0, 1, 2], &[3, 4]), settings()), in_turn());
    bench.until(40_000, &mut choices, Bench::all_serve);
    assert_eq!(bench.leader(), Some(MachineId(2)));
    let mut change = |bench: &mut Bench, op: Op, voters: &[u16], observers: &[u16]| {
        bench.until(80_000, &mut choices, Bench::all_serve);
        let leader = bench.leader().expect("all serve");
        let reply = bench.ask(MachineId(0), &mut choices, op);
        if let Some(reply) = reply {
            assert!(matches!(reply, Ok(Reply::Data { .. })), "{reply:?}");
        }
        bench.until(80_000, &mut choices, |bench| have_all(bench, voters, observers) && bench.all_serve());
        assert!(bench.create(MachineId(1), &mut choices, "/n-"), "after {voters:?}, {observers:?}");
        (leader, bench.leader().expect("all serve"))
    };
    let stays = change(&mut bench, reconfig(&[], &[3], &[]), &[0, 1, 2, 3], &[4]);
    assert_eq!(stays, (MachineId(2), MachineId(2)));
    change(&mut bench, reconfig(&[], &[4], &[0]), &[1, 2, 3, 4], &[0]);
    let passes = change(&mut bench, reconfig(&[2], &[], &[]), &[1, 3, 4], &[0]);
    assert!(passes.0 == MachineId(2) && passes.1 != MachineId(2), "{passes:?}");
    change(&mut bench, reconfig(&[], &[0, 2], &[1]), &[0, 2, 3, 4], &[1]);
    let elections = bench.facts.iter().filter(|(_, fact)| matches!(fact, ReplicaFact::Looking { .. })).count();
    assert!(elections < 16, "leadership passes on without an election, mostly: {elections}");
    deliveries_agree(&bench.facts);
    observers_are_silent(&bench);
}

#[test]
fn a_reconfig_is_refused_in_zookeepers_order() {
    let (mut bench, mut choices) = (Bench::of(of(&[0, 1, 2], &[3, 4]), settings()), in_turn());
    bench.until(40_000, &mut choices, Bench::all_serve);
    let mut check = |op: Op, error: ErrorCode| assert_eq!(bench.ask(MachineId(1), &mut choices, op.clone()), Some(Err(error)), "{op:?}");
    check(Op::Reconfig { joining: None, leaving: None, members: None, from: 77 }, ErrorCode::BadVersion);
    check(reconfig(&[], &[9], &[]), ErrorCode::BadArguments);
    check(reconfig(&[1, 2], &[], &[]), ErrorCode::BadArguments);
    check(reconfig(&[0, 1], &[3, 4], &[]), ErrorCode::NewConfigNoQuorum); // Observers are not in step: 2 alone is.
    let mut alone = Bench::new(1, settings());
    alone.until(10_000, &mut choices, Bench::all_serve);
    assert_eq!(alone.ask(MachineId(0), &mut choices, reconfig(&[], &[], &[])), Some(Err(ErrorCode::Unimplemented)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the reconfigs, the order of deliveries and the crashes: one course of transactions, one of
    /// configurations, and the ensemble comes back with all that was acknowledged.
    #[test]
    fn a_changing_ensemble_keeps_what_it_acknowledged(
        seed in any::<u64>(),
        faults in prop::collection::vec((0u16..5, any::<Option<u32>>(), 0u32..400, prop::collection::vec(0u8..3, 5)), 1..8),
    ) {
        let mut dice = contract::dice::Dice::named(seed, "quorums", 0, 0);
        let mut choices = || dice.word();
        let mut bench = Bench::of(of(&[0, 1, 2], &[3, 4]), settings());
        let mut answered = 0;
        for (victim, keep, steps, roles) in faults {
            bench.until(100_000, &mut choices, |bench| bench.leader().is_some());
            let leader = bench.leader().expect("just awaited");
            for _ in 0..3 {
                answered += u32::from(bench.create(leader, &mut choices, "/n-"));
            }
            let which = |role: u8| (0u16..5).filter(|machine| roles[usize::from(*machine)] == role).collect::<Vec<_>>();
            bench.ask(leader, &mut choices, reconfig(&which(0), &which(1), &which(2)));
            (0..steps).for_each(|_| bench.step(choices()));
            bench.crash(MachineId(victim), keep);
            (0..steps / 2).for_each(|_| bench.step(choices()));
            bench.boot(MachineId(victim));
        }
        bench.until(200_000, &mut choices, Bench::all_serve);
        deliveries_agree(&bench.facts);
        observers_are_silent(&bench);
        let mut configurations: Vec<Arc<Ensemble>> = vec![];
        for (machine, fact) in &bench.facts {
            if let ReplicaFact::Configured { ensemble } = fact {
                let same = configurations.iter().find(|known| known.version == ensemble.version);
                prop_assert!(same.is_none_or(|known| known == ensemble), "{machine}: {ensemble:?} and {same:?}");
                configurations.push(ensemble.clone());
            }
        }
        let servers: Vec<&zookeeper_replica::Server> = bench.machines.iter().filter_map(|machine| machine.process.as_ref()).collect();
        let newest = servers.iter().map(|server| server.last_applied()).max();
        for server in servers.iter().filter(|server| Some(server.last_applied()) == newest) {
            let look = contract::process::Process::look(*server);
            let nodes = look.into_iter().find(|(name, _)| *name == "znodes").map(|(_, count)| count.parse::<u32>().expect("a count"));
            prop_assert!(nodes >= Some(4 + answered), "{answered} answered, {nodes:?} there");
        }
    }
}
