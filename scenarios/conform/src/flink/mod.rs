//! Whole processes: every message between real Flink processes and a real ZooKeeper, as a proxy between them logged it,
//! asked again of a simulated ensemble, each connection by a caller of its own.
//!
//! `log` reads a log, `request_order` finds the order in which the real server took what the log holds, `play` asks it
//! again in that order, and `comparison` compares what each connection received, replies and watch events, as the log
//! writes them (`rendering`). Never the reference, which has no connections.

mod log;
mod sessions;
mod request_order;
mod rendering;
mod comparison;
mod play;

pub use log::Log;
pub use play::ask;
