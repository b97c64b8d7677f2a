//! For every rule on Zab a tale that breaks it. A bent tale may break other rules too; the one under test is always among them.

use contract::ids::MachineId;
use contract::recording::{Note, Noted};
use zookeeper_words::fact::{Fact, Illegal, Mark, ReplicaFact, StateDigest, SyncMode};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::service::CreateMode;

use super::bend::{Notes, append, check, check_tale, edit_replica, hasten, nth, remove, repeat, replica, short};
use crate::tale::asks::{create, set};
use crate::tale::{A, B, C};

#[test]
fn forbidden_steps() {
    for (id, kind) in
        [("zab.bad-state", Illegal::State), ("zab.bad-ack", Illegal::Ack), ("zab.bad-proposal", Illegal::Proposal), ("zab.bad-commit", Illegal::Commit)]
    {
        check(id, |notes| append(notes, B, ReplicaFact::Illegal { kind, what: "a packet".into() }));
    }
}

#[test]
fn quorums_and_durability() {
    let commits = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Committed { .. });
    let quorum_of = |members: &'static [MachineId]| {
        move |fact: &mut ReplicaFact| {
            if let ReplicaFact::Committed { quorum, .. } | ReplicaFact::Established { quorum, .. } = fact {
                *quorum = members.to_vec();
            }
        }
    };
    check("zab.quorum", |notes| edit_replica(notes, 3, commits, quorum_of(&[A])));
    check("zab.quorum", |notes| edit_replica(notes, 3, commits, quorum_of(&[A, A])));
    check("zab.quorum", |notes| edit_replica(notes, 3, commits, quorum_of(&[A, MachineId(3)]))); // A client has no vote.
    check("zab.quorum", |notes| edit_replica(notes, 0, |_, fact| matches!(fact, ReplicaFact::Established { .. }), quorum_of(&[A])));
    check("zab.quorum", |notes| remove(notes, 3, replica(|machine, fact| machine == B && matches!(fact, ReplicaFact::Acked { .. }))));
    check("zab.ack-durable", |notes| hasten(notes, 3, replica(|machine, fact| machine == B && matches!(fact, ReplicaFact::Acked { .. }))));
    check("zab.ack-durable", |notes| {
        edit_replica(
            notes,
            3,
            |_, fact| matches!(fact, ReplicaFact::Looking { .. }),
            |fact| {
                if let ReplicaFact::Looking { last, .. } = fact {
                    *last = Zxid::new(Epoch(1), 99);
                }
            },
        );
    });
    let recovers = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Recovered { .. });
    check("zab.logged-stays", |notes| {
        edit_replica(notes, 4, recovers, |fact| {
            if let ReplicaFact::Recovered { last, .. } = fact {
                *last = Zxid::new(Epoch(1), 3);
            }
        });
    });
    check("zab.log-order", |notes| remove(notes, 3, replica(|machine, fact| machine == C && matches!(fact, ReplicaFact::Logged { .. }))));
    check("zab.committed-log-durability", |notes| {
        edit_replica(
            notes,
            0,
            |_, fact| matches!(fact, ReplicaFact::Truncated { .. }),
            |fact| {
                if let ReplicaFact::Truncated { to, .. } = fact {
                    *to = Zxid::new(Epoch(1), 3);
                }
            },
        );
    });
    check("zab.committed-durable", |notes| {
        append(notes, A, ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
        append(notes, C, ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
    });
}

#[test]
fn epochs_and_leaders() {
    check("zab.epochs-rise", |notes| {
        edit_replica(notes, 3, |_, fact| matches!(fact, ReplicaFact::EpochAccepted { .. }), |fact| *fact = ReplicaFact::EpochAccepted { epoch: Epoch(0) });
    });
    check("zab.epochs-rise", |notes| {
        edit_replica(
            notes,
            4,
            |_, fact| matches!(fact, ReplicaFact::Recovered { .. }),
            |fact| {
                if let ReplicaFact::Recovered { current, .. } = fact {
                    *current = Epoch(1);
                }
            },
        );
    });
    let again = |notes: &mut Notes| {
        let at = nth(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::Established { .. })));
        let note = |fact: ReplicaFact| Note { at_ns: notes[at].at_ns, machine: C, what: Noted::Said(fact.into()) };
        let rival = [
            note(ReplicaFact::Synchronizing { epoch: Epoch(1), last: Zxid::ZERO }),
            note(ReplicaFact::Established { epoch: Epoch(1), last: Zxid::ZERO, quorum: vec![B, C] }),
        ];
        notes.splice(at + 1..at + 1, rival);
    };
    check("zab.leadership-1", again);
    check("zab.leadership-2", again);
    check("zab.primary-integrity", |notes| {
        let established = nth(notes, 1, replica(|_, fact| matches!(fact, ReplicaFact::Established { .. })));
        let note = notes.remove(established);
        let proposed = nth(notes, 0, replica(|machine, fact| machine == B && matches!(fact, ReplicaFact::Proposed { .. })));
        notes.insert(proposed + 1, note);
    });
    check("zab.commit-consistency", |notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::Established { .. }))));
    check("zab.commit-consistency", |notes| remove(notes, 1, replica(|machine, fact| machine == C && matches!(fact, ReplicaFact::Adopted { .. }))));
}

