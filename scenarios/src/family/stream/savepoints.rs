//! Savepoints: taken beside checkpoints, kept for ever, now and then the end of one job and the beginning of the next; leaders and workers die around them.

use super::super::setup::Taste;
use super::super::{Family, Idle};
use super::setup::StreamTaste;
use super::{QUIET, all_around};
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
    blows: all_around,
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[SETTLED];
