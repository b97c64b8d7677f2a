//! The log is stable: whoever reads from an offset again reads the same. A restart of the log tells its records anew, and must tell the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use vocab::stream::data::Input;
use vocab::stream::ids::SplitId;
use vocab::stream::outside::OutsideFact;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "out.log-stable",
    law: "In each life of the log a partition's offsets go up from 0 without a gap, an offset has one record for ever, and no more is read than stands there.",
    source: "Kafka, design: offsets; reference catalogue: replayable sources",
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

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut partitions: BTreeMap<SplitId, Partition<'_>> = BTreeMap::new();
    for told in &case.outside.told {
        let at = || format!("{} at {}", told.machine, case.when(told.note));
        match told.fact {
            OutsideFact::Appended { split, offset, input } => {
                let partition = partitions.entry(*split).or_default();
                if partition.life != told.life {
                    (partition.life, partition.end) = (told.life, 0);
                }
                let before = partition.records.get(*offset as usize).copied();
                let lawful = *offset == partition.end && before.is_none_or(|before| before == input);
                finding.judge(lawful, || format!("{} appends {input:?} to {split} as {offset}, where the end is {} and {before:?} was", at(), partition.end));
                partition.end = offset + 1;
                if *offset == partition.records.len() as u64 {
                    partition.records.push(input);
                }
            }
            OutsideFact::Fetched { split, offset, count, end } => {
                let partition = partitions.get(split).filter(|partition| partition.life == told.life);
                let there = partition.map_or(0, |partition| partition.end);
                let lawful = *end == there && offset + u64::from(*count) <= there.max(*offset);
                finding.judge(lawful, || format!("{} gives {count} records of {split} from {offset} on and says that its end is {end}; it is {there}", at()));
            }
            OutsideFact::ProducerInitialised { .. } | OutsideFact::Wrote { .. } | OutsideFact::TxnCommitted { .. } | OutsideFact::TxnAborted { .. } => {}
            OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } => {}
            OutsideFact::BlobPut { .. } | OutsideFact::BlobRead { .. } | OutsideFact::BlobDeleted { .. } => {}
        }
    }
}
