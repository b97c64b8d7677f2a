//! The coordination service as a system of the harness, in reading order: the system, what runs on its machines, how
//! far it is with what a plan wants, what its clients do, its storms, its known bugs, the states that its storms must
//! reach, and plans of an older format. A system that contains the service is built upon this; never the other way
//! round.

mod system;
pub mod machine;
pub mod standing;
pub mod workload;
pub mod family;
pub mod plants;
pub mod simpler;
pub mod probes;
pub mod upgrade;

pub use machine::Machine;
pub use system::Zookeeper;

use harness::systems::Systems;

/// The system, opened for a program. The harness and the world are generic over a system: for this one they are
/// compiled here, once, and the programs that open it through here link what is there.
pub fn opened() -> Systems {
    Systems::of::<Zookeeper>()
}
