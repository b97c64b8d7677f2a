//! The split enumerator of a source vertex: which splits nobody has, and which were given to whom since which
//! checkpoint (SplitAssignmentTracker). Never a split given twice, nor one lost with its reader.

use std::collections::{BTreeMap, BTreeSet};

use outside_words::ids::{CheckpointId, SplitId};

/// A split and the offset of its next record.
pub(super) type Place = (SplitId, u64);

/// The enumerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Enumerator {
    parallelism: u16,
    /// Splits that no reader has.
    unassigned: BTreeMap<SplitId, u64>,
    /// What was given to a reader and is in no snapshot of the enumerator as assigned (uncheckpointedAssignments).
    fresh: BTreeMap<u16, Vec<Place>>,
    /// What was given before the snapshot of a checkpoint and after the one before (assignmentsByCheckpointId).
    since: BTreeMap<CheckpointId, BTreeMap<u16, Vec<Place>>>,
    /// Readers that run.
    readers: BTreeSet<u16>,
}

impl Enumerator {
    /// An enumerator that has these.
    pub fn new(parallelism: u16, unassigned: impl IntoIterator<Item = Place>) -> Enumerator {
        let unassigned = unassigned.into_iter().collect();
        Enumerator { parallelism, unassigned, fresh: BTreeMap::new(), since: BTreeMap::new(), readers: BTreeSet::new() }
    }

    /// Splits that no reader has.
    pub fn unassigned(&self) -> Vec<Place> {
        self.unassigned.iter().map(|(split, offset)| (*split, *offset)).collect()
    }

    /// A reader runs, or asks: it gets all splits that are its share (partition modulo parallelism) and that nobody
    /// has.
    pub fn give(&mut self, reader: u16) -> Vec<Place> {
        self.readers.insert(reader);
        let parallelism = self.parallelism;
        let mine: Vec<Place> = self.unassigned().into_iter().filter(|(split, _)| split.partition % parallelism == reader).collect();
        for (split, _) in &mine {
            self.unassigned.remove(split);
        }
        self.fresh.entry(reader).or_default().extend(mine.iter().copied());
        mine
    }

    /// The enumerator's part of a checkpoint is taken: what was given before is in the readers' part (onCheckpoint).
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> Vec<Place> {
        self.since.insert(checkpoint, std::mem::take(&mut self.fresh));
        self.unassigned()
    }

    /// A checkpoint is complete: what was given before it need not be known any more (onCheckpointComplete).
    pub fn complete(&mut self, checkpoint: CheckpointId) {
        self.since = self.since.split_off(&CheckpointId(checkpoint.0 + 1));
    }

    /// A reader begins again from a checkpoint, or from nothing: what it was given since comes back (subtaskReset).
    pub fn take_back(&mut self, reader: u16, restored: Option<CheckpointId>) {
        self.readers.remove(&reader);
        let is_later = |checkpoint: &CheckpointId| restored.is_none_or(|restored| *checkpoint > restored);
        let mut back = self.fresh.remove(&reader).unwrap_or_default();
        for (_, given) in self.since.iter_mut().filter(|(checkpoint, _)| is_later(checkpoint)) {
            back.extend(given.remove(&reader).unwrap_or_default());
        }
        self.unassigned.extend(back);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outside_words::data::Topic;

    fn split(partition: u16) -> Place {
        (SplitId { topic: Topic::Bids, partition }, 0)
    }

    #[test]
    fn splits_are_dealt_round_robin_and_none_twice() {
        let mut enumerator = Enumerator::new(2, (0..5).map(split));
        assert_eq!(enumerator.give(1), [split(1), split(3)]);
        assert_eq!(enumerator.give(1), []);
        assert_eq!(enumerator.give(0), [split(0), split(2), split(4)]);
        assert_eq!(enumerator.unassigned(), []);
    }

    #[test]
    fn what_was_given_since_the_restored_checkpoint_comes_back() {
        let check = |given_at: u64, restored: Option<u64>, back: usize| {
            let mut enumerator = Enumerator::new(1, (0..3).map(split));
            for checkpoint in 1..=3 {
                if checkpoint == given_at {
                    enumerator.give(0);
                }
                enumerator.snapshot(CheckpointId(checkpoint));
            }
            if given_at > 3 {
                enumerator.give(0);
            }
            enumerator.take_back(0, restored.map(CheckpointId));
            assert_eq!(enumerator.unassigned().len(), back, "given before {given_at}, restored {restored:?}");
        };
        check(1, None, 3);
        check(1, Some(1), 0);
        check(2, Some(1), 3);
        check(3, Some(1), 3); // Two checkpoints were begun since, and neither was completed.
        check(3, Some(3), 0);
        check(4, Some(3), 3);
    }
}
