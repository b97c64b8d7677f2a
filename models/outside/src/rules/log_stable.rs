//! The log is stable: whoever reads from an offset again reads the same. A restart of the log tells its records anew,
//! and must tell the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use judging::{Finding, Footing, Rule, Side};
use outside_words::data::Input;
use outside_words::fact::OutsideFact;
use outside_words::ids::SplitId;

use crate::evidence::Evidence;
use crate::law::Outside;

pub(super) const RULE: Rule<Outside> = Rule {
    id: "out.log-stable",
    law: "In each life of the log a partition's offsets go up from 0 without a gap, an offset has one record for ever, and no more is read than stands there.",
    source: "Kafka documentation, Design: The Consumer (consumer position)",
    scope: "outside",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// A partition.
#[derive(Default)]
struct Partition<'r> {
    records: Vec<&'r Arc<Input>>,
    life: u32,
    /// Its end in this life.
    end: u64,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut partitions: BTreeMap<SplitId, Partition<'_>> = BTreeMap::new();
    for statement in &evidence.statements {
        match statement.fact {
            OutsideFact::Appended { split, offset, input } => {
                let partition = partitions.entry(*split).or_default();
                if partition.life != statement.life {
                    (partition.life, partition.end) = (statement.life, 0);
                }
                let before = partition.records.get(*offset as usize).copied();
                let lawful = *offset == partition.end && before.is_none_or(|before| before == input);
                finding.judge(lawful, || {
                    format!("{} appends {input:?} to {split} as {offset}, where the end is {} and {before:?} was", statement.place(), partition.end)
                });
                partition.end = offset + 1;
                if *offset == partition.records.len() as u64 {
                    partition.records.push(input);
                }
            }
            OutsideFact::Fetched { split, offset, count, end } => {
                let partition = partitions.get(split).filter(|partition| partition.life == statement.life);
                let there = partition.map_or(0, |partition| partition.end);
                let lawful = *end == there && offset + u64::from(*count) <= there.max(*offset);
                finding.judge(lawful, || {
                    format!("{} gives {count} records of {split} from {offset} on and says that its end is {end}; it is {there}", statement.place())
                });
            }
            OutsideFact::ProducerInitialised { .. } | OutsideFact::Wrote { .. } | OutsideFact::TxnCommitted { .. } | OutsideFact::TxnAborted { .. } => {}
            OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } => {}
            OutsideFact::BlobPut { .. } | OutsideFact::BlobRead { .. } | OutsideFact::BlobDeleted { .. } => {}
        }
    }
}
