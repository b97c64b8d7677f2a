//! The completed-checkpoint store as its master knows it: what it found there and what it added, less what it gave up.
//! A deposed master's is out of date, and may be.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use flink_words::master::AddOutcome;
use outside_words::ids::{CheckpointId, JobId, LeaderId};

/// All stores.
#[derive(Debug, Default)]
pub struct Stores {
    held: BTreeMap<(LeaderId, JobId), BTreeSet<CheckpointId>>,
    /// Additions of which nobody knows.
    doubtful: BTreeSet<(LeaderId, JobId, CheckpointId)>,
}

impl Stores {
    /// Takes in what a master said.
    pub fn take(&mut self, fact: &MasterFact) {
        match fact {
            MasterFact::Recovered { leader, job, checkpoints, .. } => self.held.entry((*leader, *job)).or_default().extend(checkpoints),
            MasterFact::Added { leader, job, checkpoint, outcome } => match outcome {
                AddOutcome::Added | AddOutcome::Assumed => drop(self.held.entry((*leader, *job)).or_default().insert(*checkpoint)),
                AddOutcome::Inconsistent => drop(self.doubtful.insert((*leader, *job, *checkpoint))),
                AddOutcome::Discarded | AddOutcome::Fenced => {}
            },
            MasterFact::Subsumed { leader, job, checkpoint, .. } => drop(self.held.entry((*leader, *job)).or_default().remove(checkpoint)),
            _ => {}
        }
    }

    /// The newest checkpoint of a job.
    pub fn latest(&self, leader: LeaderId, job: JobId) -> Option<CheckpointId> {
        self.held.get(&(leader, job))?.last().copied()
    }

    /// Whether a checkpoint is there, perhaps.
    pub fn is_doubtful(&self, leader: LeaderId, job: JobId, checkpoint: CheckpointId) -> bool {
        self.doubtful.contains(&(leader, job, checkpoint))
    }

    /// How many there are that are newer than this one.
    pub fn newer(&self, leader: LeaderId, job: JobId, than: CheckpointId) -> usize {
        self.held.get(&(leader, job)).map_or(0, |held| held.iter().rev().take_while(|id| **id > than).count())
    }
}
