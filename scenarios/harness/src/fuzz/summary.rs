//! What a fuzz found: counts, and the failures. Data for whoever prints it; never a text of its own but the flags that
//! repeat a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::verdict::{Tally, Verdict};
use judging::Probe;

use super::{Complaint, Source, Wish};
use crate::change::Changes;
use crate::systems::Report;

/// The most failures that are kept with their witnesses; a fuzz that keeps going counts the others only.
pub const FAILURES_KEPT: usize = 100;

/// Why a fuzz ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All that was wished is done.
    Done,
    /// A run failed.
    Failure,
    /// The time was over.
    Time,
    /// It was told to stop.
    Cancelled,
}

/// A run that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRun {
    /// Its seed.
    pub seed: u64,
    /// Its system.
    pub system: &'static str,
    /// Its family.
    pub family: &'static str,
    /// The verdict, with its witness.
    pub verdict: Verdict,
    /// The flags of `run` that repeat it.
    pub flags: String,
    /// Events that reached a process: what it costs to run it again.
    pub events: u64,
    /// The running hash, as 32 hex digits.
    pub hash: String,
}

/// What runs add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Runs.
    pub runs: u64,
    /// Runs that did not hold.
    pub failed: u64,
    /// Events that reached a process.
    pub events: u64,
    /// Facts, happenings and history.
    pub facts: u64,
    /// Virtual time in ns.
    pub virtual_ns: u128,
    /// Faults that struck.
    pub struck: u64,
    /// Faults that never did, since what they wait for did not come in time.
    pub never: u64,
    /// Faults that the budget did not permit.
    pub spared: u64,
    /// By rule: what it judged and what it had to leave alone.
    pub rules: BTreeMap<String, Tally>,
}

/// The counts of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilySummary {
    /// Its system.
    pub system: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its runs.
    pub count: Count,
}

/// What a fuzz found.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Why it ended.
    pub end: End,
    /// The place of the first run.
    first: u128,
    /// Seeds that every family has run.
    pub seeds: u64,
    /// All runs together.
    pub total: Count,
    /// The families, in the order of the wish.
    pub families: Vec<FamilySummary>,
    /// How many runs hit each probe, in the order of the systems' tables; a probe that several systems have is one.
    pub probes: Vec<(Probe, u64)>,
    /// By source: where its probes stand in `probes`.
    places: Vec<Vec<usize>>,
    /// The failures in order, the first [`FAILURES_KEPT`] of them.
    pub failures: Vec<FailedRun>,
    /// What is wrong with the fuzz itself: rules that judged nothing, probes never hit.
    pub complaints: Vec<Complaint>,
    /// Processor time of this whole process while it ran.
    pub cpu: Duration,
    /// Real time.
    pub wall: Duration,
}

impl Summary {
    pub(super) fn new(wish: &Wish<'_>) -> Self {
        let mut probes: Vec<(Probe, u64)> = vec![];
        let mut place = |probe: Probe| {
            let known = probes.iter().position(|(known, _)| known.name == probe.name);
            known.unwrap_or_else(|| {
                probes.push((probe, 0));
                probes.len() - 1
            })
        };
        let places = wish.sources.iter().map(|source| source.probes().into_iter().map(&mut place).collect()).collect();
        let family = |source: &dyn Source| FamilySummary { system: source.system(), name: source.family(), count: Count::default() };
        Summary {
            end: End::Done,
            first: wish.first,
            seeds: 0,
            total: Count::default(),
            families: wish.sources.iter().map(|source| family(source.as_ref())).collect(),
            probes,
            places,
            failures: vec![],
            complaints: vec![],
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
        }
    }

    /// A summary of 200 seeds as these counts have it, for tests of texts.
    #[cfg(test)]
    pub(crate) fn for_test(total: Count, families: Vec<FamilySummary>, probes: Vec<(Probe, u64)>, cpu: Duration, wall: Duration) -> Self {
        Summary { end: End::Done, first: 0, seeds: 200, total, families, probes, places: vec![], failures: vec![], complaints: vec![], cpu, wall }
    }

    /// Adds the next run in order, and says what failed.
    pub(super) fn count(&mut self, seed: u64, source: &dyn Source, report: &Report, changes: &Changes) -> Option<FailedRun> {
        let at = ((self.first + u128::from(self.total.runs)) % self.families.len() as u128) as usize;
        self.total.add(report);
        self.families[at].count.add(report);
        self.seeds = self.total.runs / self.families.len() as u64;
        for (i, place) in self.places[at].iter().enumerate() {
            self.probes[*place].1 += u64::from(report.hits.has(i));
        }
        let verdict = &report.judgement.verdict;
        let flags = || format!("--family {} --seed {seed}{changes}", source.family());
        let failed = || FailedRun {
            seed,
            system: source.system(),
            family: source.family(),
            verdict: verdict.clone(),
            flags: flags(),
            events: report.events,
            hash: report.hash.clone(),
        };
        (*verdict != Verdict::Holds).then(failed)
    }

    pub(super) fn keep(&mut self, failure: FailedRun) {
        if self.failures.len() < FAILURES_KEPT {
            self.failures.push(failure);
        }
    }

    /// The process' exit code: the first failure's, or 1 when the fuzz itself was not what it should be.
    pub fn exit_code(&self) -> u8 {
        match self.failures.first() {
            Some(first) => first.verdict.exit_code(),
            None => u8::from(!self.complaints.is_empty()),
        }
    }
}

impl Count {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.failed += u64::from(report.judgement.verdict != Verdict::Holds);
        self.events += report.events;
        self.facts += report.facts;
        self.virtual_ns += u128::from(report.end_ns);
        self.struck += report.strikes.struck;
        self.never += report.strikes.never.len() as u64;
        self.spared += report.strikes.spared.len() as u64;
        for (rule, tally) in &report.judgement.tallies {
            match self.rules.get_mut(rule) {
                Some(sum) => {
                    sum.judged += tally.judged;
                    sum.waived += tally.waived;
                }
                None => {
                    self.rules.insert(rule.clone(), *tally);
                }
            }
        }
    }
}
