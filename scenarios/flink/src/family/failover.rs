//! Stream-failover: masters and workers die, freeze and lose each other; the job goes on from its checkpoints, under
//! whoever leads.

use harness::family::Idle;
use zookeeper_scenarios::family::SETTLED;
use zookeeper_scenarios::family::setup::Taste;

use super::setup::{NEXMARK, StreamTaste};
use super::{EngineFamily, QUIET, cuts, machines, messages, paint};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "stream-failover",
    about: "Masters and workers die, freeze and lose each other and the coordination service; a Nexmark job goes on from its checkpoints under whoever leads.",
    idle: IDLE,
    number: 22,
    service: Taste { replicas: &[(3, 1)], ..QUIET },
    service_faults: |_| {},
    engine: WITH,
    faults: |storm| paint(storm, &[machines::MASTERS, machines::WORKERS, cuts::CLASS, messages::CLASS], 650_000, 1),
};

const WITH: StreamTaste = StreamTaste { masters: &[(3, 2), (2, 8)], workers: &[(2, 2), (4, 2), (3, 7)], jobs: NEXMARK, off_ppm: 10_000, ..StreamTaste::USUAL };

const IDLE: &[Idle] = &[
    SETTLED,
    Idle { what: "os.bcast", reason: "Nexmark's jobs have no broadcast state" },
    Idle { what: "os.list", reason: "Nexmark's jobs have no list state" },
    Idle { what: "sp.stop-atomic", reason: "no job is stopped with a savepoint" },
];
