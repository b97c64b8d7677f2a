//! Every split is discovered once: it is given away from its beginning, or from where a checkpoint has it unassigned; and by the end of the job all were.

use std::collections::{BTreeMap, BTreeSet};

use vocab::stream::MasterFact;
use vocab::stream::ids::{CheckpointId, JobId, LeaderId, SplitId};

use super::splits;
use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::{is_all_there, name};
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "src.discovery",
    law: "An enumerator gives away what the job reads: from offset 0 if it began from nothing, else what the checkpoint has unassigned, from there; and no split of the job is left out by its good end.",
    source: "catalogue, SRC-DISCOVERY; FLIP-27: SplitEnumerator.addSplitsBack, snapshotState",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let all = splits(stream.plan);
    let mut begun: BTreeMap<(LeaderId, JobId), Option<(JobId, CheckpointId)>> = BTreeMap::new();
    let mut given: BTreeSet<SplitId> = BTreeSet::new();
    for spoken in &stream.spoken {
        match spoken.said {
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
                        case.when(spoken.note)
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    if is_all_there(case, stream) {
        let missed: Vec<&SplitId> = all.difference(&given).collect();
        finding.judge(missed.is_empty(), || format!("{missed:?} was given to nobody"));
    }
}
