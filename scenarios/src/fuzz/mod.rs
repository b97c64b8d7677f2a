//! The fuzz engine: many seeds, several families, several threads, one report in order. Whatever the number of threads, the failure it stops at is the first in that order; nothing is kept of a run but counts.
//!
//! It is no part of a simulation: it reads the real clock, for its time limit and for the throughput it tells.

mod complaints;
mod desk;
mod summary;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use vocab::plan::Plan;
use vocab::recording::Recording;
use vocab::verdict::{Judgement, Tally, Verdict};

use crate::change::Changes;
use crate::family::Family;
use crate::probes::{Hits, hit};
use desk::Desk;

pub use complaints::{Complaint, IDLE_RUNS, PROBE_SEEDS};
pub use summary::{Count, End, FAILURES_KEPT, Failure, FamilySummary, Summary};

/// What a fuzz is to do.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Which seeds.
    pub seeds: RangeInclusive<u64>,
    /// Which families; each seed is planned by each of them, in this order.
    pub families: Vec<&'static Family>,
    /// How many runs at a time.
    pub jobs: usize,
    /// Go on after a failure.
    pub keep_going: bool,
    /// Begin no run after so long.
    pub time_limit: Option<Duration>,
    /// What is otherwise than it was drawn, in every run. What concerns the stream engine is left out where none takes part.
    pub changes: Changes,
}

/// How a plan becomes a judged recording: [`crate::run::judged`], or a test's own.
pub type Runner<'r> = dyn Fn(&Plan) -> (Recording, Judgement) + Sync + 'r;

/// Who wants to know how it goes. Called in the order of seeds and families, from the thread that called [`fuzz`].
pub trait Progress {
    /// A run is over.
    fn ran(&mut self, ran: &Ran);
    /// A run failed; called after [`Progress::ran`] for it.
    fn failed(&mut self, failure: &Failure);
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
    /// How many runs are over, this one included.
    pub done: u128,
    /// How many there will be if nothing stops the fuzz.
    pub planned: u128,
}

/// What is left of a run.
struct Outcome {
    verdict: Verdict,
    events: u64,
    facts: u64,
    virtual_ns: u64,
    tallies: BTreeMap<String, Tally>,
    hits: Hits,
}

impl Outcome {
    /// Of a run that did not come to its end for a reason of ours.
    fn crashed(place: &str, message: String) -> Outcome {
        let verdict = Verdict::Crashed { place: place.into(), message };
        Outcome { verdict, events: 0, facts: 0, virtual_ns: 0, tallies: BTreeMap::new(), hits: Hits::default() }
    }
}

impl Wish {
    /// How many runs there are.
    fn planned(&self) -> u128 {
        let seeds = u128::from(*self.seeds.end()).checked_sub(u128::from(*self.seeds.start())).map_or(0, |last| last + 1);
        seeds * self.families.len() as u128
    }

    /// The seed and the family of the run at a place in the order.
    fn at(&self, place: u128) -> (u64, &'static Family) {
        let families = self.families.len() as u128;
        let seed = self.seeds.start() + (place / families) as u64;
        (seed, self.families[(place % families) as usize])
    }

    /// The plan of the run at a place in the order, before it is changed.
    fn plan(&self, place: u128) -> Plan {
        let (seed, family) = self.at(place);
        family.plan(seed)
    }
}

/// Runs and judges what the wish says, until all is done, a run fails, the time is over or `cancel` is set; runs that were begun are finished.
pub fn fuzz(wish: &Wish, runner: &Runner<'_>, cancel: &AtomicBool, progress: &mut dyn Progress) -> Summary {
    assert!(wish.jobs > 0 && !wish.families.is_empty(), "a fuzz needs a thread and a family");
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    let mut summary = Summary::new(wish);
    let desk = Desk::new(wish.planned(), wish.time_limit.map(|limit| wall + limit), cancel);
    let (give, take) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..wish.jobs {
            let give = give.clone();
            let desk = &desk;
            scope.spawn(move || {
                while let Some(place) = desk.take() {
                    let outcome = one(wish.plan(place), &wish.changes, runner);
                    if !wish.keep_going && outcome.verdict != Verdict::Holds {
                        desk.stop_after(place);
                    }
                    if give.send((place, outcome)).is_err() {
                        return; // Nobody listens any more.
                    }
                }
            });
        }
        drop(give);
        collect(wish, &desk, &take, &mut summary, progress);
    });
    summary.end = desk.end();
    summary.wall = wall.elapsed();
    summary.cpu = cpu.elapsed();
    summary.complaints = complaints::complaints(wish, &summary);
    summary
}

/// Takes outcomes as they come and counts them in order; those after the failure at which the fuzz stops are forgotten.
fn collect(wish: &Wish, desk: &Desk<'_>, take: &mpsc::Receiver<(u128, Outcome)>, summary: &mut Summary, progress: &mut dyn Progress) {
    let (planned, mut early) = (wish.planned(), BTreeMap::new());
    let mut next = 0;
    for (place, outcome) in take {
        early.insert(place, outcome);
        while let Some(outcome) = early.remove(&next) {
            if desk.is_beyond(next) {
                break;
            }
            let (seed, family) = wish.at(next);
            next += 1;
            let failure = summary.count(seed, family.name, &outcome, &wish.changes);
            progress.ran(&Ran { seed, family: family.name, events: outcome.events, virtual_ns: outcome.virtual_ns, done: next, planned });
            if let Some(failure) = failure {
                progress.failed(&failure);
                summary.keep(failure);
            }
            desk.reported(next);
        }
    }
}

/// One run, from plan to counts. A panic of the harness itself (not of a process, which the world catches) is a verdict too: the night goes on, and the seed is told.
fn one(mut plan: Plan, changes: &Changes, runner: &Runner<'_>) -> Outcome {
    // Of a family with a stream engine, hardly a plan has none.
    let is_left = changes.needs_stream() && plan.stream.is_none();
    if !is_left && let Err(told) = changes.apply(&mut plan) {
        return Outcome::crashed("the plan, which cannot be changed so", told.to_string());
    }
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let (recording, judgement) = runner(&plan);
        let hits = hit(&recording);
        Outcome {
            verdict: judgement.verdict,
            events: recording.events,
            facts: recording.notes.len() as u64,
            virtual_ns: recording.end_ns,
            tallies: judgement.tallies,
            hits,
        }
    }));
    judged.unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Outcome::crashed("the harness itself, not a process", message.unwrap_or_else(|| "a panic without words".into()))
    })
}
