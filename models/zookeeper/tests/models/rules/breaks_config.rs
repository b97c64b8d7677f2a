//! For every rule on configurations a tale that keeps it, and one that breaks it: three voters, an observer, and a reconfig by which a voter leaves and the observer comes to vote.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::ids::MachineId;
use contract::plan::Budget;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::service::{CreateMode, Op};
use zookeeper_words::settings::WorkloadKind;

use super::bend::{append, broken, check_tale, edit_replica};
use crate::tale::Tale;
use crate::tale::asks::create;
use crate::tale::{A, B, C};

const D: MachineId = MachineId(3);

/// C leaves, D votes; then another write under the new configuration.
fn changed() -> Tale {
    let mut tale = Tale::observed(3, 1, &[WorkloadKind::Reconfigs]);
    tale.recording.plan.budget = Budget::Everyone;
    for replica in [A, B, C, D] {
        tale.boot(replica);
    }
    tale.lead(A, Epoch(1), &[B, C]);
    let mut one = tale.open(0, 0x100, A);
    let op = Op::Reconfig { joining: Some("server.3=10.0.0.3:2888:3888;2181".into()), leaving: Some("2".into()), members: None, from: -1 };
    tale.ask(&mut one, op).expect("A and B are a quorum of either");
    // D serves before the end, brought up by the leader's state.
    tale.leave(C);
    tale.join_by_snapshot(D);
    tale.ask(&mut one, create("/a", CreateMode::Persistent)).expect("created");
    tale
}

fn set(machines: &[MachineId]) -> BTreeSet<MachineId> {
    machines.iter().copied().collect()
}

fn safe(tale: &Tale) -> Vec<String> {
    broken(&tale.recording).into_iter().filter(|id| !id.starts_with("live.")).collect()
}

#[test]
fn a_changing_ensemble_breaks_nothing() {
    assert_eq!(safe(&changed()), Vec::<String>::new());
}

/// The tale with another quorum for its n-th commit or beginning.
fn with_quorum(n: usize, members: &[MachineId]) -> Tale {
    let mut tale = changed();
    let decides = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Committed { .. } | ReplicaFact::Established { .. });
    edit_replica(&mut tale.recording.notes, n, decides, |fact| {
        if let ReplicaFact::Committed { quorum, .. } | ReplicaFact::Established { quorum, .. } = fact {
            *quorum = members.to_vec();
        }
    });
    tale
}

#[test]
fn a_reconfig_needs_both_quorums() {
    // The beginning, the session, the reconfig, the write.
    check_tale("config.joint-quorum", &with_quorum(2, &[A, D])); // Of the new configuration alone.
    check_tale("config.joint-quorum", &with_quorum(2, &[B, C])); // Of the old one alone.
    check_tale("zab.quorum", &with_quorum(2, &[B, C]));
    assert_eq!(safe(&with_quorum(2, &[A, B])), Vec::<String>::new());
    check_tale("zab.quorum", &with_quorum(3, &[A, C])); // C has left.
}

#[test]
fn who_does_not_vote_is_not_counted() {
    check_tale("config.observer-silent", &with_quorum(0, &[A, B, D]));
    check_tale("config.observer-silent", &with_quorum(3, &[A, B, C]));
    let mut tale = changed();
    let elects = |machine: MachineId, fact: &ReplicaFact| machine == A && matches!(fact, ReplicaFact::Elected { .. });
    edit_replica(&mut tale.recording.notes, 0, elects, |fact| {
        if let ReplicaFact::Elected { by, .. } = fact {
            *by = vec![A, D];
        }
    });
    check_tale("config.observer-silent", &tale);
    let mut tale = Tale::observed(3, 1, &[WorkloadKind::Registers]);
    [A, B, C, D].into_iter().for_each(|replica| tale.boot(replica));
    append(&mut tale.recording.notes, D, ReplicaFact::Acked { zxid: Zxid::new(Epoch(1), 1) });
    check_tale("config.observer-silent", &tale);
}

#[test]
fn configurations_are_one_lineage() {
    let check = |ensemble: Ensemble| {
        let mut tale = changed();
        append(&mut tale.recording.notes, A, ReplicaFact::Configured { ensemble: Arc::new(ensemble) });
        check_tale("config.one-lineage", &tale);
    };
    let second = Ensemble { version: Zxid::new(Epoch(1), 2), voters: set(&[A, B, D]), ..Ensemble::default() };
    check(Ensemble { version: Zxid::ZERO, voters: set(&[A, B, C]), observers: set(&[D]), ..Ensemble::default() }); // It was given up.
    check(Ensemble { version: Zxid::new(Epoch(1), 9), ..second.clone() }); // No transaction made it.
    check(Ensemble { voters: set(&[A, B, C, D]), ..second }); // The transaction made another.
}
