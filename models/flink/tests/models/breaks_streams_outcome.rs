//! For every rule on the engine's sinks, files, failover, leaders and zombies, the lawful tale of streams bent in one
//! place.

use contract::ids::MachineId;
use contract::recording::{Ending, Noted};
use flink_words::fact::{Fact, MasterFact, StreamFact, WorkerFact};
use flink_words::master::JobStatus;
use flink_words::worker::TaskEnd;
use outside_words::fact::Author;
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, TxnId};
use zookeeper_words::service::{CreateMode, Op};

use super::bend::{Notes, check, check_tale, edit, hasten, ids, insert, insert_note, master, outside, place, remove, repeat, worker};
use super::streams::{self, Engine};

fn committed(notes: &Notes, n: usize) -> (MachineId, TxnId, AttemptId) {
    let at = place(notes, n, outside!(OutsideFact::TxnCommitted { .. }));
    let Noted::Said(Fact::Stream(StreamFact::Outside(OutsideFact::TxnCommitted { txn, by, .. }))) = &notes[at].what else { unreachable!() };
    (notes[at].machine, txn.clone(), *by)
}

#[test]
fn commits() {
    check("txn.precommit-before-ack", |notes| {
        let (at, to) = (place(notes, 0, outside!(OutsideFact::Wrote { .. })), place(notes, 5, master!(MasterFact::AckReceived { .. })));
        let wrote = notes[at].clone();
        insert_note(notes, to, wrote.machine, wrote.what);
    });
    check("txn.commit-only-completed", |notes| {
        let (from, to) = (place(notes, 0, worker!(WorkerFact::Committing { .. })), place(notes, 0, master!(MasterFact::Finalized { .. })));
        hasten(notes, from, to);
    });
    check("txn.commit-only-completed", |notes| remove(notes, 0, worker!(WorkerFact::Committing { .. })));
    check("txn.commit-all", |notes| remove(notes, 0, outside!(OutsideFact::TxnCommitted { .. })));
    check("txn.idempotent", |notes| repeat(notes, 0, outside!(OutsideFact::TxnCommitted { .. })));
    for (rule, timed_out) in [("txn.abort-safe", false), ("txn.no-abort-after-cp", true)] {
        check(rule, |notes| {
            let after = place(notes, 0, master!(MasterFact::Completed { .. }));
            let (ledger, txn, by) = committed(notes, 0);
            insert(notes, after, ledger, OutsideFact::TxnAborted { txn, epoch: 0, timed_out, by: Some(by) });
        });
    }
    check("txn.visible", |notes| {
        // The second that one committer asks for.
        edit(notes, 2, worker!(WorkerFact::Committing { .. }), |fact| {
            if let StreamFact::Worker(WorkerFact::Committing { checkpoint, .. }) = fact {
                *checkpoint = CheckpointId(0);
            }
        });
    });
    check("txn.final", |notes| repeat(notes, 0, worker!(WorkerFact::EndOfData { .. })));
    check("txn.final", |notes| {
        let last =
            notes.iter().filter(|note| matches!(note.what, Noted::Said(Fact::Stream(StreamFact::Outside(OutsideFact::TxnCommitted { .. }))))).count() - 1;
        remove(notes, last, outside!(OutsideFact::TxnCommitted { .. }));
    });
    check("txn.fence", |notes| {
        edit(notes, 0, outside!(OutsideFact::Wrote { .. }), |fact| {
            if let StreamFact::Outside(OutsideFact::Wrote { epoch, .. }) = fact {
                *epoch = 7;
            }
        });
    });
    // A sink that writes on while the one before it has a transaction open.
    check("txn.fence", |notes| remove(notes, 0, outside!(OutsideFact::TxnAborted { .. })));
}

#[test]
fn from_end_to_end() {
    check("e2e.eo", |notes| {
        edit(notes, 0, outside!(OutsideFact::TxnCommitted { .. }), |fact| {
            if let StreamFact::Outside(OutsideFact::TxnCommitted { rows, .. }) = fact {
                rows.pop();
            }
        });
    });
    let mut tale = streams::tale();
    tale.recording.ending = Ending::Deadline { waiting: vec![] };
    edit(&mut tale.recording.notes, 0, outside!(OutsideFact::TxnCommitted { .. }), |fact| {
        if let StreamFact::Outside(OutsideFact::TxnCommitted { rows, .. }) = fact {
            rows.push(rows[0].clone()); // Twice, on the way.
        }
    });
    check_tale("e2e.eo", &tale);
}

fn finalized(notes: &Notes, is: impl Fn(&CheckpointId) -> bool) -> (MachineId, Vec<outside_words::ids::BlobName>) {
    let at = place(notes, 0, |fact| matches!(fact, StreamFact::Master(MasterFact::Finalized { checkpoint, .. }) if is(checkpoint)));
    let Noted::Said(Fact::Stream(StreamFact::Master(MasterFact::Finalized { blobs, .. }))) = &notes[at].what else { unreachable!() };
    let put = place(notes, 0, outside!(OutsideFact::BlobPut { .. }));
    (notes[put].machine, blobs.clone())
}

