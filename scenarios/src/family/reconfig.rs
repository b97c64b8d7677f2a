//! Reconfigurations under a storm: replicas leave, come back and change their roles while leaders die and links are cut.

use vocab::plan::{Shape, Target, What};

use super::moment::{LEADER, RECONFIG};
use super::observers::{self, CLASSES, Class};
use super::setup::Taste;
use super::storm::Brush;
use super::{Family, Idle, Purpose, crashes};

pub(super) const FAMILY: Family = Family {
    name: "reconfig",
    about: "Replicas leave the ensemble, come back and change their roles, while leaders die and links are cut at every step of it.",
    idle: IDLE,
    number: 11,
    taste: Taste { replicas: &[(3, 30), (5, 50), (7, 20)], observers: &[(0, 3), (1, 3), (2, 4)], weights_ppm: 50_000, reconfigs: true, ..Taste::USUAL },
    blows: |storm| {
        let mut dice = storm.dice(Purpose::Swarm);
        let mut on: Vec<Class> = CLASSES.iter().copied().filter(|_| dice.chance(300_000)).collect();
        on.push((Purpose::Reconfig, blows));
        if dice.chance(300_000) {
            on.push((Purpose::Observers, observers::blows));
        }
        let thin = on.len() as u64;
        for (purpose, blows) in on {
            blows(&mut storm.brush(purpose), thin);
        }
    },
};

const IDLE: &[Idle] = &[super::DISTURBED];

/// Blows to reconfigurations.
fn blows(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin) {
        let scenes = if brush.dice.chance(700_000) { RECONFIG } else { LEADER };
        let when = if brush.dice.chance(500_000) { brush.at_once_on(scenes) } else { brush.on(scenes) };
        let target = if brush.dice.chance(700_000) { Target::Subject } else { Target::Peer };
        match brush.dice.below(4) {
            0 | 1 => crashes::crash(brush, when, target),
            2 => {
                let for_ms = brush.spell();
                brush.blow(when, What::Partition { shape: Shape::Isolate { machine: target }, for_ms });
            }
            _ => {
                let silent = brush.dice.chance(300_000);
                brush.blow(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
            }
        }
    }
}
