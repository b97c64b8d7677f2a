//! Reconfigurations under a storm: replicas leave, come back and change their roles while leaders die and links are cut.

use contract::fault::{Shape, Target, What};
use harness::family::{Idle, any_of};

use super::moment::{LEADER, RECONFIG};
use super::observers::{self, CLASSES};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, crashes};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "reconfig",
    about: "Replicas leave the ensemble, come back and change their roles, while leaders die and links are cut at every step of it.",
    idle: IDLE,
    number: 11,
    taste: Taste { replicas: &[(3, 30), (5, 50), (7, 20)], observers: &[(0, 3), (1, 3), (2, 4)], weights_ppm: 50_000, reconfigs: true, ..Taste::USUAL },
    faults: |storm| {
        let mut dice = storm.dice(Purpose::Swarm as u64);
        let mut on = any_of(&mut dice, CLASSES, 300_000);
        on.push(&CLASS);
        if dice.chance(300_000) {
            on.push(&observers::CLASS);
        }
        storm.paint_all(&on);
    },
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Reconfig as u64, faults };

const IDLE: &[Idle] = &[super::DISTURBED];

/// Faults to reconfigurations.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin) {
        let scenes = if brush.dice.chance(700_000) { RECONFIG } else { LEADER };
        let when = if brush.dice.chance(500_000) { brush.at_once_on(scenes) } else { brush.on(scenes) };
        let target = if brush.dice.chance(700_000) { Target::Subject } else { Target::Peer };
        match brush.dice.below(4) {
            0 | 1 => crashes::crash(brush, when, target),
            2 => {
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
