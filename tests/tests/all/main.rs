//! What we insist on, in one program: the tests that need more than one part of the house.

mod cases;
mod counter;
mod determinism;
mod jobs;
mod outside;
mod own;
mod plan_files;
mod recorded_runs;
mod scale;
mod seeds;
mod tidy;

use harness::systems::Systems;

/// The systems that come with the harness.
fn systems() -> Systems {
    zookeeper_scenarios::opened().with(flink_scenarios::opened())
}
