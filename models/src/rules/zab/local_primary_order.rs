//! LocalPrimaryOrder: a primary's transactions are delivered in the order of their broadcast, all of them.
//!
//! The published formula says that there *exist* two transactions which are equal or in order, which any one transaction satisfies with itself. It is stated here as it was meant: for *all* a and b that one primary
//! broadcast in this order, whoever delivers b has delivered a before.

use vocab::ids::MachineId;

use crate::case::Case;
use crate::case::histories::History;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.local-primary-order",
    law: "For all a and b such that one primary broadcast a before b, a server that delivers b has delivered a before.",
    source: "Zab (DSN 2011), section 3, local primary order; Zab.tla: LocalPrimaryOrder (vacuous as written); Remix I-5",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    // What each primary had broadcast just before a transaction; the end of its initial history for its first.
    let mut before: Vec<Option<(MachineId, History)>> = vec![None; histories.count()];
    for proposal in &case.ensemble.proposals {
        before[histories.transaction(proposal.history)].get_or_insert((proposal.machine, proposal.before));
    }
    for delivery in &case.ensemble.deliveries {
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
                case.when(delivery.note),
                histories.name(delivery.before)
            )
        });
    }
}
