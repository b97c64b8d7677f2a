//! Catch-up: histories that part and must be joined again. A replica falls behind under many writes, or a leader goes on proposing to nobody.

use contract::fault::{Moment, Shape, Target, What, When};
use contract::ids::MachineId;
use harness::family::Idle;

use super::moment::LEADER;
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, crashes};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "catch-up",
    about: "Replicas fall behind under many writes and leaders propose to nobody, so that DIFF, TRUNC and SNAP must mend what parted.",
    idle: IDLE,
    number: 8,
    taste: Taste { rounds: &[((300, 800), 2), ((800, 2_000), 1)], small_logs_ppm: 850_000, rough_ppm: 50_000, ..Taste::USUAL },
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::CatchUp as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

#[derive(Clone, Copy)]
enum Kind {
    LeftBehind,
    LeaderAlone,
    LeaderWithClients,
    LeaderAloneThenDies,
    LostMidway,
    SwitchSides,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::LeftBehind, 4),
    (Kind::LeaderAlone, 5),
    (Kind::LeaderWithClients, 3),
    (Kind::LeaderAloneThenDies, 3),
    (Kind::LostMidway, 3),
    (Kind::SwitchSides, 2),
];

/// Steps of bringing a learner up to date, with their usual numbers.
const MIDWAY: &[&str] = &["DIFF", "TRUNC", "SNAP", "NEWLEADER", "UPTODATE"];

/// Histories that part.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    // Each episode takes a while: fewer of them than of single faults.
    for _ in 0..brush.count(thin).div_ceil(2) {
        match brush.one(&kinds) {
            Kind::LeftBehind => left_behind(brush),
            Kind::LeaderAlone => {
                leader_alone(brush);
            }
            Kind::LeaderWithClients => leader_with_clients(brush),
            Kind::LeaderAloneThenDies => {
                let nth = leader_alone(brush);
                let after_ms = brush.dice.between(20, 2_000);
                let when = When::On { moment: Moment::Send, kind: "PROPOSAL".into(), machine: None, nth, after_ms };
                crashes::crash(brush, when, Target::Subject);
            }
            Kind::LostMidway => {
                let kind = *brush.dice.pick(MIDWAY);
                let moment = if brush.dice.chance(500_000) { Moment::Send } else { Moment::Deliver };
                let nth = brush.dice.between(1, if kind == "TRUNC" { 2 } else { 8 }) as u32;
                let after_ms = brush.one(&[(0, 2), (1, 1), (10, 1)]);
                let target = if brush.dice.chance(500_000) { Target::Subject } else { Target::Peer };
                crashes::crash(brush, When::On { moment, kind: kind.into(), machine: None, nth, after_ms }, target);
            }
            Kind::SwitchSides => switch_sides(brush),
        }
    }
}

/// One or two replicas are away while the others write.
fn left_behind(brush: &mut Brush<'_>) {
    let when = brush.at();
    let for_ms = absence(brush);
    for machine in brush.minority().into_iter().take(2) {
        let what = if brush.dice.chance(500_000) {
            What::Partition { shape: Shape::Isolate { machine: Target::Machine(machine) }, for_ms }
        } else {
            What::Crash { machine: Target::Machine(machine), power: brush.dice.chance(500_000), restart_ms: Some(for_ms) }
        };
        brush.fault(when.clone(), what);
    }
}

/// At a proposal, its leader is cut from all other replicas but not from its clients: it logs what it can never commit. Says which proposal it was.
fn leader_alone(brush: &mut Brush<'_>) -> u32 {
    let nth = brush.dice.between(5, 700) as u32;
    let when = When::On { moment: Moment::Send, kind: "PROPOSAL".into(), machine: None, nth, after_ms: 0 };
    let for_ms = absence(brush);
    for replica in brush.replicas() {
        let shape = Shape::Link { a: Target::Subject, b: Target::Machine(replica) };
        brush.fault(when.clone(), What::Partition { shape, for_ms });
    }
    nth
}

/// All clients are with a minority, in which the leader may be.
fn leader_with_clients(brush: &mut Brush<'_>) {
    let mut side = brush.minority();
    side.extend(brush.clients());
    let (when, for_ms) = (brush.at(), absence(brush));
    brush.fault(when, What::Partition { shape: Shape::Halves { side }, for_ms });
}

/// The majority moves: those that were behind elect with those that were cut off, again and again.
fn switch_sides(brush: &mut Brush<'_>) {
    let replicas = brush.replicas();
    let mut ms = brush.time();
    for _ in 0..brush.dice.between(2, 4) {
        let side: Vec<MachineId> = brush.some_replicas(1, replicas.len() as u64 / 2);
        let for_ms = absence(brush);
        brush.fault(When::At { ms }, What::Partition { shape: Shape::Halves { side }, for_ms });
        ms += for_ms + brush.dice.between(0, 2 * brush.tick_ms());
    }
    if brush.dice.chance(500_000) {
        let when = brush.on(LEADER);
        crashes::crash(brush, when, Target::Subject);
    }
}

/// How long a history parts, in ms: longer than leaders and learners are patient.
fn absence(brush: &mut Brush<'_>) -> u64 {
    let tick = brush.tick_ms();
    brush.dice.between(4 * tick, 16 * tick)
}
