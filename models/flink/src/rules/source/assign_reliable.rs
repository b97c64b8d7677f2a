//! A split that an enumerator gives away arrives, or its reader is over.

use std::collections::{BTreeMap, BTreeSet};

use contract::time::MILLISECOND;
use flink_words::fact::{MasterFact, WorkerFact};
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, SplitId};
use zookeeper_models::clock::longest;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "src.assign-reliable",
    law: "A reader gets the splits that were given to it, at their offsets, and no others; what never arrives was given to a reader that is over, or whose master is.",
    source: "FLINK-21996",
    scope: "source",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// How long an assignment may be on its way at the end of a run, in ms.
const GRACE_MS: u64 = 20_000;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut given: BTreeMap<(AttemptId, SplitId), (u64, u64)> = BTreeMap::new();
    let mut arrived: BTreeSet<(AttemptId, SplitId)> = BTreeSet::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::SplitAssigned { attempt, split, offset }) => drop(given.insert((*attempt, *split), (*offset, statement.at_ns))),
            Said::Worker(WorkerFact::Running { attempt, state, .. }) => arrived.extend(state.splits.iter().map(|(split, _)| (*attempt, *split))),
            Said::Worker(WorkerFact::Assigned { attempt, splits }) => {
                for (split, offset) in splits {
                    let known = given.get(&(*attempt, *split)).map(|(offset, _)| *offset);
                    // What comes with a reader's state is not given to it.
                    let is_own = !arrived.insert((*attempt, *split));
                    finding.judge(known == Some(*offset) || known.is_none() && is_own, || {
                        format!("{attempt} gets {split} from offset {offset} at {}; it was given from {known:?}", evidence.when(statement.note))
                    });
                }
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    if !evidence.is_over() {
        return;
    }
    let since = evidence.view.end_ns.saturating_sub(longest(GRACE_MS * MILLISECOND));
    for ((attempt, split), (offset, at)) in given.iter().filter(|(of, _)| !arrived.contains(of)) {
        let task = stream.task(*attempt);
        let is_gone = task.is_none_or(|task| task.ended.is_some() || task.failed.is_some() || task.deployed.is_none());
        let is_deposed = stream.grant(attempt.leader).is_none_or(|grant| grant.over.is_some());
        finding.judge(is_gone || is_deposed || *at > since, || {
            format!("{split} was given to {attempt} from offset {offset} at {at} ns, and never arrived, though the reader lives")
        });
    }
}
