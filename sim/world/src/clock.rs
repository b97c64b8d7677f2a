//! A machine's two clocks: a monotonic one that drifts, and a wall clock that is also off and can be stepped. Integers
//! throughout; never a float, never the real clock.

use contract::time::{MILLISECOND, Now};

/// What a right wall clock reads when the world begins: 2024-01-01 00:00:00 UTC.
const BEGIN_WALL_NS: i64 = 1_704_067_200 * 1_000_000_000;
/// A wall clock is at most so far off, some 146 years, so that no sum with it overflows.
const WALL_OFFSET_MAX_NS: i64 = i64::MAX / 2;
/// One, in parts per million.
const MILLION: i128 = 1_000_000;

/// The clocks of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Where the present drift began: world time, and what the monotonic clock read.
    since_ns: u64,
    since_mono_ns: u64,
    /// How much faster than the world it runs now.
    drift_ppm: i32,
    /// The drift of the weather, which holds while no fault says otherwise.
    weather_ppm: i32,
    /// Faults that set the drift, in the order of their strikes; the last one holds.
    drifts: Vec<(u32, i32)>,
    /// The wall clock less the monotonic one.
    wall_offset_ns: i64,
}

impl Clock {
    pub(crate) fn new(offset_ms: i64, drift_ppm: i32) -> Clock {
        let mut clock = Clock { since_ns: 0, since_mono_ns: 0, drift_ppm, weather_ppm: drift_ppm, drifts: Vec::new(), wall_offset_ns: BEGIN_WALL_NS };
        clock.step(offset_ms);
        clock
    }

    /// What both clocks read at a world time.
    pub(crate) fn read(&self, now_ns: u64) -> Now {
        let mono_ns = self.since_mono_ns + self.run(now_ns - self.since_ns);
        Now { mono_ns, wall_ns: self.wall_offset_ns + mono_ns as i64 }
    }

    /// The first world time at which the monotonic clock reads `mono_ns` or more; `now_ns` if it does already.
    pub(crate) fn when(&self, mono_ns: u64, now_ns: u64) -> u64 {
        if mono_ns <= self.since_mono_ns {
            return now_ns;
        }
        let ahead_ns = mono_ns - self.since_mono_ns;
        let world_ns = if self.drift_ppm == 0 {
            ahead_ns
        } else {
            let rate = MILLION + i128::from(self.drift_ppm);
            match ahead_ns.checked_mul(MILLION as u64) {
                Some(product) => product.div_ceil(rate as u64),
                None => u64::try_from((i128::from(ahead_ns) * MILLION + rate - 1) / rate).unwrap_or(u64::MAX),
            }
        };
        self.since_ns.saturating_add(world_ns).max(now_ns)
    }

    /// Steps the wall clock.
    pub(crate) fn step(&mut self, by_ms: i64) {
        let stepped = self.wall_offset_ns.saturating_add(by_ms.saturating_mul(MILLISECOND as i64));
        self.wall_offset_ns = stepped.clamp(-WALL_OFFSET_MAX_NS, WALL_OFFSET_MAX_NS);
    }

    /// A fault sets the drift.
    pub(crate) fn drift(&mut self, now_ns: u64, fault: u32, ppm: i32) {
        self.drifts.push((fault, ppm));
        self.settle(now_ns);
    }

    /// A fault no longer sets the drift.
    pub(crate) fn end_drift(&mut self, now_ns: u64, fault: u32) {
        self.drifts.retain(|(by, _)| *by != fault);
        self.settle(now_ns);
    }

    /// How much the monotonic clock gains in so much of the world's time.
    fn run(&self, world_ns: u64) -> u64 {
        if self.drift_ppm == 0 {
            return world_ns;
        }
        let rate = MILLION + i128::from(self.drift_ppm);
        // Hours go into 64 bits, in which a division costs a fraction.
        match world_ns.checked_mul(rate as u64) {
            Some(product) => product / MILLION as u64,
            None => (i128::from(world_ns) * rate / MILLION) as u64,
        }
    }

    fn settle(&mut self, now_ns: u64) {
        self.since_mono_ns += self.run(now_ns - self.since_ns);
        self.since_ns = now_ns;
        self.drift_ppm = self.drifts.last().map_or(self.weather_ppm, |(_, ppm)| *ppm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::SECOND;

    #[test]
    fn an_alarm_comes_when_the_drifting_clock_reads_it_and_not_a_nanosecond_earlier() {
        let check = |ppm: i32, mono_ns: u64| {
            let clock = Clock::new(0, ppm);
            let at_ns = clock.when(mono_ns, 0);
            assert!(clock.read(at_ns).mono_ns >= mono_ns, "{ppm} ppm, {mono_ns} ns: rings too early");
            assert!(at_ns == 0 || clock.read(at_ns - 1).mono_ns < mono_ns, "{ppm} ppm, {mono_ns} ns: rings too late");
        };
        for ppm in [0, 1, -1, 200_000, -200_000, 333] {
            for mono_ns in [0, 1, 999, 1_000_003, SECOND, 120 * SECOND + 7] {
                check(ppm, mono_ns);
            }
            // Around the hours at which the products leave 64 bits.
            for second in (12_000..30_000).step_by(500) {
                check(ppm, second * SECOND + 7);
            }
        }
    }

    #[test]
    fn a_step_moves_the_wall_only_and_a_drift_never_turns_the_monotonic_clock_back() {
        let mut clock = Clock::new(250, 0);
        assert_eq!(clock.read(SECOND), Now { mono_ns: SECOND, wall_ns: BEGIN_WALL_NS + 1_250_000_000 });
        clock.step(-5_000);
        assert_eq!(clock.read(SECOND), Now { mono_ns: SECOND, wall_ns: BEGIN_WALL_NS - 3_750_000_000 });
        clock.drift(SECOND, 0, 200_000);
        assert_eq!(clock.read(2 * SECOND).mono_ns, 2_200_000_000);
        clock.drift(2 * SECOND, 1, -200_000);
        assert_eq!(clock.read(3 * SECOND).mono_ns, 3_000_000_000);
        clock.end_drift(3 * SECOND, 1);
        assert_eq!(clock.read(4 * SECOND).mono_ns, 4_200_000_000); // The first fault's drift holds again.
        clock.end_drift(4 * SECOND, 0);
        assert_eq!(clock.read(5 * SECOND).mono_ns, 5_200_000_000);
    }
}
