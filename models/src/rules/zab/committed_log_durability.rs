//! committedLogDurability: no TRUNC and no SNAP takes away what is committed. Crashes are another rule's.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.committed-log-durability",
    law: "Cutting a log back, or replacing it with a leader's state, never removes a committed transaction.",
    source: "Remix MSPEC: committedLogDurability; ZOOKEEPER-4643, 1156",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for cut in &case.ensemble.cuts {
        let (Some(before), Some(after), false) = (cut.before, cut.after, cut.damaged) else {
            finding.waive();
            continue;
        };
        let committed = histories.fork(before, cut.committed);
        finding.judge(histories.is_prefix(committed, after), || {
            format!(
                "{} at {} cuts its log {} back to {}, though {} was committed",
                cut.machine,
                case.when(cut.note),
                histories.name(before),
                histories.name(after),
                histories.name(committed)
            )
        });
    }
}
