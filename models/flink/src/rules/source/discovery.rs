//! Every split is discovered once: it is given away from its beginning, or from where a checkpoint has it unassigned;
//! and by the end of the job all were.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId, LeaderId, SplitId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "src.discovery",
    law: "An enumerator gives away what the job reads: from offset 0 if it began from nothing, else what the checkpoint has unassigned, from there; and no split of the job is left out by its good end.",
    source: "FLIP-27: SplitEnumerator.addSplitsBack, snapshotState",
    scope: "source",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let all = stream.splits();
    let mut begun: BTreeMap<(LeaderId, JobId), Option<(JobId, CheckpointId)>> = BTreeMap::new();
    let mut given: BTreeSet<SplitId> = BTreeSet::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Restoring { leader, job, from, .. }) => drop(begun.insert((*leader, *job), *from)),
            Said::Master(MasterFact::SplitAssigned { attempt, split, offset }) => {
                given.insert(*split);
                let from = begun.get(&(attempt.leader, attempt.job)).copied().flatten();
                let origin = from.and_then(|(job, id)| stream.checkpoint(job, id));
                let expected = match origin {
                    None => Some(0),
                    Some(origin) => origin.unassigned.iter().find(|(of, _)| of == split).map(|(_, offset)| *offset),
                };
                finding.judge(all.contains(split) && expected == Some(*offset), || {
                    let from = from.map(|(job, id)| name(job, id));
                    format!(
                        "{split} is given to {attempt} from offset {offset} at {}; began from {from:?}, which has it at {expected:?}",
                        evidence.when(statement.note)
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    if evidence.is_all_there() {
        let missed: Vec<&SplitId> = all.difference(&given).collect();
        finding.judge(missed.is_empty(), || format!("{missed:?} was given to nobody"));
    }
}
