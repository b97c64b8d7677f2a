//! Without a connection nobody does what needs one: no checkpoint is triggered or completed while the session is SUSPENDED or LOST.

use std::collections::BTreeMap;

use vocab::fact::ConnectionState;
use vocab::ids::MachineId;
use vocab::stream::MasterFact;
use vocab::stream::state::SnapshotKind;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.suspend",
    law: "From the step after the one in which its session is SUSPENDED or LOST, until there is a connection again, a master triggers no checkpoint and completes none.",
    source: "catalogue, HA-SUSPEND; Flink: high-availability.zookeeper.client.tolerate-suspended-connections",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut away: BTreeMap<MachineId, u64> = BTreeMap::new();
    for spoken in &stream.spoken {
        let (job, id) = match spoken.said {
            Said::Session(ConnectionState::Suspended | ConnectionState::Lost) => {
                away.entry(spoken.machine).or_insert(spoken.at_ns);
                continue;
            }
            Said::Session(ConnectionState::Connected | ConnectionState::Reconnected) | Said::Gone => {
                away.remove(&spoken.machine);
                continue;
            }
            Said::Master(MasterFact::Triggered { job, checkpoint, .. }) => (job, checkpoint),
            Said::Master(MasterFact::Completed { job, checkpoint, kind: SnapshotKind::Checkpoint, .. }) => (job, checkpoint),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Frozen(_) => continue,
        };
        let since = away.get(&spoken.machine).filter(|since| **since < spoken.at_ns);
        finding.judge(since.is_none(), || {
            format!("{} triggers or completes {} at {}, without a connection since {since:?} ns", spoken.machine, name(*job, *id), case.when(spoken.note))
        });
    }
}
