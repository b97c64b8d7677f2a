//! Outside: the log, the ledger and the blob store are away, slow, refuse, lose power and lose their answers, at the
//! requests on which exactly-once hangs.

use contract::fault::{Shape, Target, What};
use harness::family::Idle;
use zookeeper_scenarios::family::{SETTLED, crashes};

use super::brush::EngineBrush;
use super::moment::{KEEPING, SERVING, USING};
use super::setup::StreamTaste;
use super::{Brush, Class, EngineFamily, Purpose, QUIET, cuts, machines, messages, paint};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "outside",
    about: "The log, the ledger and the blob store are away, slow, refuse and lose power at every request on which exactly-once hangs.",
    idle: IDLE,
    number: 24,
    service: QUIET,
    service_faults: |_| {},
    engine: WITH,
    faults: |storm| {
        storm.paint(&[CLASS], 1);
        paint(storm, &[messages::CLASS, machines::WORKERS, cuts::CLASS], 400_000, 3);
    },
};

const WITH: StreamTaste = StreamTaste { inline_ppm: 150_000, ..StreamTaste::USUAL };

const IDLE: &[Idle] = &[SETTLED, Idle { what: "sp.stop-atomic", reason: "no job is stopped with a savepoint" }];

#[derive(Clone, Copy)]
enum Kind {
    Unavailable,
    Slow,
    Errors,
    Power,
    PowerSoon,
    Cut,
    Alone,
    Pause,
    Stall,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::Unavailable, 5),
    (Kind::Slow, 3),
    (Kind::Errors, 4),
    (Kind::Power, 3),
    (Kind::PowerSoon, 5),
    (Kind::Cut, 4),
    (Kind::Alone, 3),
    (Kind::Pause, 2),
    (Kind::Stall, 2),
];

/// Its class of faults.
pub(super) const CLASS: Class = Class { dice: Purpose::Outside as u64, faults };

/// Faults to the outside.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        let outsider = brush.outsider();
        let (when, machine) = brush.caught(SERVING, outsider, 600_000);
        match brush.one(&kinds) {
            Kind::Unavailable => {
                let ms = spell_ms(brush);
                brush.fault(when, What::Order { machine, word: format!("unavailable {ms}") });
            }
            Kind::Slow => {
                let ms = spell_ms(brush);
                brush.fault(when, What::Order { machine, word: format!("slow {ms}") });
            }
            Kind::Errors => {
                let count = brush.dice.between(1, 5);
                brush.fault(when, What::Order { machine, word: format!("errors {count}") });
            }
            Kind::Power => crashes::crash(brush, when, machine),
            // Between the request, its writing, its sync and its answer.
            Kind::PowerSoon => {
                let scenes = *brush.dice.pick(&[SERVING, KEEPING]);
                let when = brush.at_once_on(scenes);
                let restart_ms = Some(brush.dice.between(10, 3_000));
                brush.fault(when, What::Crash { machine: Target::Subject, power: true, restart_ms });
            }
            Kind::Cut => {
                let (when, for_ms, silent) = (brush.on(USING), brush.silence_ms(), brush.dice.chance(300_000));
                if brush.dice.chance(500_000) {
                    brush.fault(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
                } else {
                    brush.fault(when, What::Partition { shape: Shape::Link { a: Target::Subject, b: Target::Peer }, for_ms });
                }
            }
            Kind::Alone => {
                let for_ms = spell_ms(brush);
                brush.fault(when, What::Partition { shape: Shape::Isolate { machine }, for_ms });
            }
            Kind::Pause => {
                let for_ms = spell_ms(brush);
                brush.fault(when, What::Pause { machine, for_ms });
            }
            Kind::Stall => {
                let for_ms = spell_ms(brush);
                brush.fault(when, What::DiskStall { machine, for_ms });
            }
        }
    }
}

/// How long the outside is not itself, in ms: a blink, some checkpoints, or longer than one may take.
fn spell_ms(brush: &mut Brush<'_>) -> u64 {
    let timeout = u64::from(brush.stream().checkpoints.timeout_ms);
    let (low, high) = brush.one(&[((20, 500), 3), ((500, 3_000), 3), ((timeout, timeout * 3 / 2), 1)]);
    brush.dice.between(low, high).min(brush.plan.heal.at_ms / 3)
}
