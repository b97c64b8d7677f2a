//! A purge is safe: what is thrown away is not needed. Which files there are is worked out in `evidence::files`.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "disk.purge-safe",
    law: "After every purge, and at every start, the newest snapshot that can be read and the logs after it reach the end of what is durable; and as many snapshots are left as are to be kept.",
    source: "ZooKeeper, PurgeTxnLog.retainNRecentSnapshots; ZOOKEEPER-3231; issue 5: snapshots and logs",
    scope: "disk",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let retain = evidence.view.plan.settings.coordination.snap_retain as usize;
    for look in &evidence.files.looks {
        let at = || format!("{} at {}", look.machine, evidence.when(look.note));
        finding.judge(look.reach >= look.end, || {
            let when = if look.purge.is_some() { "after its purge" } else { "with the files that it found" };
            format!("{}: {when}, a recovery comes as far as {}, and {} is durable", at(), look.reach, look.end)
        });
        if let Some(purge) = look.purge {
            finding.judge(purge.after >= purge.before.min(retain), || {
                format!("{}: of {} snapshots its purge leaves {}, and is to keep {retain}", at(), purge.before, purge.after)
            });
        }
    }
}
