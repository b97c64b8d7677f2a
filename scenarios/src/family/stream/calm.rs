//! Stream-calm: a job in fair weather. What fails here fails everywhere.

use super::super::setup::Taste;
use super::super::{Family, Idle};
use super::QUIET;
use super::setup::StreamTaste;
use crate::family::SETTLED;

pub(in crate::family) const FAMILY: Family = Family {
    name: "stream-calm",
    about: "A job in fair weather and without faults: checkpoints, savepoints, a rescaling, a final checkpoint.",
    idle: IDLE,
    number: 20,
    taste: Taste { rough_ppm: 0, wild_clocks_ppm: 0, absent_ppm: 0, stream: Some(&WITH), ..QUIET },
    blows: |_| {},
};

const WITH: StreamTaste = StreamTaste { savepoints_max: 1, rescales_max: 1, steps_ppm: 300_000, off_ppm: 50_000, ..StreamTaste::USUAL };

const IDLE: &[Idle] = &[
    SETTLED,
    Idle { rule: "curator.retries", reason: "no request has to be tried again" },
    Idle { rule: "x.reattach-zxid", reason: "no connection is lost" },
    Idle { rule: "x.retry-idempotent", reason: "no request has to be tried again" },
    Idle { rule: "zab.committed-durable", reason: "no replica starts again" },
    Idle { rule: "zab.committed-log-durability", reason: "no log is cut back or replaced" },
    Idle { rule: "zab.initial-history-integrity", reason: "one leader is all that it takes" },
    Idle { rule: "zab.leader-log-completeness", reason: "nothing is committed before the only leader" },
    Idle { rule: "fo.restarts", reason: "nothing fails" },
];
