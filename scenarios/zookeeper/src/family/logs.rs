//! Logs: what replicas keep of the past is as little as can be, and is struck while it is written, named, rolled, purged and read again. Links are sound.

use contract::fault::{Moment, Target, What, When};
use contract::ids::MachineId;
use harness::family::Idle;

use super::moment::{FILES, LEARNER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, crashes};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "logs",
    about: "Snapshots and logs are short and few; replicas die while they write, roll, purge and read them, and come back far behind, empty, or without their log's tail.",
    idle: IDLE,
    number: 13,
    taste: Taste { rounds: &[((300, 800), 2), ((800, 2_000), 2)], tiny_logs_ppm: 1_000_000, rough_ppm: 100_000, unrestricted_ppm: 50_000, ..Taste::USUAL },
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Logs as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

#[derive(Clone, Copy)]
enum Kind {
    AtFiles,
    AtPurge,
    Twice,
    Behind,
    Empty,
    TailLost,
    Rot,
    Full,
    Error,
    Blackout,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::AtFiles, 6),
    (Kind::AtPurge, 5),
    (Kind::Twice, 4),
    (Kind::Behind, 4),
    (Kind::Empty, 2),
    (Kind::TailLost, 3),
    (Kind::Rot, 2),
    (Kind::Full, 1),
    (Kind::Error, 2),
    (Kind::Blackout, 2),
];

/// Faults at what is kept of the past.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        match brush.one(&kinds) {
            Kind::AtFiles => {
                let when = brush.at_once_on(FILES);
                crashes::crash(brush, when, Target::Subject);
            }
            Kind::AtPurge => {
                let when = purge(brush);
                crashes::crash(brush, when, Target::Subject);
            }
            Kind::Twice => twice(brush),
            Kind::Behind => {
                let (when, machine) = (brush.at(), Target::Machine(brush.replica()));
                let (power, restart_ms) = (brush.dice.chance(500_000), Some(absence(brush)));
                brush.fault(when, What::Crash { machine, power, restart_ms });
            }
            Kind::Empty => {
                let (when, machine) = brush.replica_caught(&[FILES, LEARNER], 500_000);
                let restart_ms = if brush.dice.chance(500_000) { absence(brush) } else { brush.dice.between(1, 500) };
                brush.fault(when, What::LoseDisk { machine, restart_ms });
            }
            Kind::TailLost => tail_lost(brush),
            Kind::Rot => {
                let (ms, machine) = (brush.time(), Target::Machine(brush.replica()));
                let kind = if brush.dice.chance(600_000) { "snapshot" } else { "log" };
                brush.fault(When::At { ms }, What::BitRot { machine, kind: kind.into() });
                let ms = ms + brush.dice.between(1, 2_000);
                crashes::crash(brush, When::At { ms }, machine);
            }
            Kind::Full => {
                let when = brush.at_once_on(FILES);
                let for_ms = brush.spell();
                brush.fault(when, What::DiskFull { machine: Target::Subject, for_ms });
            }
            Kind::Error => {
                let when = brush.at_once_on(FILES);
                brush.fault(when, What::DiskError { machine: Target::Subject, count: 1 });
            }
            Kind::Blackout => {
                let when = if brush.dice.chance(500_000) { purge(brush) } else { brush.at_once_on(FILES) };
                let (machines, restart_ms) = (brush.replicas(), brush.dice.between(1, 2_000));
                brush.fault(when, What::Blackout { machines, restart_ms });
            }
        }
    }
}

/// Some time after a snapshot has got its name: when that is durable, what is older goes, and a disk takes up to some ms for either.
fn purge(brush: &mut Brush<'_>) -> When {
    let nth = brush.dice.between(1, 20) as u32;
    let after_ms = brush.one(&[(0, 2), (1, 3), (2, 2), (5, 2), (10, 1), (20, 1)]);
    When::On { moment: Moment::Append, kind: "snapshot".into(), machine: None, nth, after_ms }
}

/// A replica dies, and dies again while it reads and mends what is left.
fn twice(brush: &mut Brush<'_>) {
    let (ms, machine) = (brush.time(), Target::Machine(brush.replica()));
    let restart_ms = brush.dice.between(1, 300);
    brush.fault(When::At { ms }, What::Crash { machine, power: true, restart_ms: Some(restart_ms) });
    let ms = ms + restart_ms + brush.dice.between(0, 15);
    crashes::crash(brush, When::At { ms }, machine);
}

/// A disk lies for a while, then loses power with what it lied about, and its replica comes back late or soon.
fn tail_lost(brush: &mut Brush<'_>) {
    let (ms, machine): (u64, MachineId) = (brush.time(), brush.replica());
    let for_ms = brush.dice.between(20, 2_000);
    let machine = Target::Machine(machine);
    brush.fault(When::At { ms }, What::LyingSync { machine, for_ms });
    let restart_ms = Some(if brush.dice.chance(500_000) { absence(brush) } else { brush.dice.between(1, 500) });
    brush.fault(When::At { ms: ms + for_ms }, What::Crash { machine, power: true, restart_ms });
}

/// Long enough for the others to have forgotten what was there, in ms.
fn absence(brush: &mut Brush<'_>) -> u64 {
    let tick = brush.tick_ms();
    brush.dice.between(6 * tick, 40 * tick)
}
