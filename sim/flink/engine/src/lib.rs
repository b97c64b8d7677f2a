//! The stream engine: what a user of Flink expects, as pure state machines. Never a clock, a disk, dice or a thread:
//! events in, effects out. Of the coordination service it knows the client alone, and of the outside the asking end.

pub mod config;
pub mod message;
pub mod hosting;
mod coordination;
pub mod snapshot;
pub mod job;
pub mod operator;
pub mod state;
pub mod task;
pub mod worker;
pub mod master;
