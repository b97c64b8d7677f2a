//! How many checkpoints may fail in a row before the job does (CheckpointFailureManager). Never one checkpoint counted
//! twice.

use std::collections::BTreeSet;

use outside_words::ids::CheckpointId;

/// Why a checkpoint came to nothing, in the words of CheckpointFailureReason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) enum Reason {
    /// It took too long.
    Expired,
    /// A task could not take part.
    Declined {
        /// Why it was declined.
        why: String,
        /// Whether it counts as a failure of checkpointing.
        counts: bool,
    },
    /// A newer one is complete.
    Subsumed,
    /// Tasks begin again.
    Failover,
    /// A task finished without having acknowledged it.
    TaskClosing,
    /// The coordinator stops.
    Suspended,
    /// The metadata could not be written, or the store refused.
    Finalize(String),
}

impl Reason {
    /// Whether it counts as a failure of checkpointing (checkFailureAgainstCounter).
    pub fn counts(&self) -> bool {
        match self {
            Reason::Expired | Reason::Finalize(_) => true,
            Reason::Declined { counts, .. } => *counts,
            Reason::Subsumed | Reason::Failover | Reason::TaskClosing | Reason::Suspended => false,
        }
    }

    /// In Flink's words.
    pub fn words(&self) -> String {
        match self {
            Reason::Expired => "checkpoint-expired".into(),
            Reason::Declined { why, .. } => format!("checkpoint-declined: {why}"),
            Reason::Subsumed => "checkpoint-subsumed".into(),
            Reason::Failover => "job-failover-region".into(),
            Reason::TaskClosing => "checkpoint-declined-task-closing".into(),
            Reason::Suspended => "checkpoint-coordinator-suspend".into(),
            Reason::Finalize(why) => format!("finalize-checkpoint-failure: {why}"),
        }
    }
}

/// The failures in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Failures {
    tolerable: u32,
    in_a_row: u32,
    counted: BTreeSet<CheckpointId>,
    /// The newest that succeeded: an older one that fails after it resets nothing.
    succeeded: Option<CheckpointId>,
}

impl Failures {
    /// No checkpoint has failed yet.
    pub fn new(tolerable: u32) -> Failures {
        Failures { tolerable, in_a_row: 0, counted: BTreeSet::new(), succeeded: None }
    }

    /// A checkpoint failed in a way that counts: how many did in a row, and whether the job fails; none if it was
    /// counted before.
    pub fn on_failure(&mut self, checkpoint: CheckpointId) -> Option<(u32, bool)> {
        if !self.counted.insert(checkpoint) {
            return None;
        }
        self.in_a_row += 1;
        let failures = self.in_a_row;
        let fails_job = failures > self.tolerable;
        if fails_job {
            self.clear();
        }
        Some((failures, fails_job))
    }

    /// A checkpoint succeeded.
    pub fn on_success(&mut self, checkpoint: CheckpointId) {
        if self.succeeded.is_none_or(|succeeded| checkpoint > succeeded) {
            self.succeeded = Some(checkpoint);
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.in_a_row = 0;
        self.counted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_failures_in_a_row_than_are_tolerable_fail_the_job() {
        let check = |tolerable: u32, story: &[i64], expected: &[Option<(u32, bool)>]| {
            let mut failures = Failures::new(tolerable);
            let mut got = Vec::new();
            for id in story {
                let checkpoint = CheckpointId(id.unsigned_abs());
                match *id < 0 {
                    true => got.push(failures.on_failure(checkpoint)),
                    false => failures.on_success(checkpoint),
                }
            }
            assert_eq!(got, expected, "{story:?} with {tolerable}");
        };
        check(0, &[-1], &[Some((1, true))]);
        check(1, &[-1, -2], &[Some((1, false)), Some((2, true))]);
        check(1, &[-1, -1], &[Some((1, false)), None]); // Several tasks decline one checkpoint.
        check(1, &[-1, 2, -3], &[Some((1, false)), Some((1, false))]);
        check(1, &[5, -6, 4, -7], &[Some((1, false)), Some((2, true))]); // A success that is older than the last resets nothing.
    }
}
