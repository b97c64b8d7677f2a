//! For every rule on the engine's coordinator, barriers, sources, state and time, the lawful tale of streams bent in
//! one place.

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::recording::{Ending, Note, Noted};
use flink_words::fact::{Fact, MasterFact, StreamFact, WorkerFact};
use flink_words::ids::KeyGroup;
use flink_words::master::AckOutcome;
use outside_words::data::Topic;
use outside_words::fact::OutsideFact;
use outside_words::ids::{CheckpointId, SplitId};

use super::bend::{Notes, broken, check, check_tale, edit, hasten, insert, insert_note, master, outside, place, remove, repeat, worker};
use super::streams;

#[test]
fn numbers_and_acknowledgements() {
    let triggers = master!(MasterFact::Triggered { .. });
    let number = |id: u64| {
        move |fact: &mut StreamFact| {
            if let StreamFact::Master(MasterFact::Triggered { checkpoint, .. }) = fact {
                *checkpoint = CheckpointId(id);
            }
        }
    };
    check("ck.id-unique", |notes| edit(notes, 1, triggers, number(1)));
    check("ck.id-unique", |notes| {
        edit(notes, 1, master!(MasterFact::Submitted { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Submitted { from: Some((_, savepoint)), .. }) = fact {
                savepoint.0 += 9;
            }
        });
    });
    check("ha.counter-first", |notes| edit(notes, 1, triggers, number(99)));
    let acks = master!(MasterFact::AckReceived { .. });
    check("ck.complete-all-acks", |notes| remove(notes, 0, acks));
    check("ck.complete-all-acks", |notes| remove(notes, 0, worker!(WorkerFact::Acknowledged { .. }))); // Counted, and never sent.
    check("ck.complete-all-acks", |notes| repeat(notes, 0, acks));
    check("ck.no-ack-mix", |notes| {
        edit(notes, 0, acks, |fact| {
            if let StreamFact::Master(MasterFact::AckReceived { attempt, .. }) = fact {
                attempt.number = 9;
            }
        });
    });
    check("ck.terminal-once", |notes| repeat(notes, 0, master!(MasterFact::Completed { .. })));
    check("ck.terminal-once", |notes| {
        let (from, to) = (place(notes, 5, acks), place(notes, 0, master!(MasterFact::Completed { .. })));
        hasten(notes, from, to);
    });
}

#[test]
fn stores() {
    check("ck.stable-before-notify", |notes| {
        let (from, to) = (place(notes, 0, master!(MasterFact::Notifying { .. })), place(notes, 0, master!(MasterFact::Finalized { .. })));
        hasten(notes, from, to); // FLINK-32347.
    });
    check("ck.stable-before-notify", |notes| remove(notes, 0, master!(MasterFact::Notifying { .. })));
    check("ck.subsume", |notes| {
        edit(notes, 0, master!(MasterFact::Subsumed { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Subsumed { checkpoint, .. }) = fact {
                *checkpoint = CheckpointId(2);
            }
        });
    });
    check("ck.subsume", |notes| {
        edit(notes, 0, master!(MasterFact::Aborted { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Aborted { why, .. }) = fact {
                *why = "Checkpoint has been subsumed.".into();
            }
        });
    });
    for rule in ["ck.latest", "sp.no-restore-behind-commit", "fo.global-if-older"] {
        check(rule, |notes| {
            edit(notes, 1, master!(MasterFact::Restoring { .. }), |fact| {
                if let StreamFact::Master(MasterFact::Restoring { from: Some((_, id)), .. }) = fact {
                    *id = CheckpointId(1);
                }
            });
        });
    }
}

