//! Calm: good links and disks, no faults. What fails here fails everywhere, and what an idle rule misses here shows.

use harness::family::Idle;

use super::ServiceFamily;
use super::setup::Taste;

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "calm",
    about: "Fair weather and no faults: the service at work, one election, every recipe.",
    idle: IDLE,
    number: 0,
    taste: Taste { rough_ppm: 0, wild_clocks_ppm: 0, absent_ppm: 0, ..Taste::USUAL },
    faults: |_| {},
};

const IDLE: &[Idle] = &[
    super::SETTLED,
    Idle { what: "curator.retries", reason: "no request has to be tried again" },
    Idle { what: "x.reattach-zxid", reason: "no connection is lost" },
    Idle { what: "x.retry-idempotent", reason: "no request has to be tried again" },
    Idle { what: "zab.committed-durable", reason: "no replica starts again" },
    Idle { what: "zab.committed-log-durability", reason: "no log is cut back or replaced" },
    Idle { what: "zab.initial-history-integrity", reason: "one leader is all that it takes" },
    Idle { what: "zab.leader-log-completeness", reason: "nothing is committed before the only leader" },
];
