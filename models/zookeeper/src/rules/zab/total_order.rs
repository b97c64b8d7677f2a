//! TotalOrder: all servers deliver in one order. Each delivery is compared with the first of the same transaction by anybody.

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.total-order",
    law: "If some server delivers a before b, then any server that delivers b delivered a before.",
    source: "Zab.tla, ZkV3_7_0.tla: TotalOrder; Remix I-4",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    let mut first: Vec<Option<(MachineId, History)>> = vec![None; histories.count()];
    for delivery in &evidence.replication.deliveries {
        let at = || format!("{} at {} delivers {}", delivery.machine, evidence.when(delivery.note), delivery.zxid);
        finding.judge(delivery.in_order, || format!("{} after {}, which is not the one before it", at(), histories.name(delivery.before)));
        let (machine, history) = *first[histories.transaction(delivery.history)].get_or_insert((delivery.machine, delivery.history));
        finding.judge(history == delivery.history, || {
            let (here, there) = (histories.parent(delivery.history), histories.parent(history));
            format!("{} after {}, and {machine} delivered it after {}", at(), histories.name(here), histories.name(there))
        });
    }
}
