//! Agreement: of what two servers deliver, one has all that the other has. It compares sets; their order is `total_order`'s.

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.agreement",
    law: "If one server delivers a and another delivers b, then the one delivers b or the other delivers a.",
    source: "Zab.tla, ZkV3_7_0.tla: Agreement; Remix I-3",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    let mut most = (MachineId(0), History::EMPTY);
    for delivery in &evidence.replication.deliveries {
        let (first, longest) = most;
        let longer = histories.is_prefix(longest, delivery.history);
        finding.judge(longer || histories.is_prefix(delivery.history, longest), || {
            format!(
                "{} at {} has delivered {}, and {first} {}; each lacks something of the other's",
                delivery.machine,
                evidence.when(delivery.note),
                histories.name(delivery.history),
                histories.name(longest)
            )
        });
        if longer {
            most = (delivery.machine, delivery.history);
        }
    }
}
