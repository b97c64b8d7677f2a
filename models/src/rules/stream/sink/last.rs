//! The last checkpoint commits everything: a sink that has finished leaves nothing open.

use std::collections::{BTreeMap, BTreeSet};

use vocab::stream::WorkerFact;
use vocab::stream::ids::AttemptId;
use vocab::stream::worker::TaskEnd;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "txn.final",
    law: "An execution ends its data once; and when a sink has finished, all that it ever wrote is committed.",
    source: "catalogue, TXN-FINAL; FLIP-147",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut ended: BTreeSet<AttemptId> = BTreeSet::new();
    for spoken in &stream.spoken {
        let Said::Worker(WorkerFact::EndOfData { attempt, .. }) = spoken.said else { continue };
        finding.judge(ended.insert(*attempt), || format!("{attempt} ends its data again at {}", case.when(spoken.note)));
    }
    let mut written: BTreeMap<AttemptId, BTreeSet<&str>> = BTreeMap::new();
    for (id, txn) in &stream.ledger.txns {
        for (_, _, by) in &txn.wrote {
            written.entry(*by).or_default().insert(id);
        }
    }
    for task in &stream.tasks {
        let Some((note, Some(TaskEnd::Finished))) = task.ended else { continue };
        for id in written.get(&task.id).into_iter().flatten() {
            let committed = stream.ledger.txns[id].committed.first().map(|(note, ..)| *note);
            finding.judge(committed.is_some_and(|committed| committed < note), || {
                format!("{} has finished at {}, and its {id} was committed at {:?}", task.id, case.when(note), committed.map(|note| case.when(note)))
            });
        }
    }
}
