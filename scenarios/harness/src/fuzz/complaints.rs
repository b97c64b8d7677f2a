//! What can be wrong with a fuzz though every run holds: a rule that had nothing to judge, a state that no storm
//! reached. A green night must mean something.

use std::fmt;

use super::{Count, Summary, Wish};

/// After so many runs of a family a rule that judged nothing in any of them is idle: the rules of the rarest recipe
/// judge something in every fifth run.
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
    /// A bug was switched on, and no run failed.
    Unseen {
        /// The plants.
        plants: Vec<String>,
        /// In so many runs.
        runs: u64,
    },
    /// Faults did not strike, and the fuzz is strict.
    Inert {
        /// So many waited for what did not come.
        never: u64,
        /// So many the budget did not permit.
        spared: u64,
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
            Complaint::Unseen { plants, runs } => write!(f, "nothing saw {} in {runs} runs: no rule broke", plants.join(" and ")),
            Complaint::Inert { never, spared } => write!(f, "{never} faults never struck, {spared} were spared by the fault budget"),
            Complaint::Unhit { probe, seeds } => write!(f, "probe {probe} was never hit in {seeds} seeds"),
        }
    }
}

/// Looks for them. With a plant switched on a run must fail; with it or anything else changed, the runs are not what
/// they should be, and nothing else is demanded.
pub(super) fn complaints(wish: &Wish<'_>, summary: &Summary) -> Vec<Complaint> {
    let mut found = vec![];
    if !wish.changes.plants.is_empty() && summary.total.failed == 0 {
        found.push(Complaint::Unseen { plants: wish.changes.plants.clone(), runs: summary.total.runs });
    }
    let Count { never, spared, .. } = summary.total;
    if wish.strict && never + spared > 0 {
        found.push(Complaint::Inert { never, spared });
    }
    if !wish.changes.is_none() {
        return found;
    }
    for (source, family) in wish.sources.iter().zip(&summary.families).filter(|(_, family)| family.count.runs >= IDLE_RUNS) {
        let idle = family.count.rules.iter().filter(|(rule, tally)| tally.judged == 0 && source.excuse(rule).is_none());
        found.extend(idle.map(|(rule, _)| Complaint::Idle { family: family.name, rule: rule.clone(), runs: family.count.runs }));
    }
    // Some states have a family of their own, so that no probe can be demanded of fewer than all.
    if wish.is_all && summary.seeds >= PROBE_SEEDS {
        let unhit = summary.probes.iter().filter(|(probe, hits)| probe.required && *hits == 0);
        found.extend(unhit.map(|(probe, _)| Complaint::Unhit { probe: probe.name, seeds: summary.seeds }));
    }
    found
}