#[test]
fn files() {
    let delete = |id: u64, by: u128, after: fn(&Notes) -> usize| {
        move |notes: &mut Notes| {
            let (machine, blobs) = finalized(notes, |checkpoint| checkpoint.0 == id);
            let after = after(notes);
            insert(notes, after, machine, OutsideFact::BlobDeleted { name: blobs[0].clone(), by: Author::Leader(LeaderId(by << 96)) });
        }
    };
    check("sp.not-subsumed", delete(3, 1, |notes| notes.len() - 1));
    check("inc.refs", delete(1, 1, |notes| place(notes, 0, master!(MasterFact::Added { .. }))));
    // What zombie3 of the reference did: deposed, and it deletes what its successor begins from.
    check("ha.lock", delete(5, 1, |notes| place(notes, 1, master!(MasterFact::Recovered { .. }))));
    check("inc.refs", |notes| {
        // Restored from, and not there.
        edit(notes, 0, outside!(OutsideFact::BlobRead { .. }), |fact| {
            if let StreamFact::Outside(OutsideFact::BlobRead { digest, .. }) = fact {
                *digest = None;
            }
        });
    });
    check("ha.handle-exists", |notes| remove(notes, 0, outside!(OutsideFact::BlobPut { name, .. } if name.ends_with("_metadata"))));
    check("inc.placeholder", |notes| {
        edit(notes, 1, master!(MasterFact::Finalized { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Finalized { blobs, .. }) = fact {
                blobs.push("execution-plan/00000000000000000000000000000001".into()); // Put before, for something else.
            }
        });
    });
    check("inc.no-leak", |notes| remove(notes, 0, outside!(OutsideFact::BlobDeleted { .. })));
    check("inc.key-collision", |notes| {
        repeat(notes, 1, outside!(OutsideFact::BlobPut { .. }));
        edit(notes, 2, outside!(OutsideFact::BlobPut { .. }), |fact| {
            if let StreamFact::Outside(OutsideFact::BlobPut { digest, .. }) = fact {
                *digest += 1;
            }
        });
    });
    check("sp.stop-atomic", |notes| {
        let stops = worker!(WorkerFact::Snapshotted { kind, attempt, .. } if kind.stops() && attempt.subtask.vertex.0 == 1);
        let (fired, after) = (place(notes, 0, worker!(WorkerFact::TimersFired { .. })), place(notes, 0, stops));
        let (
            Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::TimersFired { fired, .. }))),
            Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::Snapshotted { attempt, .. }))),
        ) = (&notes[fired].what, &notes[after].what)
        else {
            unreachable!()
        };
        let (fact, machine) = (WorkerFact::TimersFired { attempt: *attempt, fired: *fired }, notes[after].machine);
        insert(notes, after, machine, fact);
    });
}

#[test]
fn failovers() {
    check("fo.region", |notes| {
        edit(notes, 1, master!(MasterFact::Restoring { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Restoring { tasks, .. }) = fact {
                tasks.pop();
            }
        });
    });
    check("fo.region", |notes| {
        edit(notes, 6, worker!(WorkerFact::Deployed { .. }), |fact| {
            if let StreamFact::Worker(WorkerFact::Deployed { from, .. }) = fact {
                *from = None; // Not from what its master chose.
            }
        });
    });
    check("fo.one-attempt", |notes| remove(notes, 0, worker!(WorkerFact::Ended { end: TaskEnd::Failed { .. }, .. })));
    let decided = |delay: Option<u64>| {
        move |notes: &mut Notes| {
            edit(notes, 0, master!(MasterFact::RestartDecided { .. }), |fact| {
                if let StreamFact::Master(MasterFact::RestartDecided { delay_ms, .. }) = fact {
                    *delay_ms = delay;
                }
            });
        }
    };
    check("fo.restarts", decided(Some(7)));
    check("fo.restarts", decided(None));
    check("fo.restarts", |notes| {
        let (from, to) = (place(notes, 0, master!(MasterFact::RestartDecided { .. })), place(notes, 1, master!(MasterFact::Restoring { .. })));
        let mut note = notes.remove(from);
        note.at_ns = notes[to - 2].at_ns;
        notes.insert(to - 1, note); // It does not wait.
    });
}

