//! The coordination service: what an application of ZooKeeper expects, as pure state machines. Never a clock, a disk, dice or a thread: events in, effects out.

pub mod txn;
pub mod message;
pub mod client;
