//! A checkpoint that is not complete yet: who must acknowledge it, and what they have (PendingCheckpoint). Never an
//! acknowledgement counted twice, nor one of an attempt that it does not wait for.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::master::AckOutcome;
use flink_words::state::SnapshotKind;
use outside_words::ids::{AttemptId, CheckpointId, SplitId, Subtask, VertexId};

use crate::snapshot::SubtaskSnapshot;

/// A pending checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Pending {
    /// Its number.
    pub id: CheckpointId,
    /// Checkpoint or savepoint.
    pub kind: SnapshotKind,
    /// The number of its request.
    pub request: u32,
    /// When it is given up, by the monotonic clock in ns.
    pub until_ns: u64,
    /// All who take part.
    pub tasks: Vec<AttemptId>,
    /// Subtasks that had finished when it was triggered.
    pub finished: Vec<Subtask>,
    /// What the enumerators held.
    pub unassigned: BTreeMap<VertexId, Vec<(SplitId, u64)>>,
    /// Who has not acknowledged yet.
    missing: BTreeSet<AttemptId>,
    /// Those that have acknowledged it.
    states: BTreeMap<Subtask, SubtaskSnapshot>,
    /// A plant: attempts of a subtask are not told apart (AckOfOldAttempt).
    counts_any_attempt: bool,
}

impl Pending {
    /// A checkpoint for which these must acknowledge.
    pub fn new(id: CheckpointId, kind: SnapshotKind, request: u32, until_ns: u64, tasks: Vec<AttemptId>) -> Pending {
        let missing = tasks.iter().copied().collect();
        let (finished, unassigned, states) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Pending { id, kind, request, until_ns, tasks, finished, unassigned, missing, states, counts_any_attempt: false }
    }

    /// Plants the bug that attempts of a subtask are not told apart.
    pub fn counting_any_attempt(self) -> Pending {
        Pending { counts_any_attempt: true, ..self }
    }

    /// Counts an acknowledgement; gives the state back unless it was counted.
    pub fn acknowledge(&mut self, attempt: AttemptId, state: SubtaskSnapshot) -> Result<(), (AckOutcome, SubtaskSnapshot)> {
        let counted = if self.counts_any_attempt { self.tasks.iter().copied().find(|task| task.subtask == attempt.subtask) } else { Some(attempt) };
        let Some(counted) = counted.filter(|counted| self.tasks.contains(counted)) else { return Err((AckOutcome::Unknown, state)) };
        if !self.missing.remove(&counted) {
            return Err((AckOutcome::Duplicate, state));
        }
        self.states.insert(counted.subtask, state);
        Ok(())
    }

    /// Whether an attempt has still to acknowledge.
    pub fn waits_for(&self, attempt: AttemptId) -> bool {
        self.missing.contains(&attempt)
    }

    /// Whether all have acknowledged it.
    pub fn is_full(&self) -> bool {
        self.missing.is_empty()
    }

    /// What was acknowledged.
    pub fn states(&self) -> &BTreeMap<Subtask, SubtaskSnapshot> {
        &self.states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outside_words::ids::{JobId, LeaderId};

    fn attempt(index: u16, number: u32) -> AttemptId {
        AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(0), index }, leader: LeaderId(1), number }
    }

    #[test]
    fn an_acknowledgement_counts_once_and_of_the_awaited_attempt_alone() {
        let check = |acks: &[(u16, u32)], expected: &str, full: bool| {
            let tasks = vec![attempt(0, 1), attempt(1, 2)];
            let mut pending = Pending::new(CheckpointId(1), SnapshotKind::Checkpoint, 1, 0, tasks);
            let said = |(index, number): &(u16, u32)| match pending.acknowledge(attempt(*index, *number), SubtaskSnapshot::default()) {
                Ok(()) => "success".to_string(),
                Err((outcome, _)) => format!("{outcome:?}").to_lowercase(),
            };
            let said: Vec<String> = acks.iter().map(said).collect();
            assert_eq!((said.join(" ").as_str(), pending.is_full()), (expected, full), "{acks:?}");
        };
        check(&[(0, 1)], "success", false);
        check(&[(0, 1), (1, 2)], "success success", true);
        check(&[(0, 1), (0, 1)], "success duplicate", false);
        check(&[(1, 1), (0, 1)], "unknown success", false); // An attempt that is over.
        check(&[(1, 3)], "unknown", false); // One that came later.
        check(&[(7, 1)], "unknown", false);
    }
}
