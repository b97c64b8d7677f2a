//! A quorum is one of the configuration that the history ends with, and each of its members had said that it has what the quorum commits. Never a look at the disks, which is `ack_durable`'s, nor at the configuration that gives way, which is `joint_quorum`'s.

use std::collections::BTreeSet;

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::quorums;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.quorum",
    law: "What a leader commits, its initial history included, is its own history, and a quorum of distinct voters of its configuration had acknowledged it: a majority, or what weights and groups make of it.",
    source: "Zab (DSN 2011), section 4, phases 2 and 3; Leader.java, hasAllQuorums; QuorumHierarchical.java",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let replication = &evidence.replication;
    for commit in &replication.commits {
        let members: BTreeSet<MachineId> = commit.quorum.iter().copied().collect();
        let voters = members.iter().all(|member| member.index() < replication.replicas.len());
        let config = &replication.configs.get(commit.force.next.unwrap_or(commit.force.active)).config;
        let enough = members.len() == commit.quorum.len() && voters && quorums::is_quorum(config, &members);
        let what = if commit.establishes { "its initial history up to" } else { "" };
        let at = || format!("{} at {} commits {what} {}", commit.machine, evidence.when(commit.note), commit.zxid);
        finding.judge(enough && commit.unvouched.is_empty() && commit.history.is_some(), || {
            if commit.leadership.is_none() {
                format!("{}, but leads no epoch", at())
            } else if commit.history.is_none() {
                format!("{}, which its history does not have", at())
            } else if enough {
                format!("{} by the quorum {:?}, of which {:?} had not acknowledged it", at(), numbers(commit.quorum), numbers(&commit.unvouched))
            } else {
                let voters: Vec<MachineId> = config.voters.iter().copied().collect();
                format!(
                    "{} by {:?}, which is no quorum of {:?}{}",
                    at(),
                    numbers(commit.quorum),
                    numbers(&voters),
                    if config.groups.is_empty() { "" } else { " in their groups" }
                )
            }
        });
    }
}

pub fn numbers(machines: &[MachineId]) -> Vec<u16> {
    machines.iter().map(|machine| machine.0).collect()
}
