//! Configurations are one lineage: what a replica takes to be in force is the first one, or was made by a reconfig that some leader had committed. It looks at what replicas say; what they count by is for the rules on quorums.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Zxid;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "config.one-lineage",
    law: "A configuration in force is the first one or the outcome of a committed reconfig, by its version; and no life of a replica goes back to an older one.",
    source: "Shraer et al., Dynamic Reconfiguration of Primary/Backup Clusters (USENIX ATC 2012), section 3; QuorumPeer.java, processReconfig",
    scope: "config",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let version = |index: u32| evidence.replication.configs.get(index).config.version;
    for configured in &evidence.replication.configured {
        let before = configured.before.map_or(Zxid::ZERO, version);
        let rises = configured.config.version >= before;
        finding.judge(configured.committed && rises, || {
            let at = format!("{} at {} takes configuration {} to be in force", configured.machine, evidence.when(configured.note), configured.config.version);
            match configured.made {
                None => format!("{at}, which no reconfig made: {:?}", configured.config),
                Some(_) if !rises => format!("{at}, after {before}"),
                Some(_) => format!("{at}, which is not committed"),
            }
        });
    }
}
