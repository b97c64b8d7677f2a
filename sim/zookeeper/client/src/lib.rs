//! Clients of the coordination service, as pure state machines: `raw` is ZooKeeper's client, `curator` Curator's cores
//! and Flink's upon it. Never a replica, a clock, a disk, dice or a thread.

pub mod raw;
pub mod curator;
