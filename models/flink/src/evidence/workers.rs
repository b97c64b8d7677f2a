//! What each fact of a worker adds to the picture. Never a judgement of it.

use contract::ids::MachineId;
use flink_words::fact::WorkerFact;
use judging::NoteIndex;

use super::entries::{Running, Snapshot};
use super::stream::Stream;

impl<'r> Stream<'r> {
    pub(super) fn worker(&mut self, note: NoteIndex, machine: MachineId, fact: &'r WorkerFact) {
        match fact {
            WorkerFact::Deployed { attempt, from } => {
                let task = self.task_mut(*attempt);
                task.deployed.get_or_insert((note, *from));
                task.machine.get_or_insert(machine);
                let at = self.task_of[attempt];
                self.alive.entry(machine).or_default().push(at);
            }
            WorkerFact::Running { attempt, from, state, replayed } => {
                self.task_mut(*attempt).running.get_or_insert(Running { note, from: *from, state, replayed });
            }
            WorkerFact::Ended { attempt, end } => {
                self.task_mut(*attempt).ended.get_or_insert((note, Some(end)));
                let at = self.task_of[attempt];
                if let Some(alive) = self.alive.get_mut(&machine) {
                    alive.retain(|task| *task != at);
                }
            }
            WorkerFact::Snapshotted { attempt, checkpoint, unaligned, inputs, outputs, state, .. } => {
                let at = self.snapshots.len();
                self.snapshots.push(Snapshot {
                    note,
                    attempt: *attempt,
                    checkpoint: *checkpoint,
                    unaligned: *unaligned,
                    inputs,
                    outputs,
                    state,
                    acknowledged: None,
                });
                self.snapshot_of.entry((*attempt, *checkpoint)).or_insert(at);
                self.task_mut(*attempt).snapshots.push(at);
            }
            WorkerFact::Acknowledged { attempt, checkpoint, inputs } => {
                if let Some(at) = self.snapshot_of.get(&(*attempt, *checkpoint)) {
                    self.snapshots[*at].acknowledged.get_or_insert((note, inputs));
                }
            }
            WorkerFact::Notified { attempt, checkpoint } => self.task_mut(*attempt).notified.push((note, *checkpoint)),
            WorkerFact::Committing { attempt, txn, checkpoint, by } => self.ledger.asked(note, *attempt, txn, *checkpoint, *by),
            WorkerFact::Started { .. }
            | WorkerFact::Registered { .. }
            | WorkerFact::Refused { .. }
            | WorkerFact::LeaderLost { .. }
            | WorkerFact::Assigned { .. }
            | WorkerFact::AlignmentBegan { .. }
            | WorkerFact::SnapshotAborted { .. }
            | WorkerFact::Aborting { .. }
            | WorkerFact::WatermarkAdvanced { .. }
            | WorkerFact::Idle { .. }
            | WorkerFact::TimersFired { .. }
            | WorkerFact::DroppedLate { .. }
            | WorkerFact::EndOfData { .. }
            | WorkerFact::Pressure { .. } => {}
        }
    }
}
