//! Savepoints, and the files of checkpoints. What the store refers to is read from the chain, what there is from the
//! blob store's word; never from a master's.

pub mod savepoints;
pub mod stop_atomic;
pub mod restore_behind;
pub mod refs;
pub mod placeholder;
pub mod leak;
pub mod collision;
