//! The judge: a verdict from what all rules find. It decides the order of blame; never what is right, which is the
//! rules'.

use std::collections::BTreeMap;

use contract::recording::Ending;
use contract::verdict::{Judgement, Tally, Verdict};

use crate::ending::{FINISH, INVARIANT, Outcome, RUNAWAY, finish, invariant, runaway};
use crate::rule::{Finding, Footing, Law, RuleAbout, Side};
use crate::rules::Rules;

impl<L: Law> Rules<L> {
    /// What people read of all rules by which a recording is judged, those of every system included, in the order in
    /// which a breach is told.
    pub fn all(&self) -> Vec<RuleAbout> {
        let side = |side| self.abouts().filter(move |rule| rule.side == side);
        std::iter::once(INVARIANT).chain(side(Side::Safety)).chain([RUNAWAY]).chain(side(Side::Liveness)).chain([FINISH]).collect()
    }
}

/// Judges evidence by all rules.
///
/// A panic comes first, then a process' own invariant, then what is unsafe, then what is stuck. Of several broken rules
/// the first in the order of [`Rules`] is named, and the others in its witness.
pub fn judge<L: Law>(rules: &Rules<L>, evidence: &L::Evidence<'_>, outcome: Outcome<'_>) -> Judgement {
    let mut findings = vec![(INVARIANT, invariant(&outcome)), (RUNAWAY, runaway(&outcome))];
    findings.extend(rules.find(evidence));
    findings.push((FINISH, finish(&outcome)));
    if L::is_lossy(evidence) {
        waive_what_was_lost(&mut findings);
    }
    let tallies: BTreeMap<String, Tally> = findings.iter().map(|(rule, finding)| (rule.id.to_owned(), finding.tally)).collect();
    Judgement { verdict: verdict(&findings, outcome.ending), tallies }
}

