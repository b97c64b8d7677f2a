//! What must be true of the coordination service: reference models, and rules over recordings. It sees words and recordings alone; never a replica, a client or a world.
//!
//! `znode` is the reference of the service, and `standalone` a whole server made of it; `quorums` is the reference of its configurations; `clock` says how far a machine's clock may be off; `evidence`
//! reads a recording once into what rules look at; `rules` holds one law a file.

pub mod znode;
pub mod quorums;
pub mod standalone;
pub mod clock;
pub mod evidence;
mod rules;

use judging::{Law, Rules};

pub use evidence::Evidence;

/// The laws of the coordination service.
pub struct Zookeeper;

impl Law for Zookeeper {
    type Evidence<'r> = Evidence<'r>;

    fn is_lossy(evidence: &Evidence<'_>) -> bool {
        evidence.replication.lossy
    }
}

/// All rules on the service, those that see a cause before those that see its effects.
pub fn rules() -> Rules<Zookeeper> {
    Rules::of(rules::ALL)
}
