//! Every replica has the state that the chain leads to. States off the chain, of transactions that were logged and cut off again, are waived.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.replica-state",
    law: "The tree and the sessions of a replica after a transaction are the reference's after it, after recoveries and state transfers too.",
    source: "issue 2, item 5: the znode reference model; ZOOKEEPER-3249, 3144, 3023",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let ensemble = &case.ensemble;
    for shown in &ensemble.shown {
        let on_chain = shown.history.filter(|history| ensemble.histories.is_prefix(*history, ensemble.committed));
        let expected = on_chain.and_then(|history| case.course.digests.get(ensemble.histories.length(history) as usize));
        let (Some(expected), Some(history)) = (expected, on_chain) else {
            finding.waive();
            continue;
        };
        finding.judge(*expected == shown.digest, || {
            format!(
                "{} at {} has a state with digest {:x} after {}; the reference has {:x}",
                shown.machine,
                case.when(shown.note),
                shown.digest.0,
                ensemble.histories.name(history),
                expected.0
            )
        });
    }
}
