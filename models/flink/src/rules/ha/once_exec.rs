//! A job comes to one end, and is not begun from nothing when it has a checkpoint. What a leader could not know is not
//! held against it.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId};

use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.once-exec",
    law: "All results of a job that are stored say the same; and no leader begins a job from nothing that had a checkpoint in a state before it led.",
    source: "FLINK-11813, FLIP-194",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for (id, job) in &stream.jobs {
        let Some((_, first, _)) = job.results.first() else { continue };
        for (note, status, _) in &job.results {
            finding.judge(status == first && status.is_globally_terminal(), || {
                format!("job {} is said to be {status:?} at {}, and had been {first:?}", id.0, evidence.when(*note))
            });
        }
    }
    let mut earliest: BTreeMap<JobId, (u32, CheckpointId)> = BTreeMap::new();
    for ((job, id), lives) in &stream.nodes.checkpoints {
        for life in lives {
            let first = earliest.entry(*job).or_insert((life.created, *id));
            *first = (*first).min((life.created, *id));
        }
    }
    for restore in &stream.restores {
        let led = stream.grant(restore.leader).and_then(|grant| grant.position);
        let had = earliest.get(&restore.job).filter(|(created, _)| led.is_some_and(|led| *created <= led));
        let is_anew = restore.from.is_none_or(|(of, _)| of != restore.job);
        finding.judge(!is_anew || had.is_none(), || {
            format!(
                "{} begins job {} anew at {}, which had {had:?} (position, checkpoint) before it led",
                restore.leader,
                restore.job.0,
                evidence.when(restore.note)
            )
        });
    }
}
