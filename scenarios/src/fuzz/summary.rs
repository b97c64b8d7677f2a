//! What a fuzz found: counts, and the failures. Data for whoever prints it; never a text of its own but the command that repeats a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use vocab::verdict::{Tally, Verdict};

use super::{Complaint, Outcome, Wish};
use crate::change::Changes;
use crate::probes::probes;

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
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// Its family.
    pub family: &'static str,
    /// The verdict, with its witness.
    pub verdict: Verdict,
    /// The one command that repeats it.
    pub command: String,
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
    /// By rule: what it judged and what it had to leave alone.
    pub rules: BTreeMap<String, Tally>,
}

/// The counts of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilySummary {
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
    /// Seeds that every family has run.
    pub seeds: u64,
    /// All runs together.
    pub total: Count,
    /// The families, in the order of the wish.
    pub families: Vec<FamilySummary>,
    /// Runs that hit each probe, in the order of [`probes`].
    pub probes: Vec<u64>,
    /// The failures in order, the first [`FAILURES_KEPT`] of them.
    pub failures: Vec<Failure>,
    /// What is wrong with the fuzz itself: rules that judged nothing, probes never hit.
    pub complaints: Vec<Complaint>,
    /// Processor time of this whole process while it ran.
    pub cpu: Duration,
    /// Real time.
    pub wall: Duration,
}

impl Summary {
    pub(super) fn new(wish: &Wish) -> Self {
        Summary {
            end: End::Done,
            seeds: 0,
            total: Count::default(),
            families: wish.families.iter().map(|family| FamilySummary { name: family.name, count: Count::default() }).collect(),
            probes: vec![0; probes().len()],
            failures: vec![],
            complaints: vec![],
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
        }
    }

    /// Adds the next run in order, and says what failed.
    pub(super) fn count(&mut self, seed: u64, family: &'static str, outcome: &Outcome, changes: &Changes) -> Option<Failure> {
        let place = self.total.runs as usize % self.families.len();
        self.total.add(outcome);
        self.families[place].count.add(outcome);
        self.seeds = self.total.runs / self.families.len() as u64;
        for (i, hits) in self.probes.iter_mut().enumerate() {
            *hits += u64::from(outcome.hits.has(i));
        }
        (outcome.verdict != Verdict::Holds).then(|| Failure { seed, family, verdict: outcome.verdict.clone(), command: command(family, seed, changes) })
    }

    pub(super) fn keep(&mut self, failure: Failure) {
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
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.failed += u64::from(outcome.verdict != Verdict::Holds);
        self.events += outcome.events;
        self.facts += outcome.facts;
        self.virtual_ns += u128::from(outcome.virtual_ns);
        for (rule, tally) in &outcome.tallies {
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

/// The command that repeats a run.
fn command(family: &str, seed: u64, changes: &Changes) -> String {
    format!("stormglass run --family {family} --seed {seed}{changes}")
}
