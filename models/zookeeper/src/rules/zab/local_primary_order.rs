//! LocalPrimaryOrder: a primary's transactions are delivered in the order of their broadcast, all of them.
//!
//! The published formula says that there *exist* two transactions which are equal or in order, which any one transaction satisfies with itself. It is stated here as it was meant: for *all* a and b that one primary
//! broadcast in this order, whoever delivers b has delivered a before.

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.local-primary-order",
    law: "For all a and b such that one primary broadcast a before b, a server that delivers b has delivered a before.",
    source: "Zab (DSN 2011), section 3, local primary order; Zab.tla: LocalPrimaryOrder (vacuous as written); Remix I-5",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    // What each primary had broadcast just before a transaction; the end of its initial history for its first.
    let mut before: Vec<Option<(MachineId, History)>> = vec![None; histories.count()];
    for proposal in &evidence.replication.proposals {
        before[histories.transaction(proposal.history)].get_or_insert((proposal.machine, proposal.before));
    }
    for delivery in &evidence.replication.deliveries {
        let Some((primary, previous)) = before[histories.transaction(delivery.history)] else { continue };
        if histories.last(previous).epoch() != delivery.zxid.epoch() {
            continue; // The first of its epoch: nothing of this primary's comes before it.
        }
        // Delivered prefixes hold all that came before, so the one just before is enough.
        finding.judge(histories.at(delivery.before, histories.last(previous)) == Some(previous), || {
            format!(
                "{primary} broadcast {} just before {}; {} at {} delivers the second after {}",
                histories.name(previous),
                delivery.zxid,
                delivery.machine,
                evidence.when(delivery.note),
                histories.name(delivery.before)
            )
        });
    }
}
