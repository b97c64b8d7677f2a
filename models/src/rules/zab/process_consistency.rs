//! processConsistency: a learner that acknowledges NEWLEADER has its leader's history. It looks at that moment only; what comes later is for the rules on histories.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.process-consistency",
    law: "When a learner adopts an epoch, its log begins with the leader's initial history and goes no other way than the leader's own; a state it took over was its leader's.",
    source: "Remix MSPEC: processConsistency; ZOOKEEPER-2845, 3911, 1154",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for adoption in &case.ensemble.adoptions {
        let Some(log) = adoption.log else {
            finding.waive();
            continue;
        };
        let lawful = adoption.offered.is_some_and(|(initial, head)| histories.is_prefix(initial, log) && histories.is_prefix(log, head))
            && histories.last(log) == adoption.last;
        finding.judge(lawful, || {
            let at = format!("{} at {} adopts {}", adoption.machine, case.when(adoption.note), adoption.epoch);
            match adoption.offered {
                None => format!("{at} of {}, which does not lead it", adoption.leader),
                Some((initial, head)) => format!(
                    "{at} with the log {}, which it says ends at {}; its leader, {}, began with {} and has {}",
                    histories.name(log),
                    adoption.last,
                    adoption.leader,
                    histories.name(initial),
                    histories.name(head)
                ),
            }
        });
    }
    for cut in case.ensemble.cuts.iter().filter(|cut| cut.whole_state) {
        finding.judge(cut.after.is_some(), || format!("{} at {} takes over a state at {}, which no leader sent it", cut.machine, case.when(cut.note), cut.to));
    }
}
