//! committedLogDurability: no TRUNC and no SNAP takes away what is committed. Crashes are another rule's.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.committed-log-durability",
    law: "Cutting a log back, or replacing it with a leader's state, never removes a committed transaction.",
    source: "Remix MSPEC: committedLogDurability; ZOOKEEPER-4643, 1156",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for cut in &evidence.replication.cuts {
        let (Some(before), Some(after), false) = (cut.before, cut.after, cut.damaged) else {
            finding.waive();
            continue;
        };
        let committed = histories.fork(before, cut.committed);
        finding.judge(histories.is_prefix(committed, after), || {
            format!(
                "{} at {} cuts its log {} back to {}, though {} was committed",
                cut.machine,
                evidence.when(cut.note),
                histories.name(before),
                histories.name(after),
                histories.name(committed)
            )
        });
    }
}
