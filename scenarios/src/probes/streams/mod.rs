//! The stream engine: what its leaders, checkpoints, barriers, tasks and the outside went through. Folds over its facts; never a judgement.

mod leaders;
mod checkpoints;
mod barriers;
mod tasks;
mod times;
mod outside;

#[cfg(test)]
mod tests;

use vocab::fact::Fact;
use vocab::happening::Happening;
use vocab::plan::Plan;
use vocab::recording::Note;

use super::ensemble::Ensemble;
use super::{Fold, Hits};

/// All folds over the stream engine.
pub(super) struct Streams {
    leaders: leaders::Leaders,
    checkpoints: checkpoints::Checkpoints,
    barriers: barriers::Barriers,
    tasks: tasks::Tasks,
    times: times::Times,
    outside: outside::Outside,
}

impl Streams {
    /// The folds, if the plan has a stream engine.
    pub(super) fn new(plan: &Plan) -> Option<Streams> {
        let (stream, machines) = plan.stream.as_ref().zip(plan.stream_machines())?;
        Some(Streams {
            leaders: leaders::Leaders::default(),
            checkpoints: checkpoints::Checkpoints::default(),
            barriers: barriers::Barriers::new(stream),
            tasks: tasks::Tasks::default(),
            times: times::Times::default(),
            outside: outside::Outside::new(machines),
        })
    }
}

impl Fold for Streams {
    fn see(&mut self, note: &Note<Fact>, before: &Ensemble<'_>, hits: &mut Hits) {
        match &note.fact {
            Fact::Stream(_) => {
                self.leaders.see(note, before, hits);
                self.checkpoints.see(note, before, hits);
                self.barriers.see(note, before, hits);
                self.tasks.see(note, before, hits);
                self.times.see(note, before, hits);
                self.outside.see(note, before, hits);
            }
            // Who is up, frozen or cut off, and how the sessions of masters stand.
            Fact::World(_) => {
                self.leaders.see(note, before, hits);
                self.barriers.see(note, before, hits);
                self.tasks.see(note, before, hits);
                self.outside.see(note, before, hits);
            }
            Fact::Client(_) | Fact::Replica(_) => self.leaders.see(note, before, hits),
        }
    }
}

/// Whether a process has just come to its end.
fn is_end(happening: &Happening) -> bool {
    matches!(happening, Happening::Crashed { .. } | Happening::Exited { .. })
}
