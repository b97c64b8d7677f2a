//! Agreement: of what two servers deliver, one has all that the other has. It compares sets; their order is `total_order`'s.

use vocab::ids::MachineId;

use crate::case::Case;
use crate::case::histories::History;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.agreement",
    law: "If one server delivers a and another delivers b, then the one delivers b or the other delivers a.",
    source: "Zab.tla, ZkV3_7_0.tla: Agreement; Remix I-3",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    let mut most = (MachineId(0), History::EMPTY);
    for delivery in &case.ensemble.deliveries {
        let (first, longest) = most;
        let longer = histories.is_prefix(longest, delivery.history);
        finding.judge(longer || histories.is_prefix(delivery.history, longest), || {
            format!(
                "{} at {} has delivered {}, and {first} {}; each lacks something of the other's",
                delivery.machine,
                case.when(delivery.note),
                histories.name(delivery.history),
                histories.name(longest)
            )
        });
        if longer {
            most = (delivery.machine, delivery.history);
        }
    }
}
