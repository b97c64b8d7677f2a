//! Observers, weights and groups: an ensemble whose quorums are not a majority of its servers, under a full storm.

use vocab::plan::{Shape, Target, What};

use super::moment::OBSERVER;
use super::setup::Taste;
use super::storm::Brush;
use super::{Family, Idle, Purpose, catch_up, crashes, partitions, pauses, sessions};

pub(super) const FAMILY: Family = Family {
    name: "observers",
    about: "Replicas that only observe, votes with weights and voters in groups, under partitions, crashes, pauses and histories that part.",
    idle: IDLE,
    number: 10,
    taste: Taste { replicas: &[(3, 35), (5, 30), (7, 15), (9, 20)], observers: &[(1, 4), (2, 4), (3, 1), (0, 1)], weights_ppm: 450_000, ..Taste::USUAL },
    blows: |storm| {
        let mut dice = storm.dice(Purpose::Swarm);
        let mut on: Vec<Class> = CLASSES.iter().copied().filter(|_| dice.chance(400_000)).collect();
        on.push((Purpose::Observers, blows));
        let thin = on.len() as u64;
        for (purpose, blows) in on {
            blows(&mut storm.brush(purpose), thin);
        }
    },
};

const IDLE: &[Idle] = &[super::SETTLED, super::DISTURBED];

/// A class of faults: its dice, and what draws it.
pub(super) type Class = (Purpose, fn(&mut Brush<'_>, u64));

/// What an ensemble of any kind must bear.
pub(super) const CLASSES: &[Class] = &[
    (Purpose::Partitions, partitions::blows),
    (Purpose::Crashes, crashes::blows),
    (Purpose::Pauses, pauses::blows),
    (Purpose::Sessions, sessions::blows),
    (Purpose::CatchUp, catch_up::blows),
];

/// Blows to observers and whom they learn from.
pub(super) fn blows(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin) {
        let when = brush.on(OBSERVER);
        let target = if brush.dice.chance(500_000) { Target::Subject } else { Target::Peer };
        match brush.dice.below(3) {
            0 => crashes::crash(brush, when, target),
            1 => {
                let for_ms = brush.spell();
                brush.blow(when, What::Partition { shape: Shape::Isolate { machine: target }, for_ms });
            }
            _ => {
                let silent = brush.dice.chance(300_000);
                brush.blow(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
            }
        }
    }
}
