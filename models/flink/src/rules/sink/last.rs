//! The last checkpoint commits everything: a sink that has finished leaves nothing open.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::WorkerFact;
use flink_words::worker::TaskEnd;
use judging::{Finding, Footing, Side};
use outside_words::ids::AttemptId;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "txn.final",
    law: "An execution ends its data once; and when a sink has finished, all that it ever wrote is committed.",
    source: "FLIP-147",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut ended: BTreeSet<AttemptId> = BTreeSet::new();
    for statement in &stream.statements {
        let Said::Worker(WorkerFact::EndOfData { attempt, .. }) = statement.said else { continue };
        finding.judge(ended.insert(*attempt), || format!("{attempt} ends its data again at {}", evidence.when(statement.note)));
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
                format!("{} has finished at {}, and its {id} was committed at {:?}", task.id, evidence.when(note), committed.map(|note| evidence.when(note)))
            });
        }
    }
}
