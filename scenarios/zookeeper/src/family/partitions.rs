//! Partitions: every way in which machines can fail to hear each other. No machine stops.

use contract::fault::{Ring, Shape, Target, What, When};
use contract::ids::MachineId;
use harness::family::Idle;

use super::moment::{CLIENT, LEADER, LEARNER, VOTER};
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "partitions",
    about: "Halves, isolation, one-way cuts, bridges, rings, cut links and streams, lost messages and lost replies.",
    idle: IDLE,
    number: 2,
    taste: Taste::USUAL,
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Partitions as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

#[derive(Clone, Copy)]
enum Kind {
    Halves,
    IsolateLeader,
    Isolate,
    OneWay,
    Bridge,
    Ring,
    Link,
    Streams,
    Drop,
    DropReply,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::Halves, 4),
    (Kind::IsolateLeader, 5),
    (Kind::Isolate, 3),
    (Kind::OneWay, 4),
    (Kind::Bridge, 2),
    (Kind::Ring, 2),
    (Kind::Link, 3),
    (Kind::Streams, 3),
    (Kind::Drop, 4),
    (Kind::DropReply, 3),
];

/// Messages whose loss hurts.
const DROPPED: &[&str] = &[
    "COMMIT",
    "COMMIT",
    "PROPOSAL",
    "ACK",
    "NEWLEADER",
    "UPTODATE",
    "LEADERINFO",
    "ACKEPOCH",
    "FOLLOWERINFO",
    "vote",
    "PING",
    "REQUEST",
    "SYNC",
    "reply",
    "WatcherEvent",
    "ConnectResponse",
    "ping",
];

/// Requests whose lost reply leaves a client in the dark.
pub(super) const ASKED: &[&str] =
    &["create", "create2", "setData", "delete", "multi", "ConnectRequest", "closeSession", "REQUEST", "PROPOSAL", "NEWLEADER", "setWatches"];

/// Cuts of every shape.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        match brush.one(&kinds) {
            Kind::Halves => {
                let mut side = brush.minority();
                side.extend(brush.some_clients());
                let when = brush.at();
                cut(brush, when, Shape::Halves { side });
            }
            Kind::IsolateLeader => {
                let when = brush.on(LEADER);
                cut(brush, when, Shape::Isolate { machine: Target::Subject });
            }
            Kind::Isolate => {
                let (when, machine) = brush.replica_caught(&[LEARNER, VOTER], 400_000);
                cut(brush, when, Shape::Isolate { machine });
            }
            Kind::OneWay => one_way(brush),
            Kind::Bridge => {
                let mut side = brush.minority();
                let over = side.pop().expect("a minority has at least one");
                side.extend(brush.some_clients());
                let when = brush.at();
                cut(brush, when, Shape::Bridge { side, over });
            }
            Kind::Ring => ring(brush),
            Kind::Link => {
                let scenes = *brush.dice.pick(&[LEADER, LEARNER, VOTER, CLIENT]);
                let when = brush.on(scenes);
                cut(brush, when, Shape::Link { a: Target::Subject, b: Target::Peer });
            }
            Kind::Streams => streams(brush, 400_000),
            Kind::Drop => {
                let kind = (*brush.dice.pick(DROPPED)).into();
                let from = brush.dice.chance(300_000).then(|| brush.replica());
                let count = brush.dice.between(1, 4) as u32;
                let when = brush.at();
                brush.fault(when, What::Drop { kind, from, to: None, count });
            }
            Kind::DropReply => {
                let kind = (*brush.dice.pick(ASKED)).into();
                let when = brush.at();
                brush.fault(when, What::DropReply { kind, from: None });
            }
        }
    }
}

fn cut(brush: &mut Brush<'_>, when: When, shape: Shape) {
    let for_ms = brush.spell();
    brush.fault(when, What::Partition { shape, for_ms });
}

/// A replica that is heard but hears nobody, or the reverse; or two groups of which one is deaf to the other.
fn one_way(brush: &mut Brush<'_>) {
    let some = brush.minority();
    let others: Vec<MachineId> = brush.replicas().into_iter().filter(|machine| !some.contains(machine)).collect();
    let (mut from, mut to) = if brush.dice.chance(500_000) { (some, others) } else { (others, some) };
    if brush.dice.chance(300_000) {
        from.extend(brush.clients());
    } else if brush.dice.chance(300_000) {
        to.extend(brush.clients());
    }
    let when = brush.at();
    cut(brush, when, Shape::OneWay { from, to });
}

/// A ring of all replicas; three make none, so there two clients join.
fn ring(brush: &mut Brush<'_>) {
    let mut order = brush.replicas();
    if order.len() < 4 {
        order.extend(brush.clients().into_iter().take(2));
    }
    brush.dice.shuffle(&mut order);
    let when = brush.at();
    cut(brush, when, Shape::Ring(Ring { order }));
}

/// Streams reset between the two ends of a message, or between a client and a replica.
pub fn streams(brush: &mut Brush<'_>, silent_ppm: u32) {
    let silent = brush.dice.chance(silent_ppm);
    if brush.dice.chance(500_000) {
        let scenes = *brush.dice.pick(&[LEADER, LEARNER, CLIENT]);
        let when = brush.on(scenes);
        brush.fault(when, What::CutStreams { a: Target::Subject, b: Target::Peer, silent });
    } else {
        let (a, b) = if brush.dice.chance(500_000) { brush.two_replicas() } else { (brush.client(), brush.replica()) };
        let when = brush.at();
        brush.fault(when, What::CutStreams { a: Target::Machine(a), b: Target::Machine(b), silent });
    }
}
