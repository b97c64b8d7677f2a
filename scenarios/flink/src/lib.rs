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
mod simpler;
mod probes;
mod account;
mod flags;
mod conf;
mod upgrade;

pub use machine::Machine;
pub use system::Flink;

use harness::systems::Systems;

/// The system, opened for a program. The harness and the world are generic over a system: for this one they are
/// compiled here, once, and the programs that open it through here link what is there.
pub fn opened() -> Systems {
    Systems::of::<Flink>()
}
