//! The fuzz engine: many seeds, several families, several threads, one report in order. Whatever the number of threads,
//! the failure it stops at is the first in that order; nothing is kept of a run but counts.
//!
//! It is no part of a simulation: it reads the real clock, for its time limit and for the throughput it tells.

mod complaints;
mod queue;
mod summary;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use contract::verdict::Verdict;
use cpu_time::ProcessTime;
use judging::Probe;

use crate::change::Changes;
use crate::run::Wanted;
use crate::systems::{AnySystem, Report};
use queue::WorkQueue;

pub use complaints::{Complaint, IDLE_RUNS, PROBE_SEEDS};
pub use summary::{Count, End, FAILURES_KEPT, FailedRun, FamilySummary, Summary};

/// What a fuzz is to do.
pub struct Wish<'s> {
    /// Which seeds.
    pub seeds: RangeInclusive<u64>,
    /// The place of the first run in the order of seeds and sources; those before it were run another time.
    pub first: u128,
    /// Where storms come from; each seed is planned by each of them, in this order.
    pub sources: Vec<Box<dyn Source + 's>>,
    /// They are all the families there are: then every required probe must be hit in the long run.
    pub is_all: bool,
    /// How many runs at a time.
    pub jobs: usize,
    /// Go on after a failure.
    pub keep_going: bool,
    /// A fault that never struck, or was spared, fails the fuzz.
    pub strict: bool,
    /// Begin no run after so long.
    pub time_limit: Option<Duration>,
    /// What is otherwise than it was drawn, in every run: with changes nothing is demanded of rules and probes.
    pub changes: Changes,
}

/// Where storms come from: a family of a system, or a test's own.
pub trait Source: Sync {
    /// The system's name.
    fn system(&self) -> &'static str;
    /// The family's name.
    fn family(&self) -> &'static str;
    /// The probes that hits are of, in their order.
    fn probes(&self) -> Vec<Probe>;
    /// Why a rule may judge nothing here; `None` if it must judge something.
    fn excuse(&self, rule: &str) -> Option<&'static str>;
    /// Runs and judges the storm of a seed.
    fn run(&self, seed: u64) -> Report;
}

/// A family of a system, with changes.
pub struct FamilySource<'s> {
    /// The system.
    pub system: &'s dyn AnySystem,
    /// The family's name.
    pub family: &'static str,
    /// What is otherwise than it was drawn.
    pub changes: Changes,
}

impl Source for FamilySource<'_> {
    fn system(&self) -> &'static str {
        self.system.name()
    }

    fn family(&self) -> &'static str {
        self.family
    }

    fn probes(&self) -> Vec<Probe> {
        self.system.probes()
    }

    fn excuse(&self, rule: &str) -> Option<&'static str> {
        self.system.excuse(self.family, rule)
    }

    fn run(&self, seed: u64) -> Report {
        match self.system.draw(self.family, seed, &self.changes) {
            Ok((plan, _)) => plan.run(Wanted::PROBES),
            Err(mistake) => Report::unplanned(seed, self.family, "the plan, which cannot be changed so", &mistake.to_string()),
        }
    }
}

/// Who wants to know how it goes. Called in the order of seeds and families, from the thread that called [`fuzz`].
pub trait Progress {
    /// A run is over.
    fn ran(&mut self, ran: &Ran);
    /// A run failed; called after [`Progress::ran`] for it.
    fn failed(&mut self, failed: &FailedRun);
}

/// A run that is over, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its seed.
    pub seed: u64,
    /// Its family.
    pub family: &'static str,
    /// Events that reached a process.
    pub events: u64,
    /// Virtual time in ns.
    pub virtual_ns: u64,
    /// It did not hold; [`Progress::failed`] says how.
    pub has_failed: bool,
    /// How many runs are over, this one included and those of earlier fuzzes that this one goes on from.
    pub done: u128,
    /// How many there will be if nothing stops the fuzz.
    pub planned: u128,
}

impl Wish<'_> {
    /// How many runs there are.
    fn planned(&self) -> u128 {
        let seeds = u128::from(*self.seeds.end()).checked_sub(u128::from(*self.seeds.start())).map_or(0, |last| last + 1);
        seeds * self.sources.len() as u128
    }

    /// The seed and the source of the run at a place in the order.
    fn at(&self, place: u128) -> (u64, &dyn Source) {
        let sources = self.sources.len() as u128;
        let seed = self.seeds.start() + (place / sources) as u64;
        (seed, self.sources[(place % sources) as usize].as_ref())
    }
}

/// Runs and judges what the wish says, until all is done, a run fails, the time is over or `cancel` is set; runs that
/// were begun are finished.
pub fn fuzz(wish: &Wish<'_>, cancel: &AtomicBool, progress: &mut dyn Progress) -> Summary {
    assert!(wish.jobs > 0 && !wish.sources.is_empty(), "a fuzz needs a thread and a family");
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    let mut summary = Summary::new(wish);
    let queue = WorkQueue::new(wish.first, wish.planned(), wish.time_limit.map(|limit| wall + limit), cancel);
    let (give, take) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..wish.jobs {
            let give = give.clone();
            let queue = &queue;
            scope.spawn(move || {
                while let Some(place) = queue.take() {
                    let (seed, source) = wish.at(place);
                    let report = source.run(seed);
                    if !wish.keep_going && report.judgement.verdict != Verdict::Holds {
                        queue.stop_after(place);
                    }
                    if give.send((place, report)).is_err() {
                        return; // Nobody listens any more.
                    }
                }
            });
        }
        drop(give);
        collect(wish, &queue, &take, &mut summary, progress);
    });
    summary.end = queue.end();
    summary.wall = wall.elapsed();
    summary.cpu = cpu.elapsed();
    summary.complaints = complaints::complaints(wish, &summary);
    summary
}

/// Takes reports as they come and counts them in order; those after the failure at which the fuzz stops are forgotten.
fn collect(wish: &Wish<'_>, queue: &WorkQueue<'_>, take: &mpsc::Receiver<(u128, Report)>, summary: &mut Summary, progress: &mut dyn Progress) {
    let (planned, mut early) = (wish.planned(), BTreeMap::new());
    let mut next = wish.first;
    for (place, report) in take {
        early.insert(place, report);
        while let Some(report) = early.remove(&next) {
            if queue.is_beyond(next) {
                break;
            }
            let (seed, source) = wish.at(next);
            next += 1;
            let failed = summary.count(seed, source, &report, &wish.changes);
            let (events, virtual_ns, has_failed) = (report.events, report.end_ns, failed.is_some());
            progress.ran(&Ran { seed, family: source.family(), events, virtual_ns, has_failed, done: next, planned });
            if let Some(failed) = failed {
                progress.failed(&failed);
                summary.keep(failed);
            }
            queue.reported(next);
        }
    }
}
