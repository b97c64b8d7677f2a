//! Epochs only rise: the accepted one with promises, the current one with every adoption, and neither falls over a restart. A replica whose disk was damaged may forget its own.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::said::EpochKind;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.epochs-rise",
    law: "A replica never promises a lower epoch than before, adopts none but the one it promised, leads only epochs above all it had adopted, and forgets neither over a restart.",
    source: "Zab (DSN 2011), section 4, phase 1; Learner.java, registerWithLeader; QuorumPeer.java, loadDataBase",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for step in &evidence.replication.epochs {
        let at = || format!("{} at {}", step.machine, evidence.when(step.note));
        match step.kind {
            EpochKind::Accepted => finding.judge(step.after >= step.before, || format!("{} promises {} after {}", at(), step.after, step.before)),
            EpochKind::Current { accepted } => finding.judge(step.after >= step.before && step.after == accepted, || {
                format!("{} adopts {}, with {} adopted and {accepted} promised before", at(), step.after, step.before)
            }),
        }
    }
    for leadership in &evidence.replication.leaderships {
        finding.judge(leadership.epoch > leadership.epoch_before, || {
            format!(
                "{} at {} leads {}, and had adopted {} before",
                leadership.machine,
                evidence.when(leadership.note),
                leadership.epoch,
                leadership.epoch_before
            )
        });
    }
    for recovery in &evidence.replication.recoveries {
        if recovery.damaged {
            finding.waive();
            continue;
        }
        let ((accepted, accepted_now), (current, current_now)) = (recovery.accepted, recovery.current);
        finding.judge(accepted_now >= accepted && current_now >= current && accepted_now >= current_now, || {
            format!(
                "{} at {} recovers {accepted_now} accepted and {current_now} current; before, it had {accepted} accepted and {current} current",
                recovery.machine,
                evidence.when(recovery.note)
            )
        });
    }
}
