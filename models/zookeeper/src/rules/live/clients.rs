//! Every client that is there is served: it did all that the plan wants of it, after the heal too.

use judging::{Finding, Footing, Rule, Side};

use super::{is_over, present};
use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "live.clients",
    law: "At the end of the healing phase every client that takes part has finished.",
    source: "ARCHITECTURE.md, Two phases of a run; issue 2, item 5",
    scope: "live",
    side: Side::Liveness,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    if !is_over(evidence) {
        finding.waive();
        return;
    }
    let settings = evidence.view.plan.settings;
    for client in present(evidence, settings.replicas(), settings.machines()) {
        finding.judge(evidence.clients.finished.iter().any(|(_, machine)| *machine == client), || format!("client {client} has not finished"));
    }
}
