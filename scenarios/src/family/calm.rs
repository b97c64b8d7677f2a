//! Calm: good links and disks, no blows. What fails here fails everywhere, and what an idle rule misses here shows.

use super::setup::Taste;
use super::{Family, Idle};

pub(super) const FAMILY: Family = Family {
    name: "calm",
    about: "Fair weather and no faults: the service at work, one election, every recipe.",
    idle: IDLE,
    number: 0,
    taste: Taste { rough_ppm: 0, wild_clocks_ppm: 0, absent_ppm: 0, ..Taste::USUAL },
    blows: |_| {},
};

const IDLE: &[Idle] = &[
    super::SETTLED,
    Idle { rule: "curator.retries", reason: "no request has to be tried again" },
    Idle { rule: "x.reattach-zxid", reason: "no connection is lost" },
    Idle { rule: "x.retry-idempotent", reason: "no request has to be tried again" },
    Idle { rule: "zab.committed-durable", reason: "no replica starts again" },
    Idle { rule: "zab.committed-log-durability", reason: "no log is cut back or replaced" },
    Idle { rule: "zab.initial-history-integrity", reason: "one leader is all that it takes" },
    Idle { rule: "zab.leader-log-completeness", reason: "nothing is committed before the only leader" },
];
