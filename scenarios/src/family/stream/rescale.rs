//! Rescale: jobs are stopped with a savepoint and go on with another parallelism, while machines die and links are cut at every step of it.

use super::super::setup::Taste;
use super::super::{Family, Idle};
use super::setup::StreamTaste;
use super::{QUIET, all_around};
use crate::family::SETTLED;
use vocab::stream::job::JobKind;

pub(in crate::family) const FAMILY: Family = Family {
    name: "rescale",
    about: "Jobs with state, timers, lists and broadcasts are stopped with a savepoint and go on with another parallelism, once or twice, under blows at every step.",
    idle: IDLE,
    number: 25,
    taste: Taste { stream: Some(&WITH), ..QUIET },
    blows: |_| {},
};

const WITH: StreamTaste = StreamTaste {
    workers: &[(3, 6), (4, 3), (2, 1)],
    jobs: &[
        (JobKind::Counters, 5),
        (JobKind::Q3, 2),
        (JobKind::Q4, 1),
        (JobKind::Q5, 2),
        (JobKind::Q6, 1),
        (JobKind::Q7, 2),
        (JobKind::Q8, 2),
        (JobKind::Q11, 2),
        (JobKind::WordCount, 2),
        (JobKind::IntervalJoin, 2),
        (JobKind::Q1, 1),
    ],
    savepoints_max: 1,
    rescales_max: 2,
    steps_ppm: 1_000_000,
    blows: all_around,
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[SETTLED];
