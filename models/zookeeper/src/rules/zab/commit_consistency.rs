//! Commit consistency: who serves in an epoch has delivered what the epoch began with. A learner that has not got UPTODATE serves nobody and is not judged.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.commit-consistency",
    law: "A server serves only in an epoch that is established and that it has adopted, and the initial history of that epoch is a prefix of what it delivers.",
    source: "Remix I-9; ZOOKEEPER-3023, 4394",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for serving in &evidence.replication.servings {
        let at = || format!("{} at {} serves in {} of {}", serving.machine, evidence.when(serving.note), serving.epoch, serving.leader);
        let Some(initial) = serving.initial else {
            finding.judge(false, || format!("{}, who was never established in it", at()));
            continue;
        };
        let Some(log) = serving.log else {
            finding.waive();
            continue;
        };
        let lawful = serving.adopted && histories.is_prefix(initial, log) && histories.is_prefix(initial, serving.delivered);
        finding.judge(lawful, || {
            format!(
                "{} with the log {}, of which it has delivered {}, adopted: {}; the epoch began with {}",
                at(),
                histories.name(log),
                histories.name(serving.delivered),
                serving.adopted,
                histories.name(initial)
            )
        });
    }
    let primaries = evidence.replication.primaries();
    for delivery in &evidence.replication.deliveries {
        let Some(primary) = delivery.serving.and_then(|epoch| primaries.get(&epoch)) else { continue };
        finding.judge(histories.is_prefix(primary.initial, delivery.history), || {
            format!(
                "{} at {} delivers {} in {}, which began with {}",
                delivery.machine,
                evidence.when(delivery.note),
                histories.name(delivery.history),
                primary.epoch,
                histories.name(primary.initial)
            )
        });
    }
}
