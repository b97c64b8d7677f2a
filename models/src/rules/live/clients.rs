//! Every client that is there is served: it did all that the plan wants of it, after the heal too.

use super::{is_over, present};
use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.clients",
    law: "At the end of the healing phase every client that takes part has finished.",
    source: "DESIGN.md, section 3: two phases; issue 2, item 5",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    if !is_over(case) {
        finding.waive();
        return;
    }
    let plan = &case.recording.plan;
    for client in present(case, plan.replicas(), plan.replicas() + plan.clients.len() as u16) {
        finding.judge(case.clients.finished.iter().any(|(_, machine)| *machine == client), || format!("client {client} has not finished"));
    }
}
