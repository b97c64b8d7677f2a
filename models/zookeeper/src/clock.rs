//! How far the clocks of machines may be off the world's: what a rule must allow for when a machine waits by its own. Never the clocks of one run, which its plan has.

/// How much faster or slower than the world's a machine's clock may run, in percent: what `contract::plan` allows at most.
const DRIFT_PERCENT_MAX: u64 = 20;

/// How long a wait by a machine's clock takes at most by the world's, in the same unit.
pub fn longest(by_clock: u64) -> u64 {
    by_clock * 100 / (100 - DRIFT_PERCENT_MAX)
}

/// How long a wait by a machine's clock takes at least by the world's, in the same unit.
pub fn shortest(by_clock: u64) -> u64 {
    by_clock * 100 / (100 + DRIFT_PERCENT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_clock_takes_a_quarter_longer_and_a_fast_one_a_sixth_less() {
        assert_eq!((longest(4_000), shortest(6_000)), (5_000, 5_000));
        assert_eq!((longest(3), shortest(7)), (3, 5)); // Rounded down.
    }
}
