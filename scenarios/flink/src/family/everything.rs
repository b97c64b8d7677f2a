//! Everything: swarm testing of both systems together. Each class of faults is switched fully on or off per seed, so
//! that rare pairs meet and no class drowns the others.

use harness::family::{Idle, some_of};
use zookeeper_scenarios::family::setup::Taste;
use zookeeper_scenarios::family::{self as service, DISTURBED, SETTLED};

use super::setup::StreamTaste;
use super::{EngineFamily, stream_everything};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "everything",
    about: "Both systems together: each class of faults above switched fully on or off per seed, all at once.",
    idle: IDLE,
    number: 9,
    service: Taste {
        replicas: &[(3, 20), (5, 65), (7, 15)],
        rough_ppm: 250_000,
        wild_clocks_ppm: 150_000,
        observers: &[(0, 8), (1, 1), (2, 1)],
        weights_ppm: 100_000,
        ..Taste::USUAL
    },
    service_faults: |storm| {
        let on = some_of(&mut storm.dice(service::Purpose::Swarm as u64), service::CLASSES, 500_000);
        storm.paint_all(&on);
    },
    engine: WITH,
    faults: stream_everything::faults,
};

const IDLE: &[Idle] = &[SETTLED, DISTURBED];

const WITH: StreamTaste = StreamTaste { masters: &[(2, 7), (1, 1), (3, 2)], workers: &[(4, 5), (3, 3), (2, 2)], ..stream_everything::WITH };