#[test]
fn pace() {
    for rule in ["ck.conc", "fo.pending-abort"] {
        check(rule, |notes| remove(notes, 0, master!(MasterFact::Aborted { .. })));
    }
    check("ck.minpause", |notes| {
        edit(notes, 1, master!(MasterFact::Triggered { .. }), |fact| {
            if let StreamFact::Master(MasterFact::Triggered { mono_ms, .. }) = fact {
                *mono_ms = 0;
            }
        });
    });
    check("ck.timeout", |notes| {
        let from = place(notes, 3, master!(MasterFact::AckReceived { .. }));
        notes[from..].iter_mut().for_each(|note| note.at_ns += 60_000_000_000);
    });
    check("ck.tolerable", |notes| {
        edit(notes, 0, master!(MasterFact::FailureCounted { .. }), |fact| {
            if let StreamFact::Master(MasterFact::FailureCounted { fails_job, .. }) = fact {
                *fails_job = true;
            }
        });
    });
    check("ck.tolerable", |notes| repeat(notes, 0, master!(MasterFact::FailureCounted { .. })));
}

#[test]
fn liveness() {
    let late = |id: &str, bend: fn(&mut Notes)| {
        let mut tale = streams::tale();
        tale.recording.end_ns += 1_000_000_000_000;
        tale.recording.ending = Ending::Deadline { waiting: vec![] };
        bend(&mut tale.recording.notes);
        check_tale(id, &tale);
    };
    late("ck.progress", |notes| {
        notes.retain(|note| !matches!(note.what, Noted::Said(Fact::Stream(StreamFact::Master(MasterFact::ResultStored { .. })))));
        insert_note(notes, 0, MachineId(0), Noted::World(Happening::Healed));
    });
    late("ck.no-stuck-trigger", |notes| {
        let (at, last) = (place(notes, 6, master!(MasterFact::TriggerAsked { .. })), notes.len() - 1);
        let asked = notes[at].clone();
        insert_note(notes, last, asked.machine, asked.what);
    });
    late("bar.unblock", |notes| {
        let aligns = worker!(WorkerFact::AlignmentBegan { attempt, .. } if attempt.job.0 == 2);
        let (at, last) = (place(notes, 0, aligns), notes.len() - 1);
        let began = notes[at].clone();
        insert_note(notes, last, began.machine, began.what);
    });
    late("live.job", |notes| remove(notes, 0, master!(MasterFact::Done { .. })));
    late("ha.failover", |notes| {
        let (at, last) = (place(notes, 0, master!(MasterFact::Done { .. })), notes.len() - 1);
        let machine = notes[at].machine;
        insert_note(notes, last, machine, Noted::World(Happening::Crashed { power: true, disk_lost: false, lost_bytes: 0, lied_bytes: 0 }));
    });
}

#[test]
fn barriers() {
    let acknowledged = |notes: &mut Notes, n: usize, change: fn(&mut flink_words::state::InputCut)| {
        edit(notes, n, worker!(WorkerFact::Acknowledged { inputs, .. } if !inputs.is_empty()), |fact| {
            if let StreamFact::Worker(WorkerFact::Acknowledged { inputs, .. }) = fact {
                change(&mut inputs[0]);
            }
        });
    };
    check("bar.cut", |notes| acknowledged(notes, 0, |input| input.consumed.count += 1)); // At least once.
    check("bar.cut", |notes| acknowledged(notes, 0, |input| input.persisted.count -= 1));
    check("bar.fifo", |notes| acknowledged(notes, 0, |input| input.consumed.digest += 1));
    // The operator of the region in which a record was overtaken.
    check("bar.cut-uc", |notes| acknowledged(notes, 4, |input| input.persisted.count -= 1));
    check("bar.cut-uc", |notes| acknowledged(notes, 4, |input| input.persisted.digest += 1));
    check("bar.once", |notes| repeat(notes, 0, worker!(WorkerFact::Snapshotted { .. })));
    check("bar.chstate-order", |notes| {
        edit(notes, 0, worker!(WorkerFact::Running { replayed, .. } if !replayed.is_empty()), |fact| {
            if let StreamFact::Worker(WorkerFact::Running { replayed, .. }) = fact {
                replayed.clear();
            }
        });
    });
}

