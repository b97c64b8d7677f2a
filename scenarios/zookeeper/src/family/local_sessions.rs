//! Local sessions: a session is known to its replica alone until it wants an ephemeral, and replicas without a quorum serve whoever only wants to read.

use contract::fault::{Shape, Target, What};
use harness::family::{Idle, any_of};

use super::moment::{CLIENT, READER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, clocks, crashes, partitions, pauses, sessions};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "local-sessions",
    about: "Sessions that one replica alone knows, made known to all or not when they want ephemerals, and replicas that serve readers while they have no quorum; cut off, crashed, frozen and expired.",
    idle: IDLE,
    number: 14,
    taste: Taste { locals: true, observers: &[(0, 5), (1, 1), (2, 1)], ..Taste::USUAL },
    faults: |storm| {
        let mut on = any_of(&mut storm.dice(Purpose::Swarm as u64), CLASSES, 400_000);
        on.push(&CLASS);
        storm.paint_all(&on);
    },
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Readers as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

/// What may come besides.
const CLASSES: &[Class] = &[partitions::CLASS, crashes::CLASS, pauses::CLASS, sessions::CLASS, clocks::CLASS];

/// Faults that leave a client with replicas that have no quorum, and end that.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(2 * thin) {
        match brush.dice.below(5) {
            // A few replicas and a few clients alone together.
            0 | 1 => {
                let mut side = brush.minority();
                side.extend(brush.some_clients());
                let (when, for_ms) = (brush.at(), without_quorum(brush));
                brush.fault(when, What::Partition { shape: Shape::Halves { side }, for_ms });
            }
            // All links between replicas are cut: nobody has a quorum.
            2 => {
                let (when, for_ms) = (brush.at(), without_quorum(brush));
                for replica in brush.replicas() {
                    let others = brush.replicas().into_iter().filter(|other| *other != replica).collect();
                    brush.fault(when.clone(), What::Partition { shape: Shape::OneWay { from: vec![replica], to: others }, for_ms });
                }
            }
            // A client looks for a quorum.
            3 => {
                let (when, target) = (brush.on(READER), *brush.dice.pick(&[Target::Subject, Target::Peer]));
                let for_ms = brush.spell();
                match brush.dice.below(3) {
                    0 => crashes::crash(brush, when, target),
                    1 => brush.fault(when, What::Partition { shape: Shape::Isolate { machine: target }, for_ms }),
                    _ => brush.fault(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent: false }),
                }
            }
            // It moves, with a session that nobody else knows.
            _ => {
                let when = brush.on(CLIENT);
                let silent = brush.dice.chance(300_000);
                brush.fault(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
            }
        }
    }
}

/// How long a quorum is gone, in ms: until leaders, learners and elections have noticed, and readers have been served for a while.
fn without_quorum(brush: &mut Brush<'_>) -> u64 {
    let noticed = brush.tick_ms() * u64::from(brush.plan.settings.coordination.sync_limit) + brush.tick_ms().max(2_000);
    brush.dice.between(noticed / 2, 4 * noticed).min(brush.plan.heal.at_ms / 2)
}
