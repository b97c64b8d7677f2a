//! Sessions: whatever parts a client from its session. Replicas are disturbed only as far as that takes.

use contract::fault::{Shape, Target, What};
use harness::family::Idle;

use super::moment::{CLIENT, LEADER};
use super::partitions::ASKED;
use super::setup::Taste;
use super::storm::{Brush, Class};
use super::{Purpose, ServiceFamily, crashes, partitions, pauses};

pub(super) const FAMILY: ServiceFamily = ServiceFamily {
    name: "sessions",
    about: "Clients freeze past their timeouts, lose streams and replies, move between replicas; sessions are expired by order and by silence.",
    idle: IDLE,
    number: 7,
    taste: Taste::USUAL,
    faults: |storm| storm.paint(&[CLASS], 1),
};

/// Its class of faults.
pub const CLASS: Class = Class { dice: Purpose::Sessions as u64, faults };

const IDLE: &[Idle] = &[super::SETTLED];

/// The word by which a replica that leads expires a session of its choice.
const EXPIRE: &str = "expire-session";

#[derive(Clone, Copy)]
enum Kind {
    Freeze,
    Streams,
    LostReply,
    Expire,
    Deaf,
    AloneWith,
    HomeLost,
    ClientDies,
    NewLeader,
}

const KINDS: &[(Kind, u32)] = &[
    (Kind::Freeze, 5),
    (Kind::Streams, 5),
    (Kind::LostReply, 4),
    (Kind::Expire, 4),
    (Kind::Deaf, 3),
    (Kind::AloneWith, 3),
    (Kind::HomeLost, 3),
    (Kind::ClientDies, 1),
    (Kind::NewLeader, 2),
];

/// Faults to sessions.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    let kinds = brush.swarm(KINDS);
    for _ in 0..brush.count(thin) {
        match brush.one(&kinds) {
            Kind::Freeze => pauses::client(brush),
            Kind::Streams => client_streams(brush),
            Kind::LostReply => {
                let kind = (*brush.dice.pick(ASKED)).into();
                let from = brush.dice.chance(500_000).then(|| brush.client());
                let when = brush.at();
                brush.fault(when, What::DropReply { kind, from });
            }
            Kind::Expire => expire(brush),
            Kind::Deaf => deaf(brush),
            Kind::AloneWith => alone_with(brush),
            Kind::HomeLost => {
                // The replica that a client talks to stops in the middle of it.
                let when = brush.on(CLIENT);
                if brush.dice.chance(500_000) {
                    crashes::crash(brush, when, Target::Peer);
                } else {
                    let for_ms = brush.spell();
                    brush.fault(when, What::Partition { shape: Shape::Isolate { machine: Target::Peer }, for_ms });
                }
            }
            Kind::ClientDies => {
                let when = brush.on(CLIENT);
                crashes::crash(brush, when, Target::Subject);
            }
            Kind::NewLeader => {
                let when = brush.on(LEADER);
                crashes::crash(brush, when, Target::Subject);
            }
        }
    }
}

/// The streams of a client are cut: at a message of its own, or to every replica at once; often without a word to either end.
fn client_streams(brush: &mut Brush<'_>) {
    if brush.dice.chance(500_000) {
        return partitions::streams(brush, 500_000);
    }
    let (when, client) = (brush.at(), Target::Machine(brush.client()));
    let silent = brush.dice.chance(400_000);
    for replica in brush.replicas() {
        brush.fault(when.clone(), What::CutStreams { a: client, b: Target::Machine(replica), silent });
    }
}

/// An order to expire a session, to the leader at one of its steps, or to every replica, of which one may lead.
fn expire(brush: &mut Brush<'_>) {
    if brush.dice.chance(500_000) {
        let when = brush.on(LEADER);
        brush.fault(when, What::Order { machine: Target::Subject, word: EXPIRE.into() });
        return;
    }
    let when = brush.at();
    for replica in brush.replicas() {
        brush.fault(when.clone(), What::Order { machine: Target::Machine(replica), word: EXPIRE.into() });
    }
}

/// A client that is heard and hears nothing, or hears and is not heard.
fn deaf(brush: &mut Brush<'_>) {
    let (client, replicas) = (vec![brush.client()], brush.replicas());
    let (from, to) = if brush.dice.chance(500_000) { (client, replicas) } else { (replicas, client) };
    let session = brush.session_ms();
    let (when, for_ms) = (brush.at(), brush.dice.between(session / 3, 2 * session));
    brush.fault(when, What::Partition { shape: Shape::OneWay { from, to }, for_ms });
}

/// A client and a few replicas alone together: it stays attached while its session dies elsewhere.
fn alone_with(brush: &mut Brush<'_>) {
    let mut side = brush.minority();
    side.push(brush.client());
    let session = brush.session_ms();
    let (when, for_ms) = (brush.at(), brush.dice.between(session / 2, 3 * session));
    brush.fault(when, What::Partition { shape: Shape::Halves { side }, for_ms });
}
