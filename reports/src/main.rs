//! The `stormglass` program: the harness's command over the coordination service and the stream engine, and two verbs
//! of its own. Never what happens in a run, nor what must be true of it.

mod conform;
mod jobs;
mod text;

use std::process::ExitCode;

use harness::command::Program;

fn main() -> ExitCode {
    Program::new(zookeeper_scenarios::opened().with(flink_scenarios::opened())).with(conform::verb()).with(jobs::verb()).main()
}
