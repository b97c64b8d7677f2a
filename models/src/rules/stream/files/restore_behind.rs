//! Nobody begins from before what can be seen already. A deposed leader does not know what came after it; its restore has no effect, and is not judged by it.

use std::collections::BTreeMap;

use vocab::stream::MasterFact;
use vocab::stream::OutsideFact;
use vocab::stream::ids::{CheckpointId, JobId};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "sp.no-restore-behind-commit",
    law: "Tasks never begin from a checkpoint older than one of which a transaction is committed, by this leader's tasks or those of a leader before it.",
    source: "catalogue, SP-NO-RESTORE-BEHIND-COMMIT; FLINK-15152, FLINK-28265",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    // The newest checkpoint with something committed, by job and by the committer's term.
    let mut seen: BTreeMap<JobId, BTreeMap<usize, CheckpointId>> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Outside(OutsideFact::TxnCommitted { txn, by, .. }) => {
                let Some((job, checkpoint)) = stream.prepared_in(txn) else { continue };
                let newest = seen.entry(job).or_default().entry(stream.term(by.leader)).or_default();
                *newest = (*newest).max(checkpoint);
            }
            Said::Master(MasterFact::Restoring { leader, job, from, .. }) => {
                let of = from.map_or(*job, |(of, _)| of);
                let terms = seen.get(&of).into_iter().flat_map(|terms| terms.range(..=stream.term(*leader)));
                let newest = terms.map(|(_, newest)| *newest).max();
                let holds = newest.is_none_or(|newest| from.is_some_and(|(_, id)| newest <= id));
                finding.judge(holds, || {
                    let from = from.map(|(job, id)| name(job, id));
                    format!("{leader} begins job {} from {from:?} at {}, and {newest:?} has transactions that are committed", job.0, case.when(spoken.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
