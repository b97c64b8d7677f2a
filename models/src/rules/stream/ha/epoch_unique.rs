//! Every grant has a token of its own, and nobody speaks under another's.

use std::collections::BTreeSet;

use vocab::stream::ids::LeaderId;
use vocab::stream::{MasterFact, WorkerFact};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.epoch-unique",
    law: "No token is granted twice; a worker registers with one that was granted before, and heeds no call under another; a master restores, triggers and completes under its own grant, after it.",
    source: "catalogue, HA-EPOCH-UNIQUE; Flink: FencedRpcEndpoint",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut granted: BTreeSet<LeaderId> = BTreeSet::new();
    for spoken in &stream.spoken {
        let (leader, is_own) = match spoken.said {
            Said::Master(MasterFact::Granted { leader, .. }) => {
                finding.judge(granted.insert(*leader), || format!("{leader} is granted again at {}", case.when(spoken.note)));
                continue;
            }
            Said::Master(MasterFact::Restoring { leader, .. } | MasterFact::Triggered { leader, .. } | MasterFact::Completed { leader, .. }) => {
                (leader, stream.grant(*leader).is_some_and(|grant| grant.machine == spoken.machine))
            }
            Said::Worker(WorkerFact::Registered { leader, .. }) => (leader, true),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => continue,
        };
        finding.judge(is_own && granted.contains(leader), || {
            format!("{} acts under {leader} at {}; granted before: {}, its own: {is_own}", spoken.machine, case.when(spoken.note), granted.contains(leader))
        });
    }
}
