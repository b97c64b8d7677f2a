//! The log, the ledger and the blob store in a true world, under its faults, held to their promises by the judge:
//! somebody reads everything, writes it in transactions and keeps it in blobs. Never a job.

mod reader;
mod system;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::happening::Happening;
use contract::recording::{Ending, Noted};
use contract::verdict::Verdict;
use harness::System;
use harness::run::{judged, run};
use harness::system::{Plan, Recording};
use outside_words::data::Row;
use outside_words::fact::OutsideFact;

use reader::Reader;
use system::{Alone, feed};

fn plan(seed: u64) -> Plan<Alone> {
    let plan = Alone::families()[0].plan(seed);
    assert_eq!(plan.check(), Ok(()), "seed {seed}");
    plan
}

fn count(recording: &Recording<Alone>, is_meant: impl Fn(&Noted<OutsideFact>) -> bool) -> usize {
    recording.notes.iter().filter(|note| is_meant(&note.what)).count()
}

#[test]
fn services_keep_their_promises_and_readers_finish() {
    let mut crashed = 0;
    for seed in 0..100 {
        let plan = plan(seed);
        let (recording, judgement) = judged::<Alone>(&plan);
        assert_eq!(recording.ending, Ending::Finished, "seed {seed}");
        assert_eq!(judgement.verdict, Verdict::Holds, "seed {seed}");
        let outside: Vec<_> = judgement.tallies.iter().filter(|(rule, _)| rule.starts_with("out.")).collect();
        assert_eq!(outside.len(), outside_models::rules().abouts().count(), "all rules on the outside are called so");
        for (rule, tally) in outside {
            assert!(tally.judged > 50 && tally.waived == 0, "seed {seed}: {rule} judged {tally:?}");
        }
        crashed += count(&recording, |what| matches!(what, Noted::World(Happening::Crashed { .. })));
        // Whoever reads all and commits all has all, once.
        let mut committed: BTreeMap<(Arc<str>, u32), &Vec<Row>> = BTreeMap::new();
        for note in &recording.notes {
            if let Noted::Said(OutsideFact::TxnCommitted { txn, epoch, rows, .. }) = &note.what {
                committed.insert((txn.clone(), *epoch), rows);
            }
        }
        let mut rows: Vec<&Row> = committed.into_values().flatten().collect();
        let expected: Vec<Row> = feed(&plan).iter().map(|record| Reader::row(&record.input)).collect();
        let mut expected: Vec<&Row> = expected.iter().collect();
        rows.sort();
        expected.sort();
        assert!(rows == expected, "seed {seed}: {} rows are committed, and {} were read", rows.len(), expected.len());
    }
    assert!(crashed > 200, "{crashed} crashes in all");
}

#[test]
fn a_run_is_the_same_twice() {
    let (one, other) = (run::<Alone>(&plan(7)), run::<Alone>(&plan(7)));
    assert_eq!(one.hash, other.hash);
    let writes = count(&one, |what| matches!(what, Noted::Said(OutsideFact::Wrote { .. })));
    assert!(writes > 20, "{writes} writes");
}
