//! Observers, weights and groups: an ensemble whose quorums are not a majority of its servers, under a full storm.

use contract::fault::{Shape, Target, What};
use harness::family::{Idle, any_of};

use super::moment::OBSERVER;
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, catch_up, crashes, partitions, pauses, sessions};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "observers",
    about: "Replicas that only observe, votes with weights and voters in groups, under partitions, crashes, pauses and histories that part.",
    idle: IDLE,
    number: 10,
    taste: Taste { replicas: &[(3, 35), (5, 30), (7, 15), (9, 20)], observers: &[(1, 4), (2, 4), (3, 1), (0, 1)], weights_ppm: 450_000, ..Taste::USUAL },
    faults: |storm| {
        let mut on = any_of(&mut storm.dice(Purpose::Swarm as u64), CLASSES, 400_000);
        on.push(&CLASS);
        storm.paint_all(&on);
    },
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Observers as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED, super::DISTURBED];

/// What an ensemble of any kind must bear.
pub const CLASSES: &[Class] = &[partitions::CLASS, crashes::CLASS, pauses::CLASS, sessions::CLASS, catch_up::CLASS];

/// Faults to observers and whom they learn from.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin) {
        let when = brush.on(OBSERVER);
        let target = if brush.dice.chance(500_000) { Target::Subject } else { Target::Peer };
        match brush.dice.below(3) {
            0 => crashes::crash(brush, when, target),
            1 => {
                let for_ms = brush.spell();
                brush.fault(when, What::Partition { shape: Shape::Isolate { machine: target }, for_ms });
            }
            _ => {
                let silent = brush.dice.chance(300_000);
                brush.fault(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
            }
        }
    }
}
