//! Nobody begins from before what can be seen already. A deposed leader does not know what came after it; its restore
//! has no effect, and is not judged by it.

use std::collections::BTreeMap;

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::{CheckpointId, JobId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "sp.no-restore-behind-commit",
    law: "Tasks never begin from a checkpoint older than one of which a transaction is committed, by this leader's tasks or those of a leader before it.",
    source: "FLINK-15152, FLINK-28265",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    // The newest checkpoint with something committed, by job and by the committer's term.
    let mut seen: BTreeMap<JobId, BTreeMap<usize, CheckpointId>> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
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
                    format!(
                        "{leader} begins job {} from {from:?} at {}, and {newest:?} has transactions that are committed",
                        job.0,
                        evidence.when(statement.note)
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
