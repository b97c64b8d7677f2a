//! Acknowledge after durable: whatever a replica tells others that it has is in its durable log by then. A log that damage has made unknowable is waived.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.ack-durable",
    law: "What a replica acknowledges, votes with or leads with is in its durable log.",
    source: "Zab (DSN 2011), section 4: a follower acknowledges after it has written to stable storage; ZOOKEEPER-4646, 4712",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    // Counter 0 stands for NEWLEADER, which is no transaction.
    for claim in evidence.replication.claims.iter().filter(|claim| claim.what != "ack" || claim.zxid.counter() != 0) {
        match claim.durable {
            None => finding.waive(),
            Some(durable) => finding.judge(claim.held, || {
                format!("{} at {}: its {} is of {}, but its durable log ends at {durable}", claim.machine, evidence.when(claim.note), claim.what, claim.zxid)
            }),
        }
    }
}
