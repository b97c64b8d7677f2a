//! Initial history integrity: what an epoch began with, every later epoch begins with. Only established epochs are compared.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.initial-history-integrity",
    law: "For established epochs e < e', the initial history of e is a prefix of that of e'.",
    source: "Remix I-8; ZOOKEEPER-4643, 4646, 790",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    let primaries: Vec<_> = case.ensemble.primaries().into_values().collect();
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
                case.when(later.note)
            )
        });
    }
}
