//! A fuzz that keeps what it finds in a folder. What stands in the folder is the night's; which runs there are is the
//! fuzz engine's.

use std::io;

use super::out;
use super::progress::Watcher;
use crate::case::{Case, Origin};
use crate::cause::Cause;
use crate::change::Changes;
use crate::fuzz::{FailedRun, Progress, Ran};
use crate::night::{Found, Night};
use crate::plan::Format;
use crate::systems::Systems;

/// Keeps each run that is over, and each cause once.
pub struct Keeper<'w, 's> {
    night: Night,
    watcher: &'w mut Watcher<'s>,
    systems: &'s Systems,
    changes: Changes,
    /// The place after the run that failed last: it is counted after it is kept.
    last: u128,
    /// What could not be written is told once; the search goes on.
    is_ill: bool,
}

impl<'w, 's> Keeper<'w, 's> {
    /// Keeps in this night what `watcher` watches.
    pub fn new(night: Night, watcher: &'w mut Watcher<'s>, systems: &'s Systems, changes: Changes) -> Keeper<'w, 's> {
        let last = night.next();
        Keeper { night, watcher, systems, changes, last, is_ill: false }
    }

    /// All causes that the night knows, a line each.
    pub fn text(&self) -> String {
        let findings = self.night.findings();
        let lines = findings.iter().map(|(cause, finding)| {
            let cheapest = finding.seen.iter().min_by_key(|(_, events)| **events).map_or("", |(run, _)| run);
            format!("{cause}: {} times, at least cost in {cheapest}\n", finding.seen.len())
        });
        lines.collect()
    }

    fn count(&mut self, next: u128) {
        if next > self.night.next() {
            let kept = self.night.done(next);
            self.tell(kept);
        }
    }

    fn keep(&mut self, failed: &FailedRun, cause: &Cause) -> io::Result<Found> {
        let system = self.systems.named(failed.system).expect("it was one of them that ran");
        let case = || {
            let (plan, _) = system.draw(failed.family, failed.seed, &self.changes).expect("it was drawn before");
            Case::of_failure(Origin::here(failed.family, failed.seed), &failed.verdict, &failed.hash, plan.fields()).text(Format::Toml)
        };
        self.night.found(&cause.name(), failed.family, failed.seed, failed.events, case)
    }

    fn tell(&mut self, kept: io::Result<()>) {
        if let Err(cause) = kept
            && !std::mem::replace(&mut self.is_ill, true)
        {
            out::warn(&format!("the night's folder cannot be written any more, the search goes on without it: {cause}\n"));
        }
    }
}

impl Progress for Keeper<'_, '_> {
    fn ran(&mut self, ran: &Ran) {
        self.watcher.ran(ran);
        if ran.has_failed {
            self.last = ran.done;
        } else {
            self.count(ran.done);
        }
    }

    fn failed(&mut self, failed: &FailedRun) {
        let cause = Cause::of(&failed.verdict).expect("a run that failed has a cause");
        match self.keep(failed, &cause) {
            Ok(Found::New) => self.watcher.failed(failed),
            Ok(Found::Cheaper | Found::Known) => self.watcher.failed_again(),
            Err(error) => {
                self.watcher.failed(failed);
                self.tell(Err(error));
            }
        }
        self.count(self.last);
    }
}
