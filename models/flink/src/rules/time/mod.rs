//! Event time: timers, watermarks, idleness, and records that come too late. Never what a window makes of it.

pub mod timers;
pub mod watermarks;
pub mod late;
