//! The checkpoint coordinator: numbers, acknowledgements, the store, the pace of triggers. Never what a snapshot holds.

pub mod id_unique;
pub mod acks;
pub mod stable_before_notify;
pub mod terminal_once;
pub mod subsume;
pub mod latest;
pub mod pace;
pub mod tolerable;
pub mod progress;
mod store;
