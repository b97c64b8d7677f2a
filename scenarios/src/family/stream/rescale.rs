//! Rescale: jobs are stopped with a savepoint and go on with another parallelism, while machines die and links are cut at every step of it.

use super::super::setup::Taste;
use super::super::storm::Brush;
use super::super::{Family, Idle, Purpose};
use super::setup::StreamTaste;
use super::{QUIET, cuts, machines, messages, outside, paint};
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