/// Faults beyond the budget destroyed something: what relies on it is not judged. The chain is relied on as long as it
/// shows no loss.
fn waive_what_was_lost(findings: &mut [(RuleAbout, Finding)]) {
    let torn = findings.iter().any(|(rule, finding)| rule.footing == Footing::Durability && rule.side == Side::Safety && finding.witness.is_some());
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

fn verdict(findings: &[(RuleAbout, Finding)], ending: &Ending) -> Verdict {
    match ending {
        Ending::Crashed { machine, place, message } => return Verdict::Crashed { place: format!("{machine}, {place}"), message: message.clone() },
        Ending::Failed { place, message } => {
            return Verdict::Crashed { place: format!("the harness itself, not a process: {place}"), message: message.clone() };
        }
        Ending::Finished | Ending::Deadline { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => {}
    }
    let broken = |side: Side| {
        let mut broken = findings.iter().filter_map(|(rule, finding)| Some((rule, finding.witness.as_ref()?))).filter(move |(rule, _)| rule.side == side);
        let (rule, witness) = broken.next()?;
        let others: Vec<&str> = broken.map(|(rule, _)| rule.id).collect();
        let also = if others.is_empty() { String::new() } else { format!(" (also broken: {})", others.join(", ")) };
        Some((rule.id.to_owned(), format!("{witness}{also}")))
    };
    let is_runaway = matches!(ending, Ending::Runaway { .. });
    if let Some((rule, witness)) = broken(Side::Safety).filter(|_| !is_runaway) {
        Verdict::Broken { rule, witness }
    } else if let Some((rule, witness)) = broken(Side::Liveness) {
        Verdict::Stuck { rule, witness: format!("{witness}{}", waiting(ending)) }
    } else {
        Verdict::Holds
    }
}

/// What the driver of a run saw waiting when the bound had passed.
fn waiting(ending: &Ending) -> String {
    match ending {
        Ending::Deadline { waiting } if !waiting.is_empty() => format!("; waiting: {}", waiting.join("; ")),
        Ending::Deadline { .. } | Ending::Finished | Ending::Crashed { .. } | Ending::Failed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::ids::MachineId;

    use super::*;
    use crate::rule::Rule;

    /// Evidence is the list of rules that break.
    struct Words;
    impl Law for Words {
        type Evidence<'r> = (&'r [&'static str], bool);
        fn is_lossy(evidence: &Self::Evidence<'_>) -> bool {
            evidence.1
        }
    }

    fn rules() -> Rules<Words> {
        fn rule(id: &'static str, side: Side, footing: Footing, check: for<'e, 'r> fn(&'e <Words as Law>::Evidence<'r>, &mut Finding)) -> Rule<Words> {
            Rule { id, law: "", source: "", scope: "", side, footing, check }
        }
        Rules::of(&[
            rule("cause", Side::Safety, Footing::Durability, |(broken, _), finding| finding.judge(!broken.contains(&"cause"), || "a cause".into())),
            rule("effect", Side::Safety, Footing::Chain, |(broken, _), finding| finding.judge(!broken.contains(&"effect"), || "an effect".into())),
            rule("live", Side::Liveness, Footing::Firm, |(broken, _), finding| finding.judge(!broken.contains(&"live"), || "nothing comes".into())),
        ])
    }

    fn verdict_of(broken: &[&'static str], lossy: bool, ending: &Ending) -> (&'static str, String) {
        match judge(&rules(), &(broken, lossy), Outcome { ending, events: 7, bound_ms: 50 }).verdict {
            Verdict::Holds => ("holds", String::new()),
            Verdict::Broken { rule, witness } => ("broken", format!("{rule}: {witness}")),
            Verdict::Stuck { rule, witness } => ("stuck", format!("{rule}: {witness}")),
            Verdict::Crashed { place, message } => ("crashed", format!("{place}: {message}")),
        }
    }

    #[test]
    fn blame_goes_to_panics_then_safety_then_liveness_and_causes_before_effects() {
        let check = |broken: &[&'static str], ending: Ending, word: &str, told: &str| {
            assert_eq!(verdict_of(broken, false, &ending), (word, told.into()));
        };
        let late = || Ending::Deadline { waiting: vec!["machine 0 is down".into()] };
        check(&[], Ending::Finished, "holds", "");
        check(&["effect"], Ending::Finished, "broken", "effect: an effect");
        check(&["live", "effect", "cause"], Ending::Finished, "broken", "cause: a cause (also broken: effect)");
        check(&["live"], Ending::Finished, "stuck", "live: nothing comes");
        check(&[], late(), "stuck", "live.finish: after 50 ms of healing, 1 things are not done; waiting: machine 0 is down");
        check(&["cause"], Ending::Runaway { events: 9 }, "stuck", "live.runaway: 9 events and no end: something spins");
        check(&["cause"], Ending::Inconsistent { machine: MachineId(1), what: "x".into() }, "broken", "process.invariant: machine 1: x (also broken: cause)");
        check(&["cause"], Ending::Crashed { machine: MachineId(1), place: "a.rs:1".into(), message: "b".into() }, "crashed", "machine 1, a.rs:1: b");
        check(&["cause"], Ending::Failed { place: "link.rs:1".into(), message: "b".into() }, "crashed", "the harness itself, not a process: link.rs:1: b");
    }

    #[test]
    fn what_was_lost_beyond_the_budget_is_waived_and_counted() {
        let ending = Ending::Finished;
        assert_eq!(verdict_of(&["cause", "effect"], true, &ending).0, "holds");
        assert_eq!(verdict_of(&["effect"], true, &ending), ("broken", "effect: an effect".into()), "the chain shows no loss");
        let tallies = judge(&rules(), &(&["cause"][..], true), Outcome { ending: &ending, events: 7, bound_ms: 0 }).tallies;
        assert_eq!(tallies["cause"], Tally { judged: 0, waived: 1 });
        assert_eq!((tallies["process.invariant"].judged, tallies["live"].judged), (7, 1));
    }
}