#[test]
fn histories_that_part() {
    // A learner that ignores TRUNC goes on with its stray transaction.
    let no_cut = |notes: &mut Notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::Truncated { .. })));
    check("zab.process-consistency", no_cut);
    check("zab.history-consistency", no_cut);
    check("zab.process-consistency", |notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::SyncSent { mode: SyncMode::Snap, .. }))));

    // Somebody who knows nothing of two epochs becomes the leader of a third.
    let (mut tale, mut client) = short(&[B]);
    tale.ask(&mut client, create("/a", CreateMode::Persistent)).expect("created");
    tale.lead(A, Epoch(2), &[B]);
    tale.crash(A);
    tale.lead(C, Epoch(3), &[B]);
    tale.ask(&mut client, set("/a", 1, 0)).expect("set");
    for id in ["zab.leader-log-completeness", "zab.initial-history-integrity", "zab.prefix-consistency", "zab.agreement"] {
        check_tale(id, &tale);
    }
    // What the first primary had delivered is not in the history of the one that broadcasts now.
    check_tale("zab.primary-integrity", &tale);
}

#[test]
fn deliveries() {
    let delivers = |of: MachineId| replica(move |machine, fact| machine == of && matches!(fact, ReplicaFact::Delivered { .. }));
    check("zab.committed-log-monotonicity", |notes| repeat(notes, 5, delivers(C)));
    check("zab.total-order", |notes| remove(notes, 5, delivers(C)));
    check("zab.local-primary-order", |notes| remove(notes, 5, delivers(C)));
    check("zab.commit-before-delivery", |notes| {
        let commit = nth(notes, 5, replica(|_, fact| matches!(fact, ReplicaFact::Committed { .. })));
        let delivery = notes.remove(commit + 3);
        assert!(matches!(delivery.what, Noted::Said(Fact::Replica(ReplicaFact::Delivered { .. }))));
        notes.insert(commit, delivery);
    });
    let otherwise = |fact: &mut ReplicaFact| {
        if let ReplicaFact::Delivered { mark, .. } = fact {
            *mark = Mark(1);
        }
    };
    check("zab.integrity", |notes| edit_replica(notes, 5, |machine, fact| machine == C && matches!(fact, ReplicaFact::Delivered { .. }), otherwise));
    check("zab.agreement", |notes| edit_replica(notes, 5, |machine, fact| machine == C && matches!(fact, ReplicaFact::Delivered { .. }), otherwise));
    check("zab.global-primary-order", |notes| {
        let old = notes[nth(notes, 5, delivers(C))].clone();
        notes.push(old);
    });
    check("service.replica-state", |notes| {
        edit_replica(
            notes,
            5,
            |_, fact| matches!(fact, ReplicaFact::Delivered { .. }),
            |fact| {
                if let ReplicaFact::Delivered { digest, .. } = fact {
                    *digest = StateDigest(1);
                }
            },
        );
    });
    check("service.replica-state", |notes| {
        edit_replica(
            notes,
            0,
            |_, fact| matches!(fact, ReplicaFact::Installed { .. }),
            |fact| {
                if let ReplicaFact::Installed { digest, .. } = fact {
                    *digest = StateDigest(1);
                }
            },
        );
    });
}
