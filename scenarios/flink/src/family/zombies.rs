//! Zombies: leaders that are deposed and do not know it, or that had a write under way when they were. What they say
//! and write afterwards must have no effect.

use contract::fault::{Shape, Target, What, When};
use contract::ids::MachineId;
use harness::family::Idle;
use zookeeper_scenarios::family::SETTLED;
use zookeeper_scenarios::family::setup::Taste;

use super::brush::EngineBrush;
use super::cuts::from_service;
use super::moment::{ASKING, LEADING, STORING, USING, WORKING};
use super::setup::{NEXMARK, StreamTaste};
use super::{Brush, Class, EngineFamily, Purpose, QUIET, machines, messages, paint};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "zombies",
    about: "Leading masters lose the coordination service, or freeze, for longer than their session lasts, with a write under way; workers are cut off from them; then somebody dies.",
    idle: IDLE,
    number: 23,
    service: Taste { replicas: &[(3, 1)], rough_ppm: 30_000, wild_clocks_ppm: 0, ..QUIET },
    service_faults: |_| {},
    engine: WITH,
    faults: |storm| {
        storm.paint(&[CLASS], 1);
        paint(storm, &[messages::CLASS, machines::WORKERS, machines::MASTERS], 250_000, 4);
    },
};

const WITH: StreamTaste = StreamTaste {
    masters: &[(2, 7), (3, 3)],
    jobs: NEXMARK,
    // What a late addition subsumes must still be what the new leader has restored.
    interval_ms: &[((1_000, 2_000), 1), ((2_000, 4_000), 2)],
    retained: &[(1, 6), (2, 1), (3, 1)],
    inline_ppm: 100_000,
    incremental_ppm: 250_000,
    session_ticks: (2, 6),
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[
    SETTLED,
    Idle { what: "os.bcast", reason: "Nexmark's jobs have no broadcast state" },
    Idle { what: "os.list", reason: "Nexmark's jobs have no list state" },
    Idle { what: "sp.stop-atomic", reason: "no job is stopped with a savepoint" },
    Idle { what: "zab.committed-durable", reason: "no replica loses power or its process" },
    Idle { what: "zab.committed-log-durability", reason: "no replica loses power or its process" },
];

#[derive(Clone, Copy)]
enum Kind {
    WriteHeld,
    Cut,
    Freeze,
    FreezeAtWrite,
    WorkerAlone,
    WorkerFrozen,
    Expired,
}

const KINDS: &[(Kind, u32)] =
    &[(Kind::WriteHeld, 6), (Kind::Cut, 2), (Kind::Freeze, 3), (Kind::FreezeAtWrite, 3), (Kind::WorkerAlone, 2), (Kind::WorkerFrozen, 2), (Kind::Expired, 2)];

/// Its class of faults.
pub(super) const CLASS: Class = Class { dice: Purpose::Zombies as u64, faults };

/// Depositions of every kind. One takes a while: there are fewer of them than of other faults.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin).div_ceil(2) {
        let master = brush.master();
        match brush.one(&kinds) {
            Kind::WriteHeld => write_held(brush, master),
            Kind::Cut => {
                let (when, for_ms) = (brush.at(), deposed_ms(brush));
                from_service(brush, &when, master, for_ms);
                bereave(brush, when, for_ms);
            }
            Kind::Freeze => {
                let (when, machine) = brush.caught(LEADING, master, 600_000);
                let for_ms = deposed_ms(brush);
                brush.fault(when.clone(), What::Pause { machine, for_ms });
                bereave(brush, when, for_ms);
            }
            Kind::FreezeAtWrite => {
                let (when, for_ms) = (brush.at_once_by(ASKING, master), deposed_ms(brush));
                brush.fault(when.clone(), What::Pause { machine: Target::Subject, for_ms });
                bereave(brush, when, for_ms);
            }
            // The worker's tasks go on, or think so, while others take their place.
            Kind::WorkerAlone => {
                let (when, worker) = (brush.on(WORKING), brush.worker());
                let for_ms = deposed_ms(brush);
                from_service(brush, &when, worker, for_ms);
                for master in brush.masters() {
                    let shape = Shape::Link { a: Target::Machine(worker), b: Target::Machine(master) };
                    brush.fault(when.clone(), What::Partition { shape, for_ms });
                }
            }
            Kind::WorkerFrozen => {
                let worker = brush.worker();
                let (when, machine) =
                    if brush.dice.chance(500_000) { (brush.at_once_by(USING, worker), Target::Subject) } else { (brush.at(), Target::Machine(worker)) };
                let for_ms = deposed_ms(brush);
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Kind::Expired => {
                let when = brush.at_once_by(ASKING, master);
                for replica in brush.replicas() {
                    brush.fault(when.clone(), What::Order { machine: Target::Machine(replica), word: "expire-session".into() });
                }
            }
        }
    }
}

/// A leader's write leaves it no more: its links to the service go as it is sent, for longer than its session lasts.
/// Curator sends it again in the next session (FLINK-10333).
fn write_held(brush: &mut Brush<'_>, master: MachineId) {
    let when = brush.at_once_by(STORING, master);
    let for_ms = deposed_ms(brush);
    from_service(brush, &when, master, for_ms);
    bereave(brush, when, for_ms);
}

/// Later somebody dies, so that somebody must restore what is left: about when the deposed one is back, before its
/// successor has completed much.
fn bereave(brush: &mut Brush<'_>, when: When, for_ms: u64) {
    if !brush.dice.chance(700_000) {
        return;
    }
    let later_ms = for_ms + brush.dice.between(0, 2_500);
    let when = match when {
        When::At { ms } => When::At { ms: ms + later_ms },
        When::On { moment, kind, machine, nth, after_ms } => When::On { moment, kind, machine, nth, after_ms: after_ms + later_ms },
    };
    let (machine, power) = (Target::Machine(brush.worker()), brush.dice.chance(500_000));
    let restart_ms = Some(brush.dice.between(100, 2_000));
    brush.fault(when, What::Crash { machine, power, restart_ms });
}

/// One to three session timeouts, in ms: mostly not much longer than it takes to be deposed.
fn deposed_ms(brush: &mut Brush<'_>) -> u64 {
    let session = brush.ha_session_ms();
    let (low, high) = brush.one(&[((session * 105 / 100, session * 15 / 10), 4), ((session * 15 / 10, session * 3), 2), ((session * 7 / 10, session), 1)]);
    brush.dice.between(low, high).min(brush.plan.heal.at_ms / 2)
}
