//! What lies between the clocks of two machines, for rules that compare a wait with the world's time.

/// What rounding between two clocks may cost, in ns.
pub const ROUNDING_NS: u64 = 2_000_000;
