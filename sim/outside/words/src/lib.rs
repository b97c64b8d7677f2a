//! The words of the outside, what jobs talk to: a log that is read, a ledger that is written, a blob store that keeps state. Data; never how they work, nor what a job makes of them.

pub mod ids;
pub mod data;
pub mod message;
pub mod kinds;
pub mod fact;
