//! The stream engine as a system of the harness, in reading order: the system, what runs on its machines and what
//! stands in its log, its storms, its known bugs, the states that its storms must reach, what reports tell of it, its
//! flags with Flink's own settings, and plans of an older format. It contains the coordination service, which knows
//! nothing of it.

mod system;
pub mod machine;
pub mod feed;
mod plan;
mod family;
mod plants;
mod probes;
mod account;
mod flags;
mod conf;
mod upgrade;

#[cfg(test)]
mod tests;

pub use machine::Machine;
pub use system::Flink;
