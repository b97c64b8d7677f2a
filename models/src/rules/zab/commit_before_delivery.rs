//! Commit before delivery: nobody applies what no leader has committed yet. It compares moments, so it sees a replica that runs ahead even of what is committed later.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.commit-before-delivery",
    law: "A server delivers a transaction only after a leader had committed it.",
    source: "Zab (DSN 2011), section 4, phase 3: followers deliver on COMMIT",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let ensemble = &case.ensemble;
    for delivery in &ensemble.deliveries {
        let length = ensemble.histories.length(delivery.history) as usize;
        let committed = ensemble.committed_at.get(length).filter(|_| ensemble.histories.is_prefix(delivery.history, ensemble.committed));
        finding.judge(committed.is_some_and(|committed| *committed < delivery.note), || {
            let name = ensemble.histories.name(delivery.history);
            let when = committed.map_or_else(|| "never committed".to_owned(), |note| format!("committed at {}", case.when(*note)));
            format!("{} at {} delivers {name}, which is {when}", delivery.machine, case.when(delivery.note))
        });
    }
}
