//! The coordination service: what an application of ZooKeeper expects, as pure state machines. Never a clock, a disk, dice or a thread: events in, effects out.

pub mod txn;
pub mod acl;
mod java;
pub mod codec;
pub mod tree;
pub mod disk;
pub mod session;
pub mod watch;
pub mod clients;
pub mod quorum;
pub mod election;
pub mod replica;
pub mod message;
pub mod wire;
pub mod client;
pub mod curator;

/// The process and its configuration.
pub use replica::{core::ServerConfig, server::Server};
