//! Stream-calm: a job in fair weather. What fails here fails everywhere.

use harness::family::Idle;
use zookeeper_scenarios::family::SETTLED;
use zookeeper_scenarios::family::setup::Taste;

use super::setup::StreamTaste;
use super::{EngineFamily, QUIET};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "stream-calm",
    about: "A job in fair weather and without faults: checkpoints, savepoints, a rescaling, a final checkpoint.",
    idle: IDLE,
    number: 20,
    service: Taste { rough_ppm: 0, wild_clocks_ppm: 0, absent_ppm: 0, ..QUIET },
    service_faults: |_| {},
    engine: WITH,
    faults: |_| {},
};

const WITH: StreamTaste = StreamTaste { savepoints_max: 1, rescales_max: 1, steps_ppm: 300_000, off_ppm: 50_000, ..StreamTaste::USUAL };

const IDLE: &[Idle] = &[
    SETTLED,
    Idle { what: "curator.retries", reason: "no request has to be tried again" },
    Idle { what: "x.reattach-zxid", reason: "no connection is lost" },
    Idle { what: "x.retry-idempotent", reason: "no request has to be tried again" },
    Idle { what: "zab.committed-durable", reason: "no replica starts again" },
    Idle { what: "zab.committed-log-durability", reason: "no log is cut back or replaced" },
    Idle { what: "zab.initial-history-integrity", reason: "one leader is all that it takes" },
    Idle { what: "zab.leader-log-completeness", reason: "nothing is committed before the only leader" },
    Idle { what: "fo.restarts", reason: "nothing fails" },
];
