//! Pauses: processes freeze, for a blink or past every timeout, and go on as if nothing had been.

use contract::fault::{Target, What, When};
use harness::family::Idle;

use super::moment::{CLIENT, DISK, LEADER, LEARNER, VOTER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "pauses",
    about: "Leaders, learners and clients freeze for a blink or past every timeout, and go on as if nothing had been.",
    idle: IDLE,
    number: 6,
    taste: Taste::USUAL,
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Pauses as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

#[derive(Clone, Copy)]
enum Kind {
    Leader,
    Replica,
    Client,
    Together,
    Flutter,
}

const KINDS: &[(Kind, u32)] = &[(Kind::Leader, 4), (Kind::Replica, 3), (Kind::Client, 3), (Kind::Together, 1), (Kind::Flutter, 1)];

/// Pauses of every kind.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        match brush.one(&kinds) {
            Kind::Leader => {
                let (when, for_ms) = (brush.on(LEADER), brush.spell());
                brush.fault(when, What::Pause { machine: Target::Subject, for_ms });
            }
            Kind::Replica => {
                let (when, machine) = brush.replica_caught(&[LEARNER, VOTER, DISK], 500_000);
                let for_ms = brush.spell();
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Kind::Client => client(brush),
            Kind::Together => {
                let when = brush.at();
                for machine in brush.some_replicas(2, 7) {
                    let for_ms = brush.spell();
                    brush.fault(when.clone(), What::Pause { machine: Target::Machine(machine), for_ms });
                }
            }
            Kind::Flutter => flutter(brush),
        }
    }
}

/// A client frozen in the middle of something, or at any time: for around its session's timeout, half of the times.
pub fn client(brush: &mut Brush<'_>) {
    let (when, machine) = if brush.dice.chance(600_000) { (brush.on(CLIENT), Target::Subject) } else { (brush.at(), Target::Machine(brush.client())) };
    let session = brush.session_ms();
    let for_ms = if brush.dice.chance(500_000) { brush.spell() } else { brush.dice.between(session * 7 / 10, session * 3) };
    brush.fault(when, What::Pause { machine, for_ms });
}

/// Many short freezes in a row: a process that swaps.
fn flutter(brush: &mut Brush<'_>) {
    let (machine, mut ms) = (Target::Machine(brush.replica()), brush.time());
    let tick = brush.tick_ms();
    for _ in 0..brush.dice.between(3, 6) {
        let for_ms = brush.dice.between(tick / 4, 2 * tick);
        brush.fault(When::At { ms }, What::Pause { machine, for_ms });
        ms += for_ms + brush.dice.between(1, tick);
    }
}
