//! History consistency: replicas of one epoch differ only in how far they are. A learner that is still synchronising is of no epoch yet, and not judged.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Epoch;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.history-consistency",
    law: "The logs of replicas with the same current epoch are prefixes of one another.",
    source: "Remix I-10; ZOOKEEPER-4712, 3104",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    let mut longest: BTreeMap<Epoch, (MachineId, History)> = BTreeMap::new();
    for settled in &evidence.replication.settled {
        let (machine, log) = longest.entry(settled.epoch).or_insert((settled.machine, settled.log));
        let (first, second) = (*machine, *log);
        let longer = histories.is_prefix(second, settled.log);
        finding.judge(longer || histories.is_prefix(settled.log, second), || {
            format!(
                "{} at {} has the log {} in {}, and {first} has {}",
                settled.machine,
                evidence.when(settled.note),
                histories.name(settled.log),
                settled.epoch,
                histories.name(second)
            )
        });
        if longer {
            (*machine, *log) = (settled.machine, settled.log);
        }
    }
}
