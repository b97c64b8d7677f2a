//! Weather: rough links, slow disks, and now and then a link that is slower still. Nothing breaks; everything comes late, lost or twice.

use contract::fault::{Target, What};
use harness::family::Idle;

use super::moment::{CLIENT, LEADER, LEARNER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "weather",
    about: "Rough links and slow disks, with spells in which one link or all links of a machine are slower still.",
    idle: IDLE,
    number: 1,
    taste: Taste { rough_ppm: 900_000, absent_ppm: 0, ..Taste::USUAL },
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Weather as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

/// The longest spell of slowness in ms: a storm has room for several.
const SPELL_MAX_MS: u64 = 15_000;

/// Slow links, one at a time or all of one machine.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin).div_ceil(2) {
        let extra_ms = slowness(brush);
        // A link that is slower than the spell is long has held everything back when it ends.
        let for_ms = brush.spell().max(3 * u64::from(extra_ms)).min(SPELL_MAX_MS);
        if brush.dice.chance(300_000) {
            let scenes = *brush.dice.pick(&[LEADER, LEARNER, CLIENT]);
            let when = brush.on(scenes);
            brush.fault(when, What::SlowLink { a: Target::Subject, b: Target::Peer, extra_ms, for_ms });
            continue;
        }
        let when = brush.at();
        let slow = brush.replica();
        let others: Vec<_> = brush.replicas().into_iter().filter(|other| *other != slow).collect();
        let hit = if brush.dice.chance(700_000) { others } else { vec![*brush.dice.pick(&others)] };
        for other in hit {
            brush.fault(when.clone(), What::SlowLink { a: Target::Machine(slow), b: Target::Machine(other), extra_ms, for_ms });
        }
    }
}

/// By how much: a fraction of a tick, or up to beyond the patience of leaders and learners.
fn slowness(brush: &mut Brush<'_>) -> u32 {
    let tick = brush.tick_ms();
    let (low, high) = brush.one(&[((tick / 50 + 1, tick / 2), 2), ((tick / 2, 3 * tick), 1), ((3 * tick, 8 * tick), 2)]);
    brush.dice.between(low, high) as u32
}
