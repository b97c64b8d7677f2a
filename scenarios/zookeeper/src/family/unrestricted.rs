//! Unrestricted: swarm testing of the service by faults that may destroy whatever they strike. Each class is switched
//! fully on or off per seed, so that rare pairs meet and no class drowns the others.

use harness::family::{Idle, some_of};

use super::setup::Taste;
use super::{CLASSES, Purpose, ServiceFamily};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "unrestricted",
    about: "Each class of faults above switched fully on or off per seed, all at once, and free to destroy what the service has promised to keep.",
    idle: IDLE,
    number: 15,
    taste: Taste {
        replicas: &[(3, 20), (5, 65), (7, 15)],
        rough_ppm: 250_000,
        wild_clocks_ppm: 150_000,
        unrestricted_ppm: 1_000_000,
        observers: &[(0, 8), (1, 1), (2, 1)],
        weights_ppm: 100_000,
        ..Taste::USUAL
    },
    faults: |storm| {
        let on = some_of(&mut storm.dice(Purpose::Swarm as u64), CLASSES, 500_000);
        storm.paint_all(&on);
    },
};

const IDLE: &[Idle] = &[super::SETTLED, super::DISTURBED];
