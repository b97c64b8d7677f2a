//! A leader within a bound: when the healing phase ends, one replica leads, is established, and serves. How long it took is the plan's bound.

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use super::{is_over, present};
use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::replica::Replica;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "live.leader",
    law: "At the end of the healing phase one replica is an established leader that serves.",
    source: "Zab (DSN 2011), section 3, liveness; Zab.tla: a leader is eventually established",
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
    let leads = |machine: &MachineId| {
        let replica = &evidence.replication.replicas[machine.index()];
        let established = replica.leading.is_some_and(|leadership| evidence.replication.leaderships[leadership].established.is_some());
        established && replica.serving.is_some()
    };
    let leaders = present(evidence, 0, evidence.view.plan.settings.replicas()).filter(leads).count();
    finding.judge(leaders > 0, || {
        let roles: Vec<String> = evidence.replication.replicas.iter().enumerate().map(|(at, replica)| format!("{at}: {}", role(replica))).collect();
        format!("no replica leads and serves; {}", roles.join(", "))
    });
}

fn role(replica: &Replica) -> String {
    match (replica.up, replica.leading, replica.leader) {
        (false, ..) => "down".into(),
        (true, Some(_), _) => format!("leads {}, serves: {}", replica.current, replica.serving.is_some()),
        (true, None, Some(leader)) => format!("elected {leader}, serves: {}", replica.serving.is_some()),
        (true, None, None) => "looks for a leader".into(),
    }
}
