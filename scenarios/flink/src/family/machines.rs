//! Masters and workers that die, lose power, freeze and have their clocks stepped, at any time and at the worst. Never
//! the outside's machines, nor the service's.

use contract::fault::{Target, What, When};

use super::brush::EngineBrush;
use super::moment::{ASKING, FLOWING, LEADING, USING, WORKING};
use super::{Brush, Class, Purpose};
use zookeeper_scenarios::family::crashes;

#[derive(Clone, Copy)]
enum Master {
    AtStep,
    AtRequest,
    AnyTime,
    Freeze,
    Blink,
    All,
    Gone,
}

const MASTER: &[(Master, u32)] =
    &[(Master::AtStep, 6), (Master::AtRequest, 5), (Master::AnyTime, 3), (Master::Freeze, 4), (Master::Blink, 1), (Master::All, 1), (Master::Gone, 1)];

/// Faults to masters.
pub(super) const MASTERS: Class = Class { dice: Purpose::Masters as u64, faults: masters };

fn masters(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(MASTER);
    for _ in 0..brush.count(thin).div_ceil(2) {
        let master = brush.master();
        match brush.one(&kinds) {
            Master::AtStep => {
                let when = brush.on(LEADING);
                crashes::crash(brush, when, Target::Subject);
            }
            Master::AtRequest => {
                let when = brush.at_once_by(ASKING, master);
                crashes::crash(brush, when, Target::Subject);
            }
            Master::AnyTime => {
                let when = brush.at();
                crashes::crash(brush, when, Target::Machine(master));
            }
            Master::Freeze => {
                let (when, machine) =
                    if brush.dice.chance(400_000) { (brush.at_once_by(ASKING, master), Target::Subject) } else { brush.caught(LEADING, master, 700_000) };
                let for_ms = brush.absence_ms();
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Master::Blink => {
                let (when, machine) = brush.caught(LEADING, master, 500_000);
                let for_ms = brush.dice.between(20, 800);
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Master::All => {
                let (when, machines) = (brush.at(), brush.masters());
                let restart_ms = brush.absence_ms();
                brush.fault(when, What::Blackout { machines, restart_ms });
            }
            Master::Gone => {
                let (ms, machine) = (brush.time(), Target::Machine(master));
                let until = ms + 3 * brush.absence_ms();
                brush.fault(When::At { ms }, What::Crash { machine, power: true, restart_ms: None });
                brush.fault(When::At { ms: until }, What::Restart { machine: master });
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Worker {
    AtStep,
    AtFlow,
    AtOutside,
    OfMaster,
    AnyTime,
    Freeze,
    Blink,
    Row,
    Twice,
    All,
    Gone,
}

const WORKER: &[(Worker, u32)] = &[
    (Worker::AtStep, 6),
    (Worker::AtFlow, 4),
    (Worker::AtOutside, 4),
    (Worker::OfMaster, 3),
    (Worker::AnyTime, 3),
    (Worker::Freeze, 4),
    (Worker::Blink, 2),
    (Worker::Row, 1),
    (Worker::Twice, 2),
    (Worker::All, 1),
    (Worker::Gone, 1),
];

/// Faults to workers.
pub(super) const WORKERS: Class = Class { dice: Purpose::Workers as u64, faults: workers };

fn workers(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(WORKER);
    for _ in 0..brush.count(thin).div_ceil(2) {
        let worker = brush.worker();
        match brush.one(&kinds) {
            Worker::AtStep => {
                let when = brush.on(WORKING);
                crashes::crash(brush, when, Target::Subject);
            }
            Worker::AtFlow => {
                let when = brush.on(FLOWING);
                let target = if brush.dice.chance(500_000) { Target::Subject } else { Target::Peer };
                crashes::crash(brush, when, target);
            }
            Worker::AtOutside => {
                let when = brush.at_once_by(USING, worker);
                crashes::crash(brush, when, Target::Subject);
            }
            Worker::OfMaster => {
                let when = brush.on(LEADING);
                crashes::crash(brush, when, Target::Peer);
            }
            Worker::AnyTime => {
                let when = brush.at();
                crashes::crash(brush, when, Target::Machine(worker));
            }
            Worker::Freeze => {
                let (when, machine) = brush.caught(if brush.stream().parallelism > 1 { FLOWING } else { WORKING }, worker, 600_000);
                let for_ms = brush.silence_ms();
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Worker::Blink => {
                let (when, machine) = brush.caught(WORKING, worker, 500_000);
                let for_ms = brush.dice.between(20, 800);
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Worker::Row => row(brush),
            Worker::Twice => {
                // The second fault meets the restore from the first.
                let (ms, machine) = (brush.time(), Target::Machine(worker));
                crashes::crash(brush, When::At { ms }, machine);
                let (ms, machine) = (ms + brush.dice.between(50, 3_000), Target::Machine(brush.worker()));
                crashes::crash(brush, When::At { ms }, machine);
            }
            Worker::All => {
                let (when, machines) = (brush.at(), brush.workers());
                let restart_ms = brush.dice.between(100, 4_000);
                brush.fault(when, What::Blackout { machines, restart_ms });
            }
            Worker::Gone => {
                let (ms, machine) = (brush.time(), Target::Machine(worker));
                let until = ms + brush.silence_ms() * 3;
                brush.fault(When::At { ms }, What::Crash { machine, power: true, restart_ms: None });
                brush.fault(When::At { ms: until }, What::Restart { machine: worker });
            }
        }
    }
}

/// One worker after the other: a rolling restart in a hurry.
fn row(brush: &mut Brush<'_>) {
    let mut ms = brush.time();
    let mut workers = brush.workers();
    brush.dice.shuffle(&mut workers);
    for worker in workers {
        crashes::crash(brush, When::At { ms }, Target::Machine(worker));
        ms += brush.dice.between(1, 3_000);
    }
}

/// Wall clocks of workers step, by which processing-time timers go.
pub(super) const CLOCKS: Class = Class { dice: Purpose::ClockFaults as u64, faults: clocks };

fn clocks(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin).div_ceil(3) {
        let machine = brush.worker_or_master();
        let (when, machine) = brush.caught(WORKING, machine, 400_000);
        let most_ms = brush.one(&[(500, 2), (10_000, 3), (3_600_000, 1)]);
        let by_ms = brush.dice.between(1, 2 * most_ms) as i64 - most_ms as i64;
        brush.fault(when, What::ClockStep { machine, by_ms });
    }
}
