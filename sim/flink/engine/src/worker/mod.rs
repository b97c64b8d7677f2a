//! A worker: it finds its leader, offers its slots, and runs the tasks that it is given (TaskExecutor). Never a
//! decision about a job.

mod leader;
mod registration;
mod pool;
mod network;
mod services;
mod process;
mod calls;
mod schedule;
#[cfg(test)]
mod tests;

pub use pool::least_buffers;
pub use process::WorkerProcess;