#[test]
fn sources() {
    let reads = worker!(WorkerFact::Snapshotted { state, .. } if !state.splits.is_empty());
    let snapshotted = |notes: &mut Notes, change: fn(&mut flink_words::state::StateSummary)| {
        edit(notes, 0, reads, |fact| {
            if let StreamFact::Worker(WorkerFact::Snapshotted { state, .. }) = fact {
                change(state);
            }
        });
    };
    check("src.offset-cut", |notes| snapshotted(notes, |state| state.splits[0].1 += 3));
    check("src.split-partition", |notes| snapshotted(notes, |state| state.splits.clear())); // FLINK-21996.
    check("src.split-partition", |notes| {
        snapshotted(notes, |state| {
            let other = outside_words::ids::SplitId { partition: 1, ..state.splits[0].0 };
            state.splits.push((other, 0));
        });
    });
    check("src.assign-reliable", |notes| {
        edit(notes, 0, worker!(WorkerFact::Assigned { .. }), |fact| {
            if let StreamFact::Worker(WorkerFact::Assigned { splits, .. }) = fact {
                splits[0].1 = 3;
            }
        });
    });
    check("fo.reset-coord", |notes| repeat(notes, 0, master!(MasterFact::SplitAssigned { .. })));
    check("fo.reset-coord", |notes| {
        // The checkpoint that the tasks begin from has the split with a reader.
        let at = place(notes, 1, master!(MasterFact::Restoring { .. }));
        let given = notes[place(notes, 0, master!(MasterFact::SplitAssigned { .. }))].clone();
        notes.insert(at + 1, given);
    });
    check("src.discovery", |notes| {
        edit(notes, 0, master!(MasterFact::SplitAssigned { .. }), |fact| {
            if let StreamFact::Master(MasterFact::SplitAssigned { offset, .. }) = fact {
                *offset = 1;
            }
        });
    });
    let mut tale = streams::tale();
    let notes = &mut tale.recording.notes;
    let reads = worker!(WorkerFact::Running { attempt, .. } if attempt.job.0 == 2 && attempt.subtask.vertex.0 == 0);
    let (at, granted) = (place(notes, 0, reads), place(notes, 1, master!(MasterFact::Granted { .. })));
    let (Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::Running { attempt: reader, .. }))), machine) =
        (notes[at].what.clone(), notes[granted].machine)
    else {
        unreachable!()
    };
    // The reader lives on, and never hears of its split.
    insert(notes, at, machine, MasterFact::SplitAssigned { attempt: reader, split: SplitId { topic: Topic::Lines, partition: 0 }, offset: 0 });
    remove(notes, 0, worker!(WorkerFact::Ended { attempt, .. } if *attempt == reader));
    tale.recording.end_ns += 1_000_000_000_000;
    check_tale("src.assign-reliable", &tale);
}

/// Bends what the n-th restored task of a vertex found.
fn found(id: &str, vertex: u16, change: fn(&mut flink_words::state::StateSummary)) {
    for n in [0, 1, 3] {
        // A region, a leader that takes over, another parallelism.
        check(id, |notes| {
            edit(notes, n, worker!(WorkerFact::Running { attempt, from: Some(_), .. } if attempt.subtask.vertex.0 == vertex), |fact| {
                if let StreamFact::Worker(WorkerFact::Running { state, .. }) = fact {
                    change(state);
                }
            });
        });
    }
}

#[test]
fn state() {
    found("src.replay", 0, |state| state.splits[0].1 += 1);
    found("ks.restore-eq", 1, |state| state.groups[0].digest += 1);
    found("ks.restore-eq", 1, |state| state.groups.clear());
    found("tm.durable", 1, |state| state.groups[0].timers = 0);
    found("os.list", 1, |state| state.list.truncate(1));
    found("os.list", 1, |state| state.list.push(77));
    found("os.union", 1, |state| state.union[0] = 99);
    found("os.bcast", 1, |state| state.broadcast = Some(1));
    found("ks.range", 1, |state| state.groups[0].group = KeyGroup(4));
    let mut tale = streams::tale();
    tale.recording.plan.settings.stream.max_parallelism = 1;
    check_tale("ks.maxp", &tale);
}

