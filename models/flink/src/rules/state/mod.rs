//! Keyed and operator state through snapshots, restores and other parallelisms, by digests. Never the state itself.

pub mod range;
pub mod restore_eq;
pub mod max_parallelism;
pub mod operator;
mod restored;
