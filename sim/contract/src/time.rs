//! Time: how long, and what a machine's clocks read. Nanoseconds throughout; never the real clock.

use serde::{Deserialize, Serialize};

/// One microsecond in nanoseconds.
pub const MICROSECOND: u64 = 1_000;
/// One millisecond in nanoseconds.
pub const MILLISECOND: u64 = 1_000_000;
/// One second in nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

/// What the clocks of a machine read when an event reaches its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Now {
    /// The monotonic clock in ns since the world began, as this machine counts them: it drifts, but never steps or goes
    /// back.
    pub mono_ns: u64,
    /// The wall clock in ns: offset, drifting, and stepped by faults in either direction.
    pub wall_ns: i64,
}

impl Now {
    /// The wall clock in ms, as a transaction header carries it.
    pub fn wall_ms(self) -> i64 {
        self.wall_ns.div_euclid(MILLISECOND as i64)
    }
}
