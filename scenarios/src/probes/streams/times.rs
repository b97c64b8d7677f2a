//! Time in streams: idle inputs, late records, timers of either kind.

use std::collections::BTreeSet;

use vocab::fact::Fact;
use vocab::recording::Note;
use vocab::stream::ids::AttemptId;
use vocab::stream::state::TimeDomain;
use vocab::stream::{StreamFact, WorkerFact};

use super::super::ensemble::Ensemble;
use super::super::table::Mark;
use super::super::{Fold, Hits};

#[derive(Default)]
pub(super) struct Times {
    idle: BTreeSet<AttemptId>,
    /// Attempts that began from a checkpoint.
    restored: BTreeSet<AttemptId>,
}

impl Fold for Times {
    fn see(&mut self, note: &Note<Fact>, _: &Ensemble<'_>, hits: &mut Hits) {
        let Fact::Stream(StreamFact::Worker(fact)) = &note.fact else { return };
        match fact {
            WorkerFact::Running { attempt, from: Some(_), .. } => drop(self.restored.insert(*attempt)),
            WorkerFact::Idle { attempt, idle: true } => {
                self.idle.insert(*attempt);
                hits.mark(Mark::InputIdle);
            }
            WorkerFact::Idle { attempt, idle: false } => hits.mark_if(Mark::InputBack, self.idle.remove(attempt)),
            WorkerFact::DroppedLate { .. } => hits.mark(Mark::DroppedLate),
            WorkerFact::TimersFired { attempt, fired } => match fired.domain {
                TimeDomain::EventTime => hits.mark_if(Mark::TimersAfterRestore, self.restored.contains(attempt)),
                TimeDomain::ProcessingTime => hits.mark(Mark::ProcessingTimer),
            },
            _ => {}
        }
    }
}
