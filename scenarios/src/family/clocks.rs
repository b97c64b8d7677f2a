//! Clocks: they are off, drift and step, on replicas and on clients; a few cuts and crashes make the protocol look at them.

use vocab::plan::{Target, What, When};

use super::moment::{CLIENT, LEADER, LEARNER};
use super::setup::Taste;
use super::storm::Brush;
use super::{Family, Idle, Purpose, crashes, partitions, pauses};

pub(super) const FAMILY: Family = Family {
    name: "clocks",
    about: "Wall clocks step by seconds to a month, both clocks drift; a few cuts, pauses and crashes make timeouts count.",
    idle: IDLE,
    number: 5,
    taste: Taste { wild_clocks_ppm: 600_000, ..Taste::USUAL },
    blows: |storm| {
        blows(&mut storm.brush(Purpose::ClockFaults), 1);
        partitions::blows(&mut storm.brush(Purpose::Partitions), 4);
        pauses::blows(&mut storm.brush(Purpose::Pauses), 5);
        crashes::blows(&mut storm.brush(Purpose::Crashes), 6);
    },
};

const IDLE: &[Idle] = &[super::SETTLED, super::DISTURBED];

/// The fastest drift that a fault gives, in parts per million: at 10 % a session's pings, sent every third of its timeout, still come in time.
const DRIFT_PPM: u64 = 100_000;

/// Steps and drifts.
pub(super) fn blows(brush: &mut Brush<'_>, thin: u64) {
    let drifts = brush.dice.chance(700_000);
    for _ in 0..brush.count(thin) {
        let (when, machine) = whose(brush);
        if drifts && brush.dice.chance(400_000) {
            let ppm = brush.dice.between(0, 2 * DRIFT_PPM) as i32 - DRIFT_PPM as i32;
            brush.blow(when, What::ClockDrift { machine, ppm });
        } else {
            // A leap second, a slow NTP correction, a wrong time zone, a dead battery.
            let most_ms = brush.one(&[(1_000, 2), (30_000, 3), (3_600_000, 2), (30 * 86_400_000, 1)]);
            let by_ms = brush.dice.between(1, 2 * most_ms) as i64 - most_ms as i64;
            brush.blow(when, What::ClockStep { machine, by_ms });
        }
    }
}

fn whose(brush: &mut Brush<'_>) -> (When, Target) {
    if brush.dice.chance(250_000) {
        return (brush.at(), Target::Machine(brush.client()));
    }
    brush.replica_caught(&[LEADER, LEARNER, CLIENT], 500_000)
}