#[test]
fn leaders() {
    let grants = master!(MasterFact::Granted { .. });
    check("ha.one-leader", |notes| {
        edit(notes, 0, grants, |fact| {
            if let StreamFact::Master(MasterFact::Granted { node, .. }) = fact {
                *node = node.replace("-44444444444", "-55555555555");
            }
        });
    });
    check("ha.one-leader", |notes| {
        let (from, to) = (place(notes, 1, grants), place(notes, 0, master!(MasterFact::Revoked { .. })));
        hasten(notes, from, to); // The other one's node is still there.
    });
    check("ha.epoch-unique", |notes| {
        edit(notes, 1, grants, |fact| {
            if let StreamFact::Master(MasterFact::Granted { leader, .. }) = fact {
                *leader = LeaderId(1 << 96);
            }
        });
    });
    check("ha.store-complete", |notes| {
        edit(notes, 1, master!(MasterFact::Recovered { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Recovered { checkpoints, .. }) = fact {
                checkpoints.clear(); // FLINK-22502.
            }
        });
    });
    check("ha.jobgraph", |notes| {
        edit(notes, 0, master!(MasterFact::Submitted { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Submitted { job, .. }) = fact {
                *job = JobId(9);
            }
        });
    });
    check("ha.jobgraph", |notes| {
        edit(notes, 1, master!(MasterFact::Recovered { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Recovered { parallelism, .. }) = fact {
                *parallelism += 1;
            }
        });
    });
    check("ha.jobgraph", |notes| {
        // FLINK-21979: its data are removed, and nothing says that it ran.
        let is_result = |what: &Noted<Fact>| match what {
            Noted::Said(Fact::Stream(StreamFact::Master(MasterFact::ResultStored { dirty, .. }))) => *dirty,
            Noted::Said(Fact::Stream(StreamFact::Outside(OutsideFact::BlobPut { name, .. }))) => name.ends_with("_DIRTY.json"),
            _ => false,
        };
        notes.retain(|note| !is_result(&note.what));
    });
    check("ha.once-exec", |notes| {
        edit(notes, 1, master!(MasterFact::ResultStored { .. }), |fact| {
            if let StreamFact::Master(MasterFact::ResultStored { status, .. }) = fact {
                *status = JobStatus::Failed;
            }
        });
    });
    check("ha.once-exec", |notes| {
        edit(notes, 2, master!(MasterFact::Restoring { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Restoring { from, .. }) = fact {
                *from = None;
            }
        });
    });
    check("ha.suspend", |notes| {
        let (at, after) = (place(notes, 0, master!(MasterFact::Completed { .. })), place(notes, 0, master!(MasterFact::Revoked { .. })));
        let completed = notes[at].clone();
        insert_note(notes, after, completed.machine, completed.what);
    });
}

#[test]
fn who_does_not_lead_writes_nothing() {
    let mut engine = Engine::begun();
    engine.elect(0);
    engine.submit(2, None);
    engine.register();
    engine.start(&[0, 1], true);
    engine.lead = 1; // The other one's multi, in its own session.
    let node = engine.node(CheckpointId(8));
    engine.ask(Op::create(node.as_str().into(), Some([1].into()), CreateMode::Persistent));
    check_tale("ha.write-fenced", &engine.tale);
    let mut engine = Engine::begun();
    engine.elect(0);
    engine.submit(2, None);
    engine.lead = 1;
    let job = engine.job;
    engine.ask(crate::tale::asks::delete(&format!("/flink/r1/execution-plans/{job}/locks/0")));
    check_tale("ha.lock", &engine.tale);
}

#[test]
fn zombies() {
    check("zmb.tm", |notes| remove(notes, 0, worker!(WorkerFact::Ended { attempt, end: TaskEnd::Canceled } if attempt.number == 2)));
    check("zmb.tm", |notes| {
        edit(notes, 0, master!(MasterFact::AckReceived { .. }), |fact| {
            if let StreamFact::Master(MasterFact::AckReceived { attempt, .. }) = fact {
                attempt.leader = LeaderId(2 << 96);
            }
        });
    });
    check("zmb.jm", |notes| remove(notes, 0, worker!(WorkerFact::Registered { .. })));
    check("zmb.jm", |notes| {
        let (lost, after) = (place(notes, 0, worker!(WorkerFact::LeaderLost { .. })), place(notes, 0, worker!(WorkerFact::Notified { .. })));
        let lost = notes[lost].clone();
        insert_note(notes, after - 1, lost.machine, lost.what); // It heeds one that it gave up.
    });
    check("zmb.commit", |notes| {
        edit(notes, 0, outside!(OutsideFact::TxnCommitted { by, .. } if by.number == 2), |fact| {
            if let StreamFact::Outside(OutsideFact::TxnCommitted { by, .. }) = fact {
                by.number = 1;
            }
        });
    });
}

#[test]
fn every_rule_on_streams_is_broken_by_some_tale() {
    let tales = [include_str!("breaks_streams.rs"), include_str!("breaks_streams_outcome.rs")].concat();
    let of_outside: Vec<&str> = outside_models::rules().abouts().map(|rule| rule.id).collect();
    let untried: Vec<&str> = ids().into_iter().filter(|id| !of_outside.contains(id) && !tales.contains(&format!("\"{id}\""))).collect();
    assert_eq!(untried, Vec::<&str>::new(), "those on the outside are broken in its own tests");
}
