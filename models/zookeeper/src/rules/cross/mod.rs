//! What an application builds upon, across the service and whoever uses it: the reason to test both together. Each asks what clients saw; never how the service came to it.

pub mod read_after_expiry;
pub mod watch_order;
pub mod reattach_zxid;
pub mod cas;
pub mod session_exclusive;
pub mod retry_idempotent;
