//! The coordination service as its clients see it: requests, replies, stats, error codes, watch events. ZooKeeper's
//! records, field for field; never their meaning.

pub mod acl;
mod error;
mod op;
mod reply;
mod txn;
mod watch;

use std::sync::Arc;

pub use acl::{Acl, Acls, Id, Ids, Perms};
pub use error::ErrorCode;
pub use op::{AddWatchMode, CreateMode, Op, WatcherType};
pub use reply::{Reply, Stat};
pub use txn::{Request, Transaction};
pub use watch::{EventKind, WatchEvent};

/// A znode's path.
pub type Path = Arc<str>;
/// A znode's data; `None` is ZooKeeper's null buffer, which reads back as null.
pub type Data = Option<Arc<[u8]>>;
