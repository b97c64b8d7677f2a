//! Workloads: simulated client processes that hold sessions with the service and play recipes round by round, then,
//! after the storm, show that they are served. Never a judge of what they are told: what they saw is in their facts.
//!
//! `schedule` says when there are rounds and what follows them, `round` what a round has of its own; `client` plays
//! recipes over ZooKeeper's own client, `curator` others over Curator. `recipe` lists the first, and each has a file.

mod schedule;
mod round;
mod last;

mod client;
mod context;
mod recipe;
mod counters;
mod registers;
mod latches;
mod barriers;
mod queues;
mod reconfigs;
mod vaults;
mod containers;
mod flink;
mod script;

mod curator;

#[cfg(test)]
mod tests;

pub use client::ClientProcess;
pub use curator::CuratorProcess;
pub(crate) use vaults::SUPER_DIGEST;
