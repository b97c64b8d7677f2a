//! A job that was accepted is not lost, and one that is over is not raised again.

use vocab::service::EventKind;
use vocab::stream::MasterFact;

use crate::case::Case;
use crate::case::stream::Said;
use crate::case::stream::nodes::Place;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.jobgraph",
    law: "A job is submitted when its plan's node is committed, which is made once; the plan and the checkpoints' directory go only after the job's result is stored, and nobody who leads after that begins its tasks. Whoever takes the job up finds the plan that was submitted.",
    source: "catalogue, HA-JOBGRAPH; FLINK-21979, FLIP-194 (JobResultStore)",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    for (job, lives) in &stream.nodes.plans {
        finding.judge(lives.len() == 1, || format!("the plan of job {} is made {} times", job.0, lives.len()));
    }
    let result = |job| stream.jobs.get(&job).and_then(|job| job.results.first()).map(|(note, ..)| *note);
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Master(MasterFact::Submitted { leader, job, .. }) => {
                let made = stream.nodes.plans.get(job).and_then(|lives| lives.first()).map(|life| life.committed);
                finding.judge(made.is_some_and(|made| made < spoken.note), || {
                    format!(
                        "{leader} has submitted job {} at {}; its plan was committed at {:?}",
                        job.0,
                        case.when(spoken.note),
                        made.map(|made| case.when(made))
                    )
                });
            }
            Said::Master(MasterFact::Recovered { leader, job, parallelism, from, .. }) => {
                let known = stream.jobs.get(job).and_then(|known| Some((known.parallelism?, known.from)));
                finding.judge(known == Some((*parallelism, *from)), || {
                    format!("{leader} finds the plan of job {} at {} to be {:?}; it was {known:?}", job.0, case.when(spoken.note), (parallelism, from))
                });
            }
            Said::Master(MasterFact::Restoring { leader, job, .. }) => {
                let Some(grant) = stream.grant(*leader) else { continue };
                let over = result(*job).filter(|over| *over < grant.note);
                finding.judge(over.is_none(), || {
                    format!("{leader} begins job {} at {}, whose result was stored at {:?}", job.0, case.when(spoken.note), over.map(|over| case.when(over)))
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
                case.when(deed.committed),
                stored.map(|note| case.when(note))
            )
        });
    }
}
