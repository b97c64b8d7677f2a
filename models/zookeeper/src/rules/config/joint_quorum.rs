//! Joint quorums: where a configuration gives way to another, both decide. Commits under one configuration are `zab.quorum`'s alone.

use std::collections::BTreeSet;

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::quorums;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "config.joint-quorum",
    law: "A reconfig, by itself or at the end of an initial history, is committed only with a quorum of the old configuration and one of the new.",
    source: "Shraer et al., Dynamic Reconfiguration of Primary/Backup Clusters (USENIX ATC 2012), section 3.2; Leader.java, propose; SyncedLearnerTracker.java",
    scope: "config",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let configs = &evidence.replication.configs;
    for commit in &evidence.replication.commits {
        let Some(next) = commit.force.next else { continue };
        let members: BTreeSet<MachineId> = commit.quorum.iter().copied().collect();
        for index in [commit.force.active, next] {
            let config = &configs.get(index).config;
            finding.judge(quorums::is_quorum(config, &members), || {
                let numbers = |machines: &BTreeSet<MachineId>| machines.iter().map(|machine| machine.0).collect::<Vec<_>>();
                format!(
                    "{} at {} commits {} by {:?}, which is no quorum of configuration {}: {:?}",
                    commit.machine,
                    evidence.when(commit.note),
                    commit.zxid,
                    numbers(&members),
                    config.version,
                    numbers(&config.voters)
                )
            });
        }
    }
}
