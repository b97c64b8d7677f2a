//! Ha-cut: the coordination service is the victim. It loses its leader, its quorum, its power or its clients while
//! masters and workers stand on it, all of them sound.

use contract::fault::{Shape, Target, What, When};
use harness::family::Idle;
use zookeeper_scenarios::family::moment::LEADER;
use zookeeper_scenarios::family::setup::Taste;
use zookeeper_scenarios::family::{SETTLED, catch_up, crashes, partitions, pauses, sessions};

use super::brush::EngineBrush;
use super::moment::ASKING;
use super::setup::StreamTaste;
use super::{Brush, Class, EngineFamily, Purpose, QUIET, cuts, paint};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "ha-cut",
    about: "The coordination service loses leaders, quorums, power and clients while a job stands on it; masters, workers and the outside stay sound.",
    idle: IDLE,
    number: 27,
    service: Taste { replicas: &[(3, 6), (5, 4)], ..QUIET },
    service_faults: |storm| paint(storm, &[partitions::CLASS, crashes::CLASS, pauses::CLASS, sessions::CLASS, catch_up::CLASS], 500_000, 2),
    engine: StreamTaste::USUAL,
    faults: |storm| storm.paint(&[CLASS], 1),
};

const IDLE: &[Idle] = &[SETTLED, Idle { what: "sp.stop-atomic", reason: "no job is stopped with a savepoint" }];

#[derive(Clone, Copy)]
enum Kind {
    LeaderAtWrite,
    HomeAtWrite,
    NoQuorum,
    NoPower,
    NoneReached,
    Flapping,
}

const KINDS: &[(Kind, u32)] =
    &[(Kind::LeaderAtWrite, 4), (Kind::HomeAtWrite, 4), (Kind::NoQuorum, 4), (Kind::NoPower, 2), (Kind::NoneReached, 4), (Kind::Flapping, 2)];

/// Its class of faults.
pub(super) const CLASS: Class = Class { dice: Purpose::Outages as u64, faults };

/// Outages of the service, as the engine sees them.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin).div_ceil(2) {
        match brush.one(&kinds) {
            Kind::LeaderAtWrite => {
                let when = brush.on(LEADER);
                crashes::crash(brush, when, Target::Subject);
            }
            // The replica that a master talks to, in the middle of it.
            Kind::HomeAtWrite => {
                let master = brush.master();
                let when = brush.at_once_by(ASKING, master);
                match brush.dice.below(3) {
                    0 => crashes::crash(brush, when, Target::Peer),
                    1 => {
                        let for_ms = brush.absence_ms();
                        brush.fault(when, What::Partition { shape: Shape::Isolate { machine: Target::Peer }, for_ms });
                    }
                    _ => {
                        let for_ms = brush.absence_ms();
                        brush.fault(when, What::Pause { machine: Target::Peer, for_ms });
                    }
                }
            }
            Kind::NoQuorum => {
                let (when, for_ms) = (brush.at(), brush.absence_ms());
                for machine in brush.replicas() {
                    brush.fault(when.clone(), What::Partition { shape: Shape::Isolate { machine: Target::Machine(machine) }, for_ms });
                }
            }
            Kind::NoPower => {
                let (when, machines, restart_ms) = (brush.at(), brush.replicas(), brush.absence_ms());
                brush.fault(when, What::Blackout { machines, restart_ms });
            }
            // The service is sound, and no master reaches it, or no worker, or neither.
            Kind::NoneReached => {
                let mut from = if brush.dice.chance(700_000) { brush.masters() } else { vec![] };
                if from.is_empty() || brush.dice.chance(500_000) {
                    from.extend(brush.workers());
                }
                let (when, for_ms) = (brush.at(), brush.absence_ms());
                for machine in from {
                    cuts::from_service(brush, &when, machine, for_ms);
                }
            }
            // SUSPENDED and back, several times in a row.
            Kind::Flapping => {
                let (master, mut ms) = (brush.master(), brush.time());
                let session = brush.ha_session_ms();
                for _ in 0..brush.dice.between(2, 5) {
                    let for_ms = brush.dice.between(session * 4 / 10, session * 9 / 10);
                    cuts::from_service(brush, &When::At { ms }, master, for_ms);
                    ms += for_ms + brush.dice.between(100, session);
                }
            }
        }
    }
}