#[test]
fn time() {
    check("tm.order", |notes| {
        edit(notes, 0, worker!(WorkerFact::TimersFired { .. }), |fact| {
            if let StreamFact::Worker(WorkerFact::TimersFired { fired, .. }) = fact {
                fired.in_order = false;
            }
        });
    });
    check("tm.order", |notes| {
        edit(notes, 0, worker!(WorkerFact::TimersFired { .. }), |fact| {
            if let StreamFact::Worker(WorkerFact::TimersFired { fired, .. }) = fact {
                fired.last = fired.by + 1;
            }
        });
    });
    check("wm.mono", |notes| repeat(notes, 0, worker!(WorkerFact::WatermarkAdvanced { .. })));
    check("wm.idle", |notes| repeat(notes, 0, worker!(WorkerFact::Idle { .. })));
    let drops = |at: i64| {
        move |notes: &mut Notes| {
            let after = place(notes, 0, worker!(WorkerFact::WatermarkAdvanced { attempt, .. } if attempt.subtask.vertex.0 == 1));
            let Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }))) = notes[after].what else { unreachable!() };
            let machine = notes[after].machine;
            insert(notes, after, machine, WorkerFact::DroppedLate { attempt, at: watermark + at, watermark });
        }
    };
    check("wm.restore", drops(50)); // In time.
    check("wm.restore", |notes| {
        notes.retain(|note| !matches!(note.what, Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::Idle { .. })))));
        drops(-5)(notes); // Late, and every watermark should have waited.
    });
}

#[test]
fn what_an_honest_engine_may_meet_is_no_breach() {
    let mut tale = streams::tale();
    let notes = &mut tale.recording.notes;
    // An acknowledgement that comes when the checkpoint is over.
    let aborted = place(notes, 0, master!(MasterFact::Aborted { .. }));
    let late = place(notes, 0, worker!(WorkerFact::SnapshotAborted { .. }));
    let Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::SnapshotAborted { attempt, checkpoint, .. }))) = notes[late].what else { unreachable!() };
    let fact = MasterFact::AckReceived { leader: attempt.leader, checkpoint, attempt, outcome: AckOutcome::Discarded };
    let machine = notes[aborted].machine;
    insert(notes, aborted, machine, fact);
    // A worker that dies says of no task that it ended.
    let lost = place(notes, 0, worker!(WorkerFact::LeaderLost { .. }));
    let machine = notes[lost].machine;
    notes[lost].what = Noted::World(Happening::Crashed { power: false, disk_lost: false, lost_bytes: 0, lied_bytes: 0 });
    let from = notes.split_off(lost);
    let is_word = |note: &Note<Fact>| {
        note.machine == machine && matches!(note.what, Noted::Said(Fact::Stream(StreamFact::Worker(WorkerFact::Ended { .. } | WorkerFact::Refused { .. }))))
    };
    let (mut skipped, mut rest) = (0, vec![]);
    for note in from {
        if skipped < 4 && is_word(&note) {
            skipped += 1;
        } else {
            rest.push(note);
        }
    }
    notes.extend(rest);
    // The ledger says again after a restart what it had said before.
    let committed = place(notes, 0, outside!(OutsideFact::TxnCommitted { .. }));
    let (ledger, told) = (notes[committed].machine, notes[committed].what.clone());
    insert_note(notes, committed, ledger, told);
    insert_note(notes, committed, ledger, Noted::World(Happening::Booted { life: 1 }));
    insert_note(notes, committed, ledger, Noted::World(Happening::Crashed { power: true, disk_lost: false, lost_bytes: 0, lied_bytes: 0 }));
    assert_eq!(broken(&tale.recording), Vec::<String>::new());
}
