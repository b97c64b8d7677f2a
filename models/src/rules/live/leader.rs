//! A leader within a bound: when the healing phase ends, one replica leads, is established, and serves. How long it took is the plan's bound.

use vocab::ids::MachineId;

use super::{is_over, present};
use crate::case::Case;
use crate::case::replica::Replica;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.leader",
    law: "At the end of the healing phase one replica is an established leader that serves.",
    source: "Zab (DSN 2011), section 3, liveness; Zab.tla: a leader is eventually established",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    if !is_over(case) {
        finding.waive();
        return;
    }
    let leads = |machine: &MachineId| {
        let replica = &case.ensemble.replicas[machine.index()];
        let established = replica.leading.is_some_and(|leadership| case.ensemble.leaderships[leadership].established.is_some());
        established && replica.serving.is_some()
    };
    let leaders = present(case, 0, case.recording.plan.replicas()).filter(leads).count();
    finding.judge(leaders > 0, || {
        let roles: Vec<String> = case.ensemble.replicas.iter().enumerate().map(|(at, replica)| format!("{at}: {}", role(replica))).collect();
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
