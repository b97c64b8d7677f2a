//! Every split has one place in every checkpoint. A split that was read to its end has none any more.

use std::collections::BTreeMap;

use judging::NoteIndex;
use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::{CheckpointId, JobId, SplitId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "src.split-partition",
    law: "In a complete checkpoint every split that the job reads is with one reader, or unassigned, or was given to its end by the log; none is in two places.",
    source: "Flink: SplitAssignmentTracker; FLINK-21996",
    scope: "source",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let all = stream.splits();
    let mut over: BTreeMap<SplitId, NoteIndex> = BTreeMap::new();
    for statement in &stream.statements {
        if let Said::Outside(OutsideFact::Fetched { split, offset, count, .. }) = statement.said
            && offset + u64::from(*count) >= stream.log.end(*split)
        {
            over.entry(*split).or_insert(statement.note);
        }
    }
    // A split of which the log has nothing is over at once.
    let is_over = |split: &SplitId, by: NoteIndex| stream.log.end(*split) == 0 || over.get(split).is_some_and(|note| *note < by);
    let mut last: BTreeMap<(JobId, CheckpointId), ()> = BTreeMap::new();
    for checkpoint in stream.checkpoints.iter().filter(|checkpoint| !checkpoint.completed.is_empty()) {
        if last.insert((checkpoint.job, checkpoint.id), ()).is_some() {
            continue;
        }
        let mut places: BTreeMap<SplitId, u32> = BTreeMap::new();
        let held = stream.cuts(checkpoint).flat_map(|(_, snapshot)| &snapshot.state.splits);
        held.chain(checkpoint.unassigned).for_each(|(split, _)| *places.entry(*split).or_default() += 1);
        let (completed, _) = checkpoint.completed[0];
        for split in &all {
            let count = places.get(split).copied().unwrap_or(0);
            finding.judge(count == 1 || count == 0 && is_over(split, completed), || {
                let what = name(checkpoint.job, checkpoint.id);
                format!("{split} is in {count} places of {what}, complete at {}; read to its end: {}", evidence.when(completed), is_over(split, completed))
            });
        }
        let stranger = places.keys().find(|split| !all.contains(split));
        finding.judge(stranger.is_none(), || format!("{} has {stranger:?}, which the job does not read", name(checkpoint.job, checkpoint.id)));
    }
}
