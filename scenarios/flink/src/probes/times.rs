//! Time in streams: idle inputs, late records, timers of either kind.

use std::collections::BTreeSet;

use flink_words::fact::Fact;
use flink_words::fact::{StreamFact, WorkerFact};
use flink_words::state::TimeDomain;
use judging::{Heard, NoteView};
use outside_words::ids::AttemptId;

use super::table::Mark;
use super::{Fold, Hits, Plan};

#[derive(Default)]
pub(super) struct Times {
    idle: BTreeSet<AttemptId>,
    /// Attempts that began from a checkpoint.
    restored: BTreeSet<AttemptId>,
}

impl Fold for Times {
    fn see(&mut self, note: &NoteView<'_, Fact>, _: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        let Heard::Said(Fact::Stream(StreamFact::Worker(fact))) = note.what else { return };
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
