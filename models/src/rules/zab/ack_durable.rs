//! Acknowledge after durable: whatever a replica tells others that it has is in its durable log by then. A log that damage has made unknowable is waived.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.ack-durable",
    law: "What a replica acknowledges, votes with or leads with is in its durable log.",
    source: "Zab (DSN 2011), section 4: a follower acknowledges after it has written to stable storage; ZOOKEEPER-4646, 4712",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    // Counter 0 stands for NEWLEADER, which is no transaction.
    for claim in case.ensemble.claims.iter().filter(|claim| claim.what != "ack" || claim.zxid.counter() != 0) {
        match claim.durable {
            None => finding.waive(),
            Some(durable) => finding.judge(claim.held, || {
                format!("{} at {}: its {} is of {}, but its durable log ends at {durable}", claim.machine, case.when(claim.note), claim.what, claim.zxid)
            }),
        }
    }
}
