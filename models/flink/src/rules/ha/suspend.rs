//! Without a connection nobody does what needs one: no checkpoint is triggered or completed while the session is
//! SUSPENDED or LOST.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use flink_words::fact::MasterFact;
use flink_words::state::SnapshotKind;
use judging::{Finding, Footing, Side};
use zookeeper_words::fact::ConnectionState;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ha.suspend",
    law: "From the step after the one in which its session is SUSPENDED or LOST, until there is a connection again, a master triggers no checkpoint and completes none.",
    source: "Flink: high-availability.zookeeper.client.tolerate-suspended-connections",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut away: BTreeMap<MachineId, u64> = BTreeMap::new();
    for statement in &stream.statements {
        let (job, id) = match statement.said {
            Said::Session(ConnectionState::Suspended | ConnectionState::Lost) => {
                away.entry(statement.machine).or_insert(statement.at_ns);
                continue;
            }
            Said::Session(ConnectionState::Connected | ConnectionState::Reconnected) | Said::Gone => {
                away.remove(&statement.machine);
                continue;
            }
            Said::Master(MasterFact::Triggered { job, checkpoint, .. }) => (job, checkpoint),
            Said::Master(MasterFact::Completed { job, checkpoint, kind: SnapshotKind::Checkpoint, .. }) => (job, checkpoint),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Frozen(_) => continue,
        };
        let since = away.get(&statement.machine).filter(|since| **since < statement.at_ns);
        finding.judge(since.is_none(), || {
            format!(
                "{} triggers or completes {} at {}, without a connection since {since:?} ns",
                statement.machine,
                name(*job, *id),
                evidence.when(statement.note)
            )
        });
    }
}
