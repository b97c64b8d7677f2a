//! Configurations are one lineage: what a replica takes to be in force is the first one, or was made by a reconfig that some leader had committed. It looks at what replicas say; what they count by is for the rules on quorums.

use vocab::ids::Zxid;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "config.one-lineage",
    law: "A configuration in force is the first one or the outcome of a committed reconfig, by its version; and no life of a replica goes back to an older one.",
    source: "Shraer et al., Dynamic Reconfiguration of Primary/Backup Clusters (USENIX ATC 2012), section 3; QuorumPeer.java, processReconfig",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let version = |index: u32| case.ensemble.configs.get(index).config.version;
    for configured in &case.ensemble.configured {
        let before = configured.before.map_or(Zxid::ZERO, version);
        let rises = configured.config.version >= before;
        finding.judge(configured.committed && rises, || {
            let at = format!("{} at {} takes configuration {} to be in force", configured.machine, case.when(configured.note), configured.config.version);
            match configured.made {
                None => format!("{at}, which no reconfig made: {:?}", configured.config),
                Some(_) if !rises => format!("{at}, after {before}"),
                Some(_) => format!("{at}, which is not committed"),
            }
        });
    }
}
