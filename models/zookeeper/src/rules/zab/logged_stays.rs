//! What a replica has logged is there after every crash, unless a leader had it cut back or replaced. A damaged disk is waived: the budget allowed it.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.logged-stays",
    law: "After a restart a log holds all that had been logged durably and was not cut back or replaced since.",
    source: "Zab (DSN 2011), section 3: processes recover with the state on stable storage; ZOOKEEPER-4785, 2872, 1069",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for recovery in &evidence.replication.recoveries {
        if recovery.damaged || recovery.before.is_none() {
            finding.waive();
            continue;
        }
        finding.judge(recovery.found.lawful, || {
            let before = recovery.before.map_or_else(String::new, |before| evidence.replication.histories.name(before));
            format!("{} at {} recovers a log that ends at {}; it had logged {before}", recovery.machine, evidence.when(recovery.note), recovery.last)
        });
    }
}
