//! Checkpoints: their messages are lost, late and cut off, barriers crawl over slow links and through few buffers, uploads fail; tasks die between any two of their steps.

use super::super::setup::Taste;
use super::super::storm::Brush;
use super::super::{Family, Idle, Purpose};
use super::setup::StreamTaste;
use super::{QUIET, cuts, machines, messages, outside, paint};
use crate::family::SETTLED;

pub(in crate::family) const FAMILY: Family = Family {
    name: "checkpoints",
    about: "Checkpoints in quick succession, aligned, unaligned, concurrent and incremental, whose messages are lost, late or cut off while tasks die between their steps.",
    idle: IDLE,
    number: 21,
    taste: Taste { rough_ppm: 200_000, stream: Some(&WITH), ..QUIET },
    blows: |_| {},
};

const WITH: StreamTaste = StreamTaste {
    interval_ms: &[((500, 800), 3), ((800, 2_000), 2)],
    retained: &[(1, 2), (2, 3), (3, 3)],
    unaligned_ppm: 500_000,
    incremental_ppm: 500_000,
    tight_ppm: 400_000,
    off_ppm: 10_000,
    savepoints_max: 2,
    steps_ppm: 200_000,
    blows: |storm| {
        let classes = [
            (Purpose::Messages, messages::blows as fn(&mut Brush<'_>, u64)),
            (Purpose::StreamCuts, cuts::blows),
            (Purpose::Workers, machines::workers),
            (Purpose::Outside, outside::blows),
        ];
        paint(storm, &classes, 600_000, 1);
    },
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[SETTLED, Idle { rule: "sp.stop-atomic", reason: "no job is stopped with a savepoint" }];
