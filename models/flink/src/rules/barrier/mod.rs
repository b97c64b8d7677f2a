//! Barriers and channels, by the marks that both ends of a channel put down: counts and digests of what had passed.
//! Never the elements themselves.

pub mod cut;
pub mod fifo;
pub mod once;
pub mod unblock;
pub mod channel_state;
mod pairs;
