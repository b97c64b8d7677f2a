//! Clocks: they are off, drift and step, on replicas and on clients; a few cuts and crashes make the protocol look at them.

use contract::fault::{Target, What, When};
use harness::family::Idle;

use super::moment::{CLIENT, LEADER, LEARNER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, crashes, partitions, pauses};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "clocks",
    about: "Wall clocks step by seconds to a month, both clocks drift; a few cuts, pauses and crashes make timeouts count.",
    idle: IDLE,
    number: 5,
    taste: Taste { wild_clocks_ppm: 600_000, ..Taste::USUAL },
    faults: |storm| {
        storm.paint(&[CLASS], 1);
        storm.paint(&[partitions::CLASS], 4);
        storm.paint(&[pauses::CLASS], 5);
        storm.paint(&[crashes::CLASS], 6);
    },
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::ClockFaults as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED, super::DISTURBED];

/// The fastest drift that a fault gives, in parts per million: at 10 % a session's pings, sent every third of its timeout, still come in time.
const DRIFT_PPM: u64 = 100_000;

/// Steps and drifts.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let drifts = brush.dice.chance(700_000);
    for _ in 0..brush.count(thin) {
        let (when, machine) = whose(brush);
        if drifts && brush.dice.chance(400_000) {
            let ppm = brush.dice.between(0, 2 * DRIFT_PPM) as i32 - DRIFT_PPM as i32;
            brush.fault(when, What::ClockDrift { machine, ppm });
        } else {
            // A leap second, a slow NTP correction, a wrong time zone, a dead battery.
            let most_ms = brush.one(&[(1_000, 2), (30_000, 3), (3_600_000, 2), (30 * 86_400_000, 1)]);
            let by_ms = brush.dice.between(1, 2 * most_ms) as i64 - most_ms as i64;
            brush.fault(when, What::ClockStep { machine, by_ms });
        }
    }
}

fn whose(brush: &mut Brush<'_>) -> (When, Target) {
    if brush.dice.chance(250_000) {
        return (brush.at(), Target::Machine(brush.client()));
    }
    brush.replica_caught(&[LEADER, LEARNER, CLIENT], 500_000)
}
