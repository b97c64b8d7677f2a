//! Cuts between the machines of the engine, the service and the outside: whoever needs whom does not hear of it for a
//! while, or loses its streams. No machine stops.

use contract::fault::{Shape, Target, What, When};
use contract::ids::MachineId;
use zookeeper_scenarios::family::moment::Scene;

use super::brush::EngineBrush;
use super::moment::{ASKING, FLOWING, LEADING, USING, WORKING};
use super::{Brush, Class, Purpose};

#[derive(Clone, Copy)]
enum Kind {
    MasterFromService,
    WorkerFromService,
    WorkerFromMaster,
    WorkerFromWorker,
    FromOutside,
    Alone,
    Halves,
    OneWay,
    Streams,
    Slow,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::MasterFromService, 5),
    (Kind::WorkerFromService, 2),
    (Kind::WorkerFromMaster, 5),
    (Kind::WorkerFromWorker, 5),
    (Kind::FromOutside, 3),
    (Kind::Alone, 4),
    (Kind::Halves, 2),
    (Kind::OneWay, 2),
    (Kind::Streams, 5),
    (Kind::Slow, 3),
];

/// Its class of faults.
pub(super) const CLASS: Class = Class { dice: Purpose::Cuts as u64, faults };

/// Cuts of every kind.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin).div_ceil(2) {
        match brush.one(&kinds) {
            Kind::MasterFromService => {
                let master = brush.master();
                let when = if brush.dice.chance(600_000) { brush.at_once_by(ASKING, master) } else { brush.at() };
                let for_ms = brush.absence_ms();
                from_service(brush, &when, master, for_ms);
            }
            Kind::WorkerFromService => {
                let (when, worker, for_ms) = (brush.at(), brush.worker(), brush.absence_ms());
                from_service(brush, &when, worker, for_ms);
            }
            Kind::WorkerFromMaster => {
                let scenes = *brush.dice.pick(&[LEADING, WORKING]);
                let (when, shape) = if brush.dice.chance(600_000) {
                    (brush.on(scenes), Shape::Link { a: Target::Subject, b: Target::Peer })
                } else {
                    let shape = Shape::Link { a: Target::Machine(brush.worker()), b: Target::Machine(brush.master()) };
                    (brush.at(), shape)
                };
                let for_ms = brush.silence_ms();
                brush.fault(when, What::Partition { shape, for_ms });
            }
            Kind::WorkerFromWorker => {
                let for_ms = brush.silence_ms();
                let (when, a, b) = ends(brush, FLOWING);
                brush.fault(when, What::Partition { shape: Shape::Link { a, b }, for_ms });
            }
            Kind::FromOutside => {
                let for_ms = brush.silence_ms();
                let (when, shape) = if brush.dice.chance(600_000) {
                    (brush.on(USING), Shape::Link { a: Target::Subject, b: Target::Peer })
                } else {
                    let shape = Shape::Link { a: Target::Machine(brush.worker_or_master()), b: Target::Machine(brush.outsider()) };
                    (brush.at(), shape)
                };
                brush.fault(when, What::Partition { shape, for_ms });
            }
            Kind::Alone => {
                let machine = brush.worker_or_master();
                let (when, machine) = brush.caught(WORKING, machine, 400_000);
                let for_ms = if brush.dice.chance(500_000) { brush.absence_ms() } else { brush.silence_ms() };
                brush.fault(when, What::Partition { shape: Shape::Isolate { machine }, for_ms });
            }
            Kind::Halves => {
                let (when, side, for_ms) = (brush.at(), side(brush), brush.absence_ms());
                brush.fault(when, What::Partition { shape: Shape::Halves { side }, for_ms });
            }
            Kind::OneWay => {
                let (mut from, mut to) = (side(brush), brush.masters());
                to.extend(brush.outsiders());
                to.retain(|machine| !from.contains(machine));
                if brush.dice.chance(500_000) {
                    std::mem::swap(&mut from, &mut to);
                }
                let (when, for_ms) = (brush.at(), brush.silence_ms());
                brush.fault(when, What::Partition { shape: Shape::OneWay { from, to }, for_ms });
            }
            Kind::Streams => {
                let scenes = *brush.dice.pick(&[LEADING, WORKING, FLOWING, USING]);
                let silent = brush.dice.chance(300_000);
                let (when, a, b) = ends(brush, scenes);
                brush.fault(when, What::CutStreams { a, b, silent });
            }
            Kind::Slow => {
                let scenes = *brush.dice.pick(&[WORKING, FLOWING, FLOWING, USING]);
                let extra_ms = brush.one(&[(20, 2), (150, 2), (600, 1)]) * brush.dice.between(1, 3) as u32;
                let (when, a, b) = ends(brush, scenes);
                let for_ms = brush.silence_ms() * 2;
                brush.fault(when, What::SlowLink { a, b, extra_ms, for_ms });
            }
        }
    }
}

/// A machine of the engine does not reach any replica, while everybody else does; at the sending of a message it does
/// not leave.
pub(super) fn from_service(brush: &mut Brush<'_>, when: &When, machine: MachineId, for_ms: u64) {
    for replica in brush.replicas() {
        let shape = Shape::Link { a: Target::Machine(machine), b: Target::Machine(replica) };
        brush.fault(when.clone(), What::Partition { shape, for_ms });
    }
}

/// The two ends of a message, or two machines of the engine.
fn ends(brush: &mut Brush<'_>, scenes: &[Scene]) -> (When, Target, Target) {
    if brush.dice.chance(600_000) {
        return (brush.on(scenes), Target::Subject, Target::Peer);
    }
    let mut all = brush.workers();
    all.extend(brush.masters());
    brush.dice.shuffle(&mut all);
    let other = all.get(1).copied().unwrap_or_else(|| brush.outsider());
    (brush.at(), Target::Machine(all[0]), Target::Machine(other))
}

/// Some of the engine's machines, a few replicas with them: at least one machine.
fn side(brush: &mut Brush<'_>) -> Vec<MachineId> {
    let mut side = vec![brush.worker_or_master()];
    let others: Vec<MachineId> = brush.workers().into_iter().chain(brush.masters()).chain(brush.outsiders()).collect();
    for other in others {
        if !side.contains(&other) && brush.dice.chance(300_000) {
            side.push(other);
        }
    }
    if brush.dice.chance(400_000) {
        side.extend(brush.minority());
    }
    side
}
