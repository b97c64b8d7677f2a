//! Whole processes: every message between real Flink processes and a real ZooKeeper, as a proxy between them logged it, asked again of a simulated ensemble, each connection by a caller of its own.
//!
//! `log` reads a log, `course` puts what it holds into the order in which the real server took it, `play` asks it again and compares what each connection heard: its replies, and the watch
//! events where they came between them.

mod course;
mod log;
mod play;

pub use log::Log;
pub use play::ask;
