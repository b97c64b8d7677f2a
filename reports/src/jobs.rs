//! `jobs`: the jobs of the stream engine, by the names that `--job` takes. Never a run.

use clap::Command;
use flink_words::job::JobKind;
use harness::command::text::lists::columns;
use harness::command::{Extra, out};

/// The verb.
pub fn verb() -> Extra {
    Extra { command: Command::new("jobs").about("List the jobs of the stream engine"), run: |_| Ok(jobs()) }
}

fn jobs() -> u8 {
    let rows: Vec<_> = JobKind::ALL.iter().map(|job| (job.name().to_string(), job.about().to_string())).collect();
    out::say(&columns(&rows));
    0
}
