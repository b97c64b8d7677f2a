//! Crashes: processes die and power fails, at any time and at the worst. Links are sound.

use contract::fault::{Target, What, When};
use harness::family::Idle;
use zookeeper_words::settings::HasService;

use super::moment::{DISK, LEADER, LEARNER, VOTER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "crashes",
    about: "Replicas die or lose power at any step of the protocol, alone, in a row or all at once; now and then with their disk.",
    idle: IDLE,
    number: 3,
    taste: Taste::USUAL,
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Crashes as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

#[derive(Clone, Copy)]
enum Kind {
    Leader,
    Learner,
    AtDisk,
    AtVote,
    AnyTime,
    Peer,
    Row,
    Blackout,
    BlackoutOn,
    LoseDisk,
    Client,
    Gone,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::Leader, 6),
    (Kind::Learner, 3),
    (Kind::AtDisk, 5),
    (Kind::AtVote, 1),
    (Kind::AnyTime, 3),
    (Kind::Peer, 3),
    (Kind::Row, 2),
    (Kind::Blackout, 1),
    (Kind::BlackoutOn, 2),
    (Kind::LoseDisk, 1),
    (Kind::Client, 1),
    (Kind::Gone, 1),
];

/// Crashes of every kind.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        match brush.one(&kinds) {
            Kind::Leader => {
                let when = brush.on(LEADER);
                crash(brush, when, Target::Subject);
            }
            Kind::Learner => {
                let when = brush.on(LEARNER);
                crash(brush, when, Target::Subject);
            }
            Kind::AtDisk => {
                let when = brush.at_once_on(DISK);
                crash(brush, when, Target::Subject);
            }
            Kind::AtVote => {
                let when = brush.on(VOTER);
                crash(brush, when, Target::Subject);
            }
            Kind::AnyTime => {
                let (when, machine) = (brush.at(), Target::Machine(brush.replica()));
                crash(brush, when, machine);
            }
            Kind::Peer => {
                let scenes = *brush.dice.pick(&[LEADER, LEARNER]);
                let when = brush.on(scenes);
                crash(brush, when, Target::Peer);
            }
            Kind::Row => row(brush),
            Kind::Blackout => {
                let machines = if brush.dice.chance(600_000) { brush.replicas() } else { brush.some_replicas(2, 7) };
                let (when, restart_ms) = (brush.at(), down(brush));
                brush.fault(when, What::Blackout { machines, restart_ms });
            }
            Kind::BlackoutOn => {
                let scenes = *brush.dice.pick(&[LEADER, LEARNER, DISK]);
                let (when, machines, restart_ms) = (brush.on(scenes), brush.replicas(), down(brush));
                brush.fault(when, What::Blackout { machines, restart_ms });
            }
            Kind::LoseDisk => {
                let (when, machine) = brush.replica_caught(&[LEADER, LEARNER], 400_000);
                let restart_ms = down(brush);
                brush.fault(when, What::LoseDisk { machine, restart_ms });
            }
            Kind::Client => {
                let (when, machine) = (brush.at(), Target::Machine(brush.client()));
                crash(brush, when, machine);
            }
            Kind::Gone => gone(brush),
        }
    }
}

/// A crash with or without power, and a restart after a while.
pub fn crash<X: HasService>(brush: &mut Brush<'_, X>, when: When, machine: Target) {
    let (power, restart_ms) = (power(brush), Some(down(brush)));
    brush.fault(when, What::Crash { machine, power, restart_ms });
}

/// How long a machine stays down, in ms: at once back, or long enough to be missed.
fn down<X: HasService>(brush: &mut Brush<'_, X>) -> u64 {
    let tick = brush.tick_ms();
    let (low, high) = brush.one(&[((1, 100), 2), ((100, 1_000), 3), ((tick, 6 * tick), 3), ((6 * tick, 20 * tick), 1)]);
    brush.dice.between(low, high)
}

/// One replica after the other, each while the one before is hardly back: a rolling restart in a hurry.
fn row(brush: &mut Brush<'_>) {
    let mut ms = brush.time();
    let step = brush.tick_ms() * 3;
    for machine in brush.some_replicas(2, 7) {
        crash(brush, When::At { ms }, Target::Machine(machine));
        ms += brush.dice.between(1, step);
    }
}

/// A replica that stays down until it is started, some time later, or at the heal.
fn gone(brush: &mut Brush<'_>) {
    let (machine, from, power) = (brush.replica(), brush.time(), power(brush));
    let until = from + brush.spell() * 3;
    brush.fault(When::At { ms: from }, What::Crash { machine: Target::Machine(machine), power, restart_ms: None });
    brush.fault(When::At { ms: until }, What::Restart { machine });
}

/// Whether the power goes with the process: mostly.
fn power<X: HasService>(brush: &mut Brush<'_, X>) -> bool {
    brush.dice.chance(700_000)
}
