//! Probes of the stream engine: what its leaders, checkpoints, barriers, tasks and the outside went through. One pass
//! over the notes; never a judgement.
//!
//! `table` lists them; the other files are folds over the notes, one for each part of the engine.

mod table;

mod leaders;
mod checkpoints;
mod barriers;
mod tasks;
mod times;
mod outside;

#[cfg(test)]
mod tests;

use contract::happening::Happening;
use contract::plan::PlanView;
use flink_models::{Evidence, Flink};
use flink_words::fact::Fact;
use flink_words::settings::Settings;
use judging::{Heard, Marks, NoteView, Probes};

use table::{Mark, PROBES};

type Plan<'p> = PlanView<'p, Settings>;

/// All probes of the engine; those of the contained service are the service's own.
pub(crate) fn probes() -> Probes<Flink> {
    Probes::<Flink>::found(PROBES, look)
}

/// Marks what a recording hits.
fn look(evidence: &Evidence<'_>, marks: &mut Marks<'_>) {
    let plan = &evidence.view.plan;
    let mut hits = Hits(marks);
    let mut leaders = leaders::Leaders::default();
    let mut checkpoints = checkpoints::Checkpoints::new(plan);
    let mut barriers = barriers::Barriers::new(plan);
    let mut tasks = tasks::Tasks::default();
    let mut times = times::Times::default();
    let mut outside = outside::Outside::new(plan.settings.stream_machines());
    for note in &evidence.view.notes {
        leaders.see(note, plan, &mut hits);
        match note.what {
            Heard::Said(Fact::Stream(_)) => {
                checkpoints.see(note, plan, &mut hits);
                barriers.see(note, plan, &mut hits);
                tasks.see(note, plan, &mut hits);
                times.see(note, plan, &mut hits);
                outside.see(note, plan, &mut hits);
            }
            // Who is up, frozen or cut off.
            Heard::World(_) => {
                barriers.see(note, plan, &mut hits);
                tasks.see(note, plan, &mut hits);
                outside.see(note, plan, &mut hits);
            }
            Heard::Said(Fact::Service(_)) | Heard::Else => {}
        }
    }
}

/// One part's fold over the notes.
trait Fold {
    fn see(&mut self, note: &NoteView<'_, Fact>, plan: &Plan<'_>, hits: &mut Hits<'_, '_>);
}

/// Where the folds mark what they see.
struct Hits<'m, 'h>(&'m mut Marks<'h>);

impl Hits<'_, '_> {
    fn mark(&mut self, mark: Mark) {
        self.0.mark(mark as usize);
    }

    fn mark_if(&mut self, mark: Mark, condition: bool) {
        if condition {
            self.mark(mark);
        }
    }
}

/// Whether a process has just come to its end.
fn is_end(happening: &Happening) -> bool {
    matches!(happening, Happening::Crashed { .. } | Happening::Exited { .. })
}
