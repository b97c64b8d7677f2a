//! processConsistency: a learner that acknowledges NEWLEADER has its leader's history. It looks at that moment only; what comes later is for the rules on histories.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.process-consistency",
    law: "When a learner adopts an epoch, its log begins with the leader's initial history and goes no other way than the leader's own; a state it took over was its leader's.",
    source: "Remix MSPEC: processConsistency; ZOOKEEPER-2845, 3911, 1154",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for adoption in &evidence.replication.adoptions {
        let Some(log) = adoption.log else {
            finding.waive();
            continue;
        };
        let lawful = adoption.offered.is_some_and(|(initial, head)| histories.is_prefix(initial, log) && histories.is_prefix(log, head))
            && histories.last(log) == adoption.last;
        finding.judge(lawful, || {
            let at = format!("{} at {} adopts {}", adoption.machine, evidence.when(adoption.note), adoption.epoch);
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
    for cut in evidence.replication.cuts.iter().filter(|cut| cut.whole_state) {
        finding
            .judge(cut.after.is_some(), || format!("{} at {} takes over a state at {}, which no leader sent it", cut.machine, evidence.when(cut.note), cut.to));
    }
}
