//! The judge: a verdict from what all rules find. It decides the order of blame; never what is right, which is the rules'.

use std::collections::BTreeMap;

use vocab::recording::{Ending, Recording};
use vocab::verdict::{Judgement, Tally, Verdict};

use crate::case::Case;
use crate::rules::{Finding, Footing, RULES, Rule, is_liveness};

/// Judges a recording by all rules.
///
/// A panic comes first, then a process' own invariant, then what is unsafe, then what is stuck. Of several broken rules the first in [`RULES`] is named, and the others in its witness.
pub fn judge(recording: &Recording) -> Judgement {
    let case = Case::new(recording);
    let mut findings: Vec<(&Rule, Finding)> = RULES.iter().map(|rule| (rule, found(rule, &case))).collect();
    if case.ensemble.lossy {
        waive_what_was_lost(&mut findings);
    }
    let tallies: BTreeMap<String, Tally> = findings.iter().map(|(rule, finding)| (rule.id.to_owned(), finding.tally)).collect();
    Judgement { verdict: verdict(&findings, recording), tallies }
}

fn found(rule: &Rule, case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    (rule.check)(case, &mut finding);
    finding
}

/// Faults beyond the budget destroyed something: what relies on it is not judged. The chain is relied on as long as it shows no loss.
fn waive_what_was_lost(findings: &mut [(&Rule, Finding)]) {
    let torn = findings.iter().any(|(rule, finding)| rule.footing == Footing::Durability && is_safety(rule) && finding.witness.is_some());
    for (rule, finding) in findings {
        let waived = match rule.footing {
            Footing::Firm => false,
            Footing::Durability => true,
            Footing::Chain => torn,
        };
        if waived {
            finding.witness = None;
            finding.tally.waived += std::mem::take(&mut finding.tally.judged);
        }
    }
}

fn is_safety(rule: &Rule) -> bool {
    !is_liveness(rule.id)
}

fn verdict(findings: &[(&Rule, Finding)], recording: &Recording) -> Verdict {
    if let Ending::Crashed { machine, place, message } = &recording.ending {
        return Verdict::Crashed { place: format!("{machine}, {place}"), message: message.clone() };
    }
    let broken = |safety: bool| {
        let mut broken =
            findings.iter().filter_map(|(rule, finding)| Some((rule, finding.witness.as_ref()?))).filter(move |(rule, _)| is_safety(rule) == safety);
        let (rule, witness) = broken.next()?;
        let others: Vec<&str> = broken.map(|(rule, _)| rule.id).collect();
        let also = if others.is_empty() { String::new() } else { format!(" (also broken: {})", others.join(", ")) };
        Some((rule.id.to_owned(), format!("{witness}{also}")))
    };
    let runaway = matches!(recording.ending, Ending::Runaway { .. });
    if let Some((rule, witness)) = broken(true).filter(|_| !runaway) {
        Verdict::Broken { rule, witness }
    } else if let Some((rule, witness)) = broken(false) {
        Verdict::Stuck { rule, witness: format!("{witness}{}", waiting(&recording.ending)) }
    } else {
        Verdict::Holds
    }
}

/// What the driver of a run saw waiting when the bound had passed.
fn waiting(ending: &Ending) -> String {
    match ending {
        Ending::Deadline { waiting } if !waiting.is_empty() => format!("; waiting: {}", waiting.join("; ")),
        Ending::Deadline { .. } | Ending::Finished | Ending::Crashed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => String::new(),
    }
}
