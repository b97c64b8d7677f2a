//! Joint quorums: where a configuration gives way to another, both decide. Commits under one configuration are `zab.quorum`'s alone.

use std::collections::BTreeSet;

use vocab::ids::MachineId;

use crate::case::Case;
use crate::quorums;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "config.joint-quorum",
    law: "A reconfig, by itself or at the end of an initial history, is committed only with a quorum of the old configuration and one of the new.",
    source: "Shraer et al., Dynamic Reconfiguration of Primary/Backup Clusters (USENIX ATC 2012), section 3.2; Leader.java, propose; SyncedLearnerTracker.java",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let configs = &case.ensemble.configs;
    for commit in &case.ensemble.commits {
        let Some(next) = commit.force.next else { continue };
        let members: BTreeSet<MachineId> = commit.quorum.iter().copied().collect();
        for index in [commit.force.active, next] {
            let config = &configs.get(index).config;
            finding.judge(quorums::is_quorum(config, &members), || {
                let numbers = |machines: &BTreeSet<MachineId>| machines.iter().map(|machine| machine.0).collect::<Vec<_>>();
                format!(
                    "{} at {} commits {} by {:?}, which is no quorum of configuration {}: {:?}",
                    commit.machine,
                    case.when(commit.note),
                    commit.zxid,
                    numbers(&members),
                    config.version,
                    numbers(&config.voters)
                )
            });
        }
    }
}
