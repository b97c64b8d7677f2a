//! Stream-failover: masters and workers die, freeze and lose each other; the job goes on from its checkpoints, under whoever leads.

use super::super::setup::Taste;
use super::super::storm::Brush;
use super::super::{Family, Idle, Purpose};
use super::setup::{NEXMARK, StreamTaste};
use super::{QUIET, cuts, machines, messages, paint};
use crate::family::SETTLED;

pub(in crate::family) const FAMILY: Family = Family {
    name: "stream-failover",
    about: "Masters and workers die, freeze and lose each other and the coordination service; a Nexmark job goes on from its checkpoints under whoever leads.",
    idle: IDLE,
    number: 22,
    taste: Taste { replicas: &[(3, 1)], stream: Some(&WITH), ..QUIET },
    blows: |_| {},
};

const WITH: StreamTaste = StreamTaste {
    masters: &[(3, 2), (2, 8)],
    workers: &[(2, 2), (4, 2), (3, 7)],
    jobs: NEXMARK,
    off_ppm: 10_000,
    blows: |storm| {
        let classes = [
            (Purpose::Masters, machines::masters as fn(&mut Brush<'_>, u64)),
            (Purpose::Workers, machines::workers),
            (Purpose::StreamCuts, cuts::blows),
            (Purpose::Messages, messages::blows),
        ];
        paint(storm, &classes, 650_000, 1);
    },
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[
    SETTLED,
    Idle { rule: "os.bcast", reason: "Nexmark's jobs have no broadcast state" },
    Idle { rule: "os.list", reason: "Nexmark's jobs have no list state" },
    Idle { rule: "sp.stop-atomic", reason: "no job is stopped with a savepoint" },
];
