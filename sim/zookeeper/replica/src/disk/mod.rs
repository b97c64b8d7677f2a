//! What a replica keeps on its disk, in ZooKeeper's files: transaction logs, snapshots, accepted and current epoch. The
//! order in which they become durable is decided here; never what they mean to the protocol.

pub mod format;
pub mod recovery;
pub mod snapshot;
pub mod store;
