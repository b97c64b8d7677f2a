//! The `stormglass` program: the harness's command over the coordination service and the stream engine, and two verbs
//! of its own. Never what happens in a run, nor what must be true of it.

mod conform;
mod jobs;
mod text;

use std::process::ExitCode;

use flink_scenarios::Flink;
use harness::command::Program;
use harness::systems::Systems;
use zookeeper_scenarios::Zookeeper;

fn main() -> ExitCode {
    Program::new(Systems::of::<Zookeeper>().and::<Flink>()).with(conform::verb()).with(jobs::verb()).main()
}
