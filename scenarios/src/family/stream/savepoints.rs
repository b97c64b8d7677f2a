//! Savepoints: taken beside checkpoints, kept for ever, now and then the end of one job and the beginning of the next; leaders and workers die around them.

use super::super::setup::Taste;
use super::super::storm::Brush;
use super::super::{Family, Idle, Purpose};
use super::setup::StreamTaste;
use super::{QUIET, cuts, machines, messages, outside, paint};
use crate::family::SETTLED;

pub(in crate::family) const FAMILY: Family = Family {
    name: "savepoints",
    about: "Several savepoints between many checkpoints, now and then one that a job is stopped with and another begins from, while leaders and workers die around them.",
    idle: IDLE,
    number: 26,
    taste: Taste { stream: Some(&WITH), ..QUIET },
    blows: |_| {},
};

const WITH: StreamTaste = StreamTaste {
    interval_ms: &[((500, 1_500), 1)],
    incremental_ppm: 600_000,
    savepoints_max: 4,
    rescales_max: 1,
    steps_ppm: 1_000_000,
    blows: |storm| {
        let classes = [
            (Purpose::Masters, machines::masters as fn(&mut Brush<'_>, u64)),
            (Purpose::Workers, machines::workers),
            (Purpose::StreamCuts, cuts::blows),
            (Purpose::Messages, messages::blows),
            (Purpose::Outside, outside::blows),
        ];
        paint(storm, &classes, 350_000, 3);
    },
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[SETTLED];
