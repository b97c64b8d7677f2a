//! A replica of the coordination service: ZooKeeper's server as a pure state machine, events in and effects out. Never
//! a clock, a disk, dice or a thread.
//!
//! In reading order, from what a transaction does to who decides that it comes next.

// What a transaction is in bytes, and what it does to the tree.
pub mod acl;
mod java;
pub mod codec;
pub mod tree;
// How transactions and trees are kept, and what is left of them after a crash.
pub mod disk;
// The clients of one replica: their sessions, their watches, the order of their requests.
pub mod session;
pub mod watch;
pub mod wire;
pub mod clients;
// Which replicas decide, under a configuration that may change.
pub mod quorum;
// What one replica is, whatever its role.
pub mod replica;
// How replicas agree which transaction comes next: the door, and Zab behind it.
pub mod ordering;
// What a leader does without being asked.
pub mod upkeep;
// The process that holds it all together.
pub mod server;

use contract::process::Effects;
use zookeeper_words::fact::Fact;
use zookeeper_words::message::Message;

pub use replica::ServerConfig;
pub use server::Server;

/// What a step of a replica wants done.
pub type Out = Effects<Message, Fact>;
