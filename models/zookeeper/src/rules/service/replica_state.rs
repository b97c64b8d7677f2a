//! Every replica has the state that the chain leads to. States off the chain, of transactions that were logged and cut off again, are waived.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.replica-state",
    law: "The tree and the sessions of a replica after a transaction are the reference's after it, after recoveries and state transfers too.",
    source: "issue 2, item 5: the znode reference model; ZOOKEEPER-3249, 3144, 3023",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let replication = &evidence.replication;
    for shown in &replication.shown {
        let on_chain = shown.history.filter(|history| replication.histories.is_prefix(*history, replication.committed));
        let expected = on_chain.and_then(|history| evidence.chain.digests.get(replication.histories.length(history) as usize));
        let (Some(expected), Some(history)) = (expected, on_chain) else {
            finding.waive();
            continue;
        };
        finding.judge(*expected == shown.digest, || {
            format!(
                "{} at {} has a state with digest {:x} after {}; the reference has {:x}",
                shown.machine,
                evidence.when(shown.note),
                shown.digest.0,
                replication.histories.name(history),
                expected.0
            )
        });
    }
}
