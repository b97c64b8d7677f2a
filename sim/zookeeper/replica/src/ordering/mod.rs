//! The order of writes: the door between the service of a replica and the protocol by which the replicas of an ensemble
//! agree which write comes next. [`zab`] is ZooKeeper's protocol; another one (multi-Paxos, say) stands beside it,
//! behind the same door, and needs nothing of it.
//!
//! **What a protocol gets.** The [`Server`](crate::server::Server) gives it every event that is for it: streams that
//! are opened and closed, what its replicas say to each other, what the disk has done, time. The service gives it
//! writes to be ordered: those of clients by [`Ordering::submit`], in `core.clients.submissions`, and the leader's own
//! by [`Ordering::propose`].
//!
//! **What a protocol owes.** All replicas deliver the same transactions in the same order, each at most once, and a
//! transaction that is delivered anywhere survives whatever the quorums survive (Zab, section 2: integrity, total
//! order, agreement). It says so by calls on the replica's [`Core`], which is all that it knows of the service:
//!
//! - it has no leader ([`Core::await_readers`]); it has one, or looks for one anew ([`Core::dismiss_readers`]);
//! - a leader leads, by a quorum's word, and what was committed before is delivered here: clients are to be served
//!   ([`Core::serve`]);
//! - at the leader alone: this write has its place, what does it do? The answer is the transaction ([`Core::prepare`]);
//! - a transaction has its place in the log here ([`Core::log`]); it is not to be acknowledged before the disk has it
//!   ([`Done::Logged`]);
//! - the first transaction that is logged and not delivered is committed ([`Core::deliver_next`]);
//! - at the leader alone: another replica has heard of a session ([`Core::hear_session`]), or asks whether it may speak for
//!   it ([`Core::move_session`]);
//! - the leader has answered what a client here asked of it beside writes (`on_synced`, `on_revalidated` and `on_moved` of
//!   [`Clients`](crate::clients::Clients));
//! - it gives up its role: clients go, and what is not committed is for the next leader to decide ([`Core::retire`]).
//!
//! What the service does without a client's asking (`upkeep`: expiry of sessions, removal of nodes that are due, orders
//! of an operator) is no part of any protocol.

pub mod zab;

use std::fmt::Debug;

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::fact::Illegal;

use crate::Out;
use crate::disk::store::Done;
use crate::replica::{Core, Write};

/// A protocol of ordering, as one replica runs it. An error of a step says why the role that it had is given up; the
/// server answers it with [`Ordering::step_down`].
pub trait Ordering: Clone + Debug {
    /// What its replicas say to each other.
    type Message;

    /// The protocol before its replica has read its disk.
    fn new(core: &Core) -> Self;

    // What reaches the replica.

    /// A peer, or a client, opened a stream to this machine.
    fn on_accepted(&mut self, conn: ConnId, from: MachineId);

    /// A stream opened from here stands. Says whether the protocol wants it.
    fn on_opened(&mut self, conn: ConnId, core: &Core, out: &mut Out) -> bool;

    /// A stream is gone, whoever's it was.
    fn on_closed(&mut self, conn: ConnId, now: Now) -> Result<(), GaveUp>;

    /// Another replica said something.
    fn on_message(&mut self, conn: ConnId, from: MachineId, message: Self::Message, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp>;

    /// The disk has done something, and the replica has taken note of it.
    fn on_done(&mut self, done: &Done, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp>;

    /// The alarm has come.
    fn on_wake(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp>;

    /// When it must be woken; none while only the disk can move it on.
    fn wake_ns(&self) -> Option<u64>;

    // What the service wants.

    /// What clients want of the leader (`core.clients.submissions`) is taken, as far as the role can. Called in every
    /// step.
    fn submit(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp>;

    /// A write of the leader's own is ordered behind all that were before. Panics where this replica does not lead.
    fn propose(&mut self, write: Write, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp>;

    // From role to role.

    /// The role is given up, if there is one.
    fn step_down(&mut self, gave_up: GaveUp, core: &mut Core, out: &mut Out);

    /// Without a role, and with the disk at rest, it looks for one. Called at the end of every step of a replica that
    /// has read its disk.
    fn settle(&mut self, core: &mut Core, now: Now, out: &mut Out);

    // For others to see.

    /// Whether this replica is the primary, by a quorum's word.
    fn is_leading(&self) -> bool;

    /// What holds between steps.
    fn check(&self, core: &Core) -> Result<(), String>;

    /// What it is doing, for people.
    fn look(&self) -> String;
}

/// Why a role is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// In plain words.
    pub why: String,
    /// Who leads next, where a reconfig has settled that: then nobody needs to be looked for.
    pub appointed: Option<MachineId>,
}

impl GaveUp {
    /// A reconfig has named who leads from here on.
    pub fn to(leader: MachineId, why: String) -> GaveUp {
        GaveUp { why, appointed: Some(leader) }
    }

    /// Somebody took a step that the specifications forbid, which is noted too.
    pub fn illegal(kind: Illegal, what: String, out: &mut Out) -> GaveUp {
        Core::note_illegal(kind, what.clone(), out);
        what.into()
    }
}

impl From<String> for GaveUp {
    fn from(why: String) -> GaveUp {
        GaveUp { why, appointed: None }
    }
}

impl From<&str> for GaveUp {
    fn from(why: &str) -> GaveUp {
        why.to_owned().into()
    }
}
