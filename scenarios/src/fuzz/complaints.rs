//! What can be wrong with a fuzz though every run holds: a rule that had nothing to judge, a state that no storm reached. A green night must mean something.

use std::fmt;

use super::{Summary, Wish};
use crate::family::{families, family};
use crate::probes::probes;

/// After so many runs of a family a rule that judged nothing in any of them is idle: the rules of the rarest recipe judge something in every fifth run.
pub const IDLE_RUNS: u64 = 100;
/// After so many seeds of all families a required probe must have been hit.
pub const PROBE_SEEDS: u64 = 1_000;
/// Something wrong with a fuzz itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// A rule judged nothing in a family that should exercise it.
    Idle {
        /// The family.
        family: &'static str,
        /// The rule.
        rule: String,
        /// In so many runs.
        runs: u64,
    },
    /// A required probe was never hit.
    Unhit {
        /// The probe.
        probe: &'static str,
        /// In so many seeds.
        seeds: u64,
    },
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Complaint::Idle { family, rule, runs } => write!(f, "rule {rule} judged nothing in {runs} runs of family {family}, which should exercise it"),
            Complaint::Unhit { probe, seeds } => write!(f, "probe {probe} was never hit in {seeds} seeds"),
        }
    }
}

/// Looks for them. With a plant switched on, or anything else changed, the runs are not what they should be, and nothing is demanded.
pub(super) fn complaints(wish: &Wish, summary: &Summary) -> Vec<Complaint> {
    let mut found = vec![];
    if !wish.changes.is_none() {
        return found;
    }
    for FamilyRuns { name, runs, idle } in idle_rules(summary) {
        found.extend(idle.into_iter().map(|rule| Complaint::Idle { family: name, rule, runs }));
    }
    // Some states have a family of their own, so that no probe can be demanded of fewer than all.
    let of_all = families().iter().all(|family| wish.families.iter().any(|wished| wished.name == family.name));
    if of_all && summary.seeds >= PROBE_SEEDS {
        let unhit = probes().iter().zip(&summary.probes).filter(|(probe, hits)| probe.required && **hits == 0);
        found.extend(unhit.map(|(probe, _)| Complaint::Unhit { probe: probe.name, seeds: summary.seeds }));
    }
    found
}

struct FamilyRuns {
    name: &'static str,
    runs: u64,
    idle: Vec<String>,
}

fn idle_rules(summary: &Summary) -> impl Iterator<Item = FamilyRuns> {
    summary.families.iter().filter(|summary| summary.count.runs >= IDLE_RUNS).map(|summary| {
        let family = family(summary.name);
        let idle = summary.count.rules.iter().filter(|(rule, tally)| tally.judged == 0 && family.is_none_or(|family| family.excuse(rule).is_none()));
        FamilyRuns { name: summary.name, runs: summary.count.runs, idle: idle.map(|(rule, _)| rule.clone()).collect() }
    })
}
