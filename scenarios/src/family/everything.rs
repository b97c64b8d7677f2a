//! Everything: swarm testing of both systems together. Each class of faults is switched fully on or off per seed, so that rare pairs meet and no class drowns the others.

use super::setup::Taste;
use super::storm::Brush;
use super::{Family, Idle, Purpose, catch_up, clocks, crashes, disks, logs, partitions, pauses, sessions, stream, weather};

pub(super) const FAMILY: Family = Family {
    name: "everything",
    about: "Both systems together: each class of faults above switched fully on or off per seed, all at once.",
    idle: IDLE,
    number: 9,
    taste: Taste {
        replicas: &[(3, 20), (5, 65), (7, 15)],
        rough_ppm: 250_000,
        wild_clocks_ppm: 150_000,
        unrestricted_ppm: 20_000,
        observers: &[(0, 8), (1, 1), (2, 1)],
        weights_ppm: 100_000,
        stream: Some(&stream::everything::WITH_ALL),
        ..Taste::USUAL
    },
    blows: |storm| {
        let mut dice = storm.dice(Purpose::Swarm);
        let mut on: Vec<_> = CLASSES.iter().filter(|_| dice.chance(500_000)).collect();
        if on.is_empty() {
            on.push(dice.pick(CLASSES));
        }
        let thin = on.len() as u64;
        for (purpose, blows) in on {
            blows(&mut storm.brush(*purpose), thin);
        }
    },
};

const IDLE: &[Idle] = &[super::SETTLED, super::DISTURBED];

/// A class of faults: its dice, and what draws it.
pub(super) type Class = (Purpose, fn(&mut Brush<'_>, u64));

/// What the coordination service must bear.
pub(super) const CLASSES: &[Class] = &[
    (Purpose::Weather, weather::blows),
    (Purpose::Partitions, partitions::blows),
    (Purpose::Crashes, crashes::blows),
    (Purpose::Disks, disks::blows),
    (Purpose::ClockFaults, clocks::blows),
    (Purpose::Pauses, pauses::blows),
    (Purpose::Sessions, sessions::blows),
    (Purpose::CatchUp, catch_up::blows),
    (Purpose::Logs, logs::blows),
];
