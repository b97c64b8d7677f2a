//! A task: one execution of a subtask, as pure cores. It takes buffers and answers and says what it wants done; never a
//! stream between machines, a clock, or another task.

pub mod context;
pub mod mark;
pub mod channel;
pub mod valve;
pub mod barriers;
pub mod gate;
pub mod subpartition;
pub mod output;
pub mod source;
pub mod sink;
pub mod files;
pub mod snapshotting;
pub mod restoring;
pub mod work;
pub mod ending;
mod checkpoints;
mod working;
pub mod core;

pub use context::{Errand, Route, TaskContext, Wants};
pub use core::Task;
