//! How a fuzz goes while it goes: a bar on a terminal, a line now and then elsewhere, and every failure at once.
//! Standard error but for the failures, which are results; never the end of it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::text::{counted, failure, grouped, span};
use super::{law, out, program};
use crate::fuzz::{FailedRun, Progress, Ran, Wish};
use crate::systems::Systems;

/// A line so often where there is no terminal: enough to see that it lives, few enough for a log.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The bar's length: it shows parts in a thousand.
const WHOLE: u64 = 1_000;

/// Watches a fuzz for its user.
pub struct Watcher<'s> {
    bar: ProgressBar,
    systems: &'s Systems,
    limit: Option<Duration>,
    begun: Instant,
    told: Instant,
    events: u64,
    virtual_ns: u128,
    failed: u64,
}

impl<'s> Watcher<'s> {
    /// Nothing has run yet. Where there is no terminal, a line says what is about to be done.
    pub fn new(wish: &Wish<'_>, systems: &'s Systems) -> Watcher<'s> {
        let bar = ProgressBar::with_draw_target(Some(WHOLE), ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template("{elapsed} {wide_bar} {msg}").expect("the template is right"));
        if bar.is_hidden() {
            let (first, last) = (wish.seeds.start(), wish.seeds.end());
            out::warn(&format!(
                "seeds {first} to {last}, {}, {} at a time\n",
                counted(wish.sources.len() as u64, "family", "families"),
                counted(wish.jobs as u64, "run", "runs")
            ));
        }
        let now = Instant::now();
        Watcher { bar, systems, limit: wish.time_limit, begun: now, told: now, events: 0, virtual_ns: 0, failed: 0 }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// A run failed for a cause that was told before.
    pub fn failed_again(&mut self) {
        self.failed += 1;
    }

    /// How much is done, in parts of [`WHOLE`]: of the runs or of the time, whichever ends first.
    fn part(&self, last: &Ran) -> u64 {
        let runs = last.done * u128::from(WHOLE) / last.planned.max(1);
        let time = self.limit.map_or(0, |limit| self.begun.elapsed().as_millis() * u128::from(WHOLE) / limit.as_millis().max(1));
        u64::try_from(runs.max(time)).map_or(WHOLE, |part| part.min(WHOLE))
    }

    fn message(&self, last: &Ran) -> String {
        let planned = if self.limit.is_none() { format!(" of {}", last.planned) } else { String::new() };
        let failed = if self.failed == 0 { String::new() } else { format!(", {} failed", grouped(self.failed)) };
        format!("{}{planned} runs, {} of virtual time, {} events{failed}", last.done, span(self.virtual_ns), grouped(self.events))
    }
}

impl Progress for Watcher<'_> {
    fn ran(&mut self, ran: &Ran) {
        self.events += ran.events;
        self.virtual_ns += u128::from(ran.virtual_ns);
        if !self.bar.is_hidden() {
            self.bar.set_message(self.message(ran));
            self.bar.set_position(self.part(ran));
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            out::warn(&format!("{} s: {}\n", self.begun.elapsed().as_secs(), self.message(ran)));
        }
    }

    fn failed(&mut self, failed: &FailedRun) {
        self.failed += 1;
        let law = law(self.systems, &failed.verdict);
        let head = format!("family {}, seed {}\n", failed.family, failed.seed);
        let text = failure::text(&failed.verdict, law.as_deref(), &format!("{} run {}", program(), failed.flags));
        self.bar.suspend(|| out::say(&format!("{head}{text}\n")));
    }
}
