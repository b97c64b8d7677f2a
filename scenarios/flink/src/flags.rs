//! The engine's own flags of the command line: another job, and settings from a file of Flink's keys. They change a
//! plan; whether it can still be run is asked afterwards.

use std::path::Path;

use flink_words::Plan;
use flink_words::job::JobKind;
use harness::mistake::Mistake;
use harness::system::{Applied, Flag};

use crate::Flink;
use crate::conf::Conf;

/// All of them.
pub(crate) fn flags() -> Vec<Flag<Flink>> {
    let conf = "Settings of the stream engine from a file of Flink's keys (Java properties): checkpoints, restart strategy, ZooKeeper, network memory, …";
    vec![
        Flag { name: "conf", value: "FILE", help: conf, fuzzes: false, apply: set_conf },
        Flag { name: "job", value: "JOB", help: "Another job for the stream engine; `jobs` lists them", fuzzes: true, apply: set_job },
    ]
}

fn set_job(name: &str, plan: &mut Plan) -> Result<Applied, Mistake> {
    let Some(job) = JobKind::ALL.into_iter().find(|job| job.name() == name) else {
        let known: Vec<&str> = JobKind::ALL.into_iter().map(JobKind::name).collect();
        return Err(Mistake::new(format!("--job {name}"), "there is no such job", format!("the jobs are {}", known.join(", "))));
    };
    plan.settings.stream.job = job;
    Ok(Applied::default())
}

fn set_conf(file: &str, plan: &mut Plan) -> Result<Applied, Mistake> {
    let conf = Conf::load(Path::new(file))?;
    conf.change(&mut plan.settings.stream);
    Ok(Applied { notes: conf.notes(), blame: Some(Box::new(move |flaw| conf.blamed(flaw))) })
}
