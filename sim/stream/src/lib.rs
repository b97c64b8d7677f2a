//! The stream engine: what a user of Flink expects, as pure state machines, and the log, ledger and blob store that it talks to. Never a clock, a disk, dice or a thread: events in, effects out. Of the coordination service it knows the client alone.

pub mod config;
pub mod message;
mod coordination;
pub mod snapshot;
pub mod job;
pub mod operator;
pub mod state;
pub mod outside;
pub mod task;
pub mod worker;
pub mod master;
