//! Stream-everything: the full storm on both systems. Each class of faults of either is switched on or off per seed.

use harness::family::{Idle, any_of};
use zookeeper_scenarios::family::setup::Taste;
use zookeeper_scenarios::family::{self as service, DISTURBED, SETTLED};

use super::setup::StreamTaste;
use super::{Class, EngineFamily, QUIET, Storm, cuts, ha_cut, machines, messages, outside, paint, zombies};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "stream-everything",
    about: "Five replicas, two masters, four workers and four clients in a full storm: each class of faults of both systems switched on or off per seed.",
    idle: IDLE,
    number: 28,
    service: Taste {
        replicas: &[(5, 1)],
        rough_ppm: 200_000,
        wild_clocks_ppm: 100_000,
        clients: &[(4, 1)],
        rounds: &[((60, 200), 1), ((200, 600), 1)],
        ..QUIET
    },
    service_faults: |storm| {
        let on = any_of(&mut storm.dice(service::Purpose::Swarm as u64), service::CLASSES, 350_000);
        let thin = on.len() as u64 + 2;
        storm.paint(on, thin);
    },
    engine: WITH,
    faults,
};

const IDLE: &[Idle] = &[SETTLED, DISTURBED];

/// Two masters, four workers, and now and then all that a job can go through.
pub(super) const WITH: StreamTaste =
    StreamTaste { masters: &[(2, 1)], workers: &[(4, 1)], savepoints_max: 1, rescales_max: 1, steps_ppm: 350_000, off_ppm: 5_000, ..StreamTaste::USUAL };

/// All that the engine must bear.
const CLASSES: &[Class] =
    &[machines::MASTERS, machines::WORKERS, cuts::CLASS, messages::CLASS, outside::CLASS, zombies::CLASS, ha_cut::CLASS, machines::CLOCKS];

/// Some of it.
pub(super) fn faults(storm: &mut Storm<'_>) {
    paint(storm, CLASSES, 450_000, 3);
}
