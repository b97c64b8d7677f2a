//! Stream-everything: the full storm on both systems. Each class of faults of either is switched on or off per seed.

use super::super::setup::Taste;
use super::super::storm::{Brush, Storm};
use super::super::{Family, Idle, Purpose, everything};
use super::setup::StreamTaste;
use super::{QUIET, cuts, ha_cut, machines, messages, outside, paint, zombies};
use crate::family::{DISTURBED, SETTLED};

pub(in crate::family) const FAMILY: Family = Family {
    name: "stream-everything",
    about: "Five replicas, two masters, four workers and four clients in a full storm: each class of faults of both systems switched on or off per seed.",
    idle: IDLE,
    number: 28,
    taste: Taste {
        replicas: &[(5, 1)],
        rough_ppm: 200_000,
        wild_clocks_ppm: 100_000,
        clients: &[(4, 1)],
        rounds: &[((60, 200), 1), ((200, 600), 1)],
        stream: Some(&WITH_MOST),
        ..QUIET
    },
    blows: |storm| {
        let mut dice = storm.dice(Purpose::Swarm);
        let on: Vec<_> = everything::CLASSES.iter().filter(|_| dice.chance(350_000)).collect();
        let thin = on.len() as u64 + 2;
        for (purpose, blows) in on {
            blows(&mut storm.brush(*purpose), thin);
        }
    },
};

const IDLE: &[Idle] = &[SETTLED, DISTURBED];

const WITH_MOST: StreamTaste = StreamTaste {
    masters: &[(2, 1)],
    workers: &[(4, 1)],
    savepoints_max: 1,
    rescales_max: 1,
    steps_ppm: 350_000,
    off_ppm: 5_000,
    blows: storm,
    ..StreamTaste::USUAL
};

/// What takes part in the family `everything`.
pub(in crate::family) const WITH_ALL: StreamTaste = StreamTaste { masters: &[(2, 7), (1, 1), (3, 2)], workers: &[(4, 5), (3, 3), (2, 2)], ..WITH_MOST };

/// All that the engine must bear.
const CLASSES: &[everything::Class] = &[
    (Purpose::Masters, machines::masters as fn(&mut Brush<'_>, u64)),
    (Purpose::Workers, machines::workers),
    (Purpose::StreamCuts, cuts::blows),
    (Purpose::Messages, messages::blows),
    (Purpose::Outside, outside::blows),
    (Purpose::Zombies, zombies::blows),
    (Purpose::Outages, ha_cut::blows),
    (Purpose::StreamClockFaults, machines::clocks),
];

fn storm(storm: &mut Storm<'_>) {
    paint(storm, CLASSES, 450_000, 3);
}
