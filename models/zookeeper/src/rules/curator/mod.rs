//! Curator: what its recipes promise to an application, and Flink's upon them. What they do not promise, and do not keep in real life either, is counted by probes and never judged here.

pub mod states;
pub mod latch_exclusive;
pub mod protected_once;
pub mod counter;
pub mod cache;
pub mod retries;
