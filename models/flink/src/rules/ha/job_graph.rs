//! A job that was accepted is not lost, and one that is over is not raised again.

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use zookeeper_words::service::EventKind;

use crate::evidence::Evidence;
use crate::evidence::nodes::Place;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.jobgraph",
    law: "A job is submitted when its plan's node is committed, which is made once; the plan and the checkpoints' directory go only after the job's result is stored, and nobody who leads after that begins its tasks. Whoever takes the job up finds the plan that was submitted.",
    source: "FLINK-21979, FLIP-194 (JobResultStore)",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for (job, lives) in &stream.nodes.plans {
        finding.judge(lives.len() == 1, || format!("the plan of job {} is made {} times", job.0, lives.len()));
    }
    let result = |job| stream.jobs.get(&job).and_then(|job| job.results.first()).map(|(note, ..)| *note);
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Submitted { leader, job, .. }) => {
                let made = stream.nodes.plans.get(job).and_then(|lives| lives.first()).map(|life| life.committed);
                finding.judge(made.is_some_and(|made| made < statement.note), || {
                    format!(
                        "{leader} has submitted job {} at {}; its plan was committed at {:?}",
                        job.0,
                        evidence.when(statement.note),
                        made.map(|made| evidence.when(made))
                    )
                });
            }
            Said::Master(MasterFact::Recovered { leader, job, parallelism, from, .. }) => {
                let known = stream.jobs.get(job).and_then(|known| Some((known.parallelism?, known.from)));
                finding.judge(known == Some((*parallelism, *from)), || {
                    format!("{leader} finds the plan of job {} at {} to be {:?}; it was {known:?}", job.0, evidence.when(statement.note), (parallelism, from))
                });
            }
            Said::Master(MasterFact::Restoring { leader, job, .. }) => {
                let Some(grant) = stream.grant(*leader) else { continue };
                let over = result(*job).filter(|over| *over < grant.note);
                finding.judge(over.is_none(), || {
                    format!(
                        "{leader} begins job {} at {}, whose result was stored at {:?}",
                        job.0,
                        evidence.when(statement.note),
                        over.map(|over| evidence.when(over))
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    for deed in stream.nodes.deeds.iter().filter(|deed| deed.kind == EventKind::NodeDeleted) {
        let job = match deed.place {
            Place::Plan(job) | Place::Counter(job) => job,
            Place::Latch | Place::Checkpoint(..) | Place::Lock(..) | Place::Directory | Place::Other => continue,
        };
        // Whoever stored it may have died before it could say so; then the blob says it.
        let stored = stream.blobs.put.iter().filter(|(name, _)| name.starts_with(&format!("job-result/{job}"))).map(|(_, note)| *note).min();
        let stored = stored.into_iter().chain(result(job)).min();
        finding.judge(stored.is_some_and(|stored| stored < deed.committed), || {
            format!(
                "{} is deleted (committed at {}); the job's result was stored at {:?}",
                deed.path,
                evidence.when(deed.committed),
                stored.map(|note| evidence.when(note))
            )
        });
    }
}
