//! Local sessions: a session is known to its replica alone until it wants an ephemeral, and replicas without a quorum serve whoever only wants to read.

use vocab::dice::Dice;
use vocab::plan::{Plan, Shape, Target, What, WorkloadKind};

use crate::workload::SUPER_DIGEST;

use super::moment::{CLIENT, READER};
use super::observers::Class;
use super::setup::Taste;
use super::storm::Brush;
use super::{Family, Idle, Purpose, clocks, crashes, partitions, pauses, sessions, weighted};

pub(super) const FAMILY: Family = Family {
    name: "local-sessions",
    about: "Sessions that one replica alone knows, made known to all or not when they want ephemerals, and replicas that serve readers while they have no quorum; cut off, crashed, frozen and expired.",
    idle: IDLE,
    number: 14,
    taste: Taste { locals: true, observers: &[(0, 5), (1, 1), (2, 1)], ..Taste::USUAL },
    blows: |storm| {
        let mut dice = storm.dice(Purpose::Swarm);
        let mut on: Vec<Class> = CLASSES.iter().copied().filter(|_| dice.chance(400_000)).collect();
        on.push((Purpose::Readers, blows));
        let thin = on.len() as u64;
        for (purpose, blows) in on {
            blows(&mut storm.brush(purpose), thin);
        }
    },
};

const IDLE: &[Idle] = &[super::SETTLED];

const CLASSES: &[Class] = &[
    (Purpose::Partitions, partitions::blows),
    (Purpose::Crashes, crashes::blows),
    (Purpose::Pauses, pauses::blows),
    (Purpose::Sessions, sessions::blows),
    (Purpose::ClockFaults, clocks::blows),
];

/// What can be done without a node that dies with its session.
const WITHOUT_EPHEMERALS: &[(WorkloadKind, u32)] = &[
    (WorkloadKind::Registers, 4),
    (WorkloadKind::Counters, 2),
    (WorkloadKind::Queues, 2),
    (WorkloadKind::Vaults, 2),
    (WorkloadKind::Containers, 1),
    (WorkloadKind::CuratorCounters, 1),
    (WorkloadKind::Caches, 1),
];

/// Has a plan's sessions be local.
pub(super) fn settle(plan: &mut Plan, dice: &mut Dice) {
    plan.coordination.local_sessions = true;
    plan.coordination.local_sessions_upgrading = dice.chance(700_000);
    plan.coordination.read_only_mode = dice.chance(850_000);
    if dice.chance(700_000) {
        plan.clients[0].workload = WorkloadKind::Registers;
    }
    let has_super = dice.chance(400_000);
    for client in &mut plan.clients {
        let kind = weighted(dice, WITHOUT_EPHEMERALS);
        if !plan.coordination.local_sessions_upgrading && !WITHOUT_EPHEMERALS.iter().any(|(without, _)| *without == client.workload) {
            client.workload = kind;
        }
        client.can_be_read_only = dice.chance(700_000) && client.workload == WorkloadKind::Registers;
        let late_ms = dice.below(plan.heal.at_ms * 3 / 4);
        if client.can_be_read_only && dice.chance(500_000) {
            // Only who has never been at a quorum in its session makes do without one.
            client.start_ms = late_ms;
        }
    }
    if has_super && plan.clients.iter().any(|client| client.workload == WorkloadKind::Vaults) {
        plan.coordination.super_digest = Some(SUPER_DIGEST.into());
    }
}

/// Blows that leave a client with replicas that have no quorum, and end that.
fn blows(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(2 * thin) {
        match brush.dice.below(5) {
            // A few replicas and a few clients alone together.
            0 | 1 => {
                let mut side = brush.minority();
                side.extend(brush.some_clients());
                let (when, for_ms) = (brush.at(), without_quorum(brush));
                brush.blow(when, What::Partition { shape: Shape::Halves { side }, for_ms });
            }
            // All links between replicas are cut: nobody has a quorum.
            2 => {
                let (when, for_ms) = (brush.at(), without_quorum(brush));
                for replica in brush.replicas() {
                    let others = brush.replicas().into_iter().filter(|other| *other != replica).collect();
                    brush.blow(when.clone(), What::Partition { shape: Shape::OneWay { from: vec![replica], to: others }, for_ms });
                }
            }
            // A client looks for a quorum.
            3 => {
                let (when, target) = (brush.on(READER), *brush.dice.pick(&[Target::Subject, Target::Peer]));
                let for_ms = brush.spell();
                match brush.dice.below(3) {
                    0 => crashes::crash(brush, when, target),
                    1 => brush.blow(when, What::Partition { shape: Shape::Isolate { machine: target }, for_ms }),
                    _ => brush.blow(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent: false }),
                }
            }
            // It moves, with a session that nobody else knows.
            _ => {
                let when = brush.on(CLIENT);
                let silent = brush.dice.chance(300_000);
                brush.blow(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
            }
        }
    }
}

/// How long a quorum is gone, in ms: until leaders, learners and elections have noticed, and readers have been served for a while.
fn without_quorum(brush: &mut Brush<'_>) -> u64 {
    let noticed = brush.tick_ms() * u64::from(brush.plan.coordination.sync_limit) + brush.tick_ms().max(2_000);
    brush.dice.between(noticed / 2, 4 * noticed).min(brush.plan.heal.at_ms / 2)
}
