//! Disks: they stall, fill up, fail, lie, rot and write to the wrong place, and power failures bring it to light.

use contract::fault::{Target, What, When};
use harness::family::Idle;

use super::moment::{DISK, LEADER, LEARNER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, crashes};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "disks",
    about: "Disks stall, fill up, fail, lie about syncs, rot and misdirect writes; power failures bring it to light.",
    idle: IDLE,
    number: 4,
    taste: Taste { rough_ppm: 250_000, unrestricted_ppm: 100_000, ..Taste::USUAL },
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Disks as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

#[derive(Clone, Copy)]
enum Kind {
    Stall,
    Full,
    Error,
    Lie,
    Rot,
    Misdirect,
    Lose,
    Power,
}

const KINDS: &[(Kind, u32)] =
    &[(Kind::Stall, 4), (Kind::Full, 3), (Kind::Error, 4), (Kind::Lie, 4), (Kind::Rot, 3), (Kind::Misdirect, 2), (Kind::Lose, 2), (Kind::Power, 4)];

/// What a replica keeps, by the kinds of its files.
const FILES: &[&str] = &["log", "log", "log", "snapshot", "snapshot", "currentEpoch", "acceptedEpoch"];

/// Disk faults of every kind, with the power failures that show them.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        let kind = brush.one(&kinds);
        let (when, machine) = brush.replica_caught(&[LEADER, LEARNER, DISK], 500_000);
        match kind {
            Kind::Stall => {
                let for_ms = brush.spell();
                brush.fault(when, What::DiskStall { machine, for_ms });
            }
            Kind::Full => {
                let for_ms = brush.spell();
                brush.fault(when, What::DiskFull { machine, for_ms });
            }
            Kind::Error => {
                let count = brush.dice.between(1, 3) as u32;
                brush.fault(when, What::DiskError { machine, count });
            }
            Kind::Lie => lie(brush),
            Kind::Rot => rot(brush, when, machine),
            Kind::Misdirect => {
                let kind = (*brush.dice.pick(FILES)).into();
                let again = later(brush, &when);
                brush.fault(when, What::MisdirectedWrite { machine, kind });
                reopen(brush, again, machine);
            }
            Kind::Lose => {
                let restart_ms = brush.dice.between(10, 3_000);
                brush.fault(when, What::LoseDisk { machine, restart_ms });
            }
            Kind::Power => crashes::crash(brush, when, machine),
        }
    }
}

/// A lying disk, and a power failure while it lies or soon after.
fn lie(brush: &mut Brush<'_>) {
    let (machine, from, for_ms) = (Target::Machine(brush.replica()), brush.time(), brush.spell());
    brush.fault(When::At { ms: from }, What::LyingSync { machine, for_ms });
    let ms = from + brush.dice.between(1, for_ms + 500);
    let restart_ms = Some(brush.dice.between(10, 3_000));
    brush.fault(When::At { ms }, What::Crash { machine, power: true, restart_ms });
}

/// A flipped bit, and mostly a restart that reads it.
fn rot(brush: &mut Brush<'_>, when: When, machine: Target) {
    let kind = (*brush.dice.pick(FILES)).into();
    let again = later(brush, &when);
    brush.fault(when, What::BitRot { machine, kind });
    reopen(brush, again, machine);
}

/// Damage shows only when the file is read: mostly the process is started again, on the same occasion, a little later.
fn reopen(brush: &mut Brush<'_>, when: When, machine: Target) {
    if brush.dice.chance(800_000) {
        let (power, restart_ms) = (brush.dice.chance(300_000), Some(brush.dice.between(10, 1_000)));
        brush.fault(when, What::Crash { machine, power, restart_ms });
    }
}

/// The same occasion, some time after it.
fn later(brush: &mut Brush<'_>, when: &When) -> When {
    let delay_ms = brush.dice.between(50, 3_000);
    match when.clone() {
        When::At { ms } => When::At { ms: ms + delay_ms },
        When::On { moment, kind, machine, nth, after_ms } => When::On { moment, kind, machine, nth, after_ms: after_ms + delay_ms },
    }
}
