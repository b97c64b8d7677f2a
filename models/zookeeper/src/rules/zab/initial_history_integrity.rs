//! Initial history integrity: what an epoch began with, every later epoch begins with. Only established epochs are compared.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.initial-history-integrity",
    law: "For established epochs e < e', the initial history of e is a prefix of that of e'.",
    source: "Remix I-8; ZOOKEEPER-4643, 4646, 790",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    let primaries: Vec<_> = evidence.replication.primaries().into_values().collect();
    // Prefixes of prefixes are prefixes, so neighbours are enough.
    for pair in primaries.windows(2) {
        let (earlier, later) = (pair[0], pair[1]);
        finding.judge(histories.is_prefix(earlier.initial, later.initial), || {
            format!(
                "{} began with {} ({}), and {} with {} ({}, {})",
                earlier.epoch,
                histories.name(earlier.initial),
                earlier.machine,
                later.epoch,
                histories.name(later.initial),
                later.machine,
                evidence.when(later.note)
            )
        });
    }
}
