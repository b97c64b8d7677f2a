//! The judge of the stream engine: its rules against tales, and the reference of its jobs against tables. The tales of
//! the service, which it contains, are those of the service's own tests.

mod batch;
mod bend;
mod breaks_streams;
mod breaks_streams_outcome;
mod lawful_streams;
mod streams;
#[path = "../../../zookeeper/tests/tale/mod.rs"]
mod tale;
