//! What replicas said, one list entry each, with the histories that it speaks of. Data; never how it was worked out, nor whether it was right.

use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::fact::{Mark, StateDigest};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};

use super::configs::InForce;
use super::histories::History;
use super::replica::Found;

/// Somebody leads an epoch.
#[derive(Clone, Debug)]
pub struct Leadership {
    pub machine: MachineId,
    pub epoch: Epoch,
    /// When it began to synchronise.
    pub note: NoteIndex,
    /// Its initial history, as its durable log has it.
    pub initial: History,
    /// Its current epoch before.
    pub epoch_before: Epoch,
    pub established: Option<NoteIndex>,
    /// When it was over, if it was.
    pub over: Option<NoteIndex>,
    /// The initial history and all that it proposed.
    pub head: History,
    /// The end of what it committed itself.
    pub committed: Zxid,
}

/// A leader proposed a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Proposal {
    pub note: NoteIndex,
    pub machine: MachineId,
    /// `None` when the proposer did not lead.
    pub leadership: Option<usize>,
    /// What the leader's history was before, and is with it.
    pub before: History,
    pub history: History,
}

/// A quorum of a leader: for NEWLEADER (its initial history is committed) or for a transaction.
#[derive(Clone, Debug)]
pub struct Commit<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub leadership: Option<usize>,
    pub zxid: Zxid,
    /// What is committed; `None` when the leader has no such history.
    pub history: Option<History>,
    /// What was committed before, by anybody.
    pub committed_before: History,
    /// What this machine knew to be committed before.
    pub own_before: History,
    pub quorum: &'r [MachineId],
    /// Members that had not said that they have it.
    pub unvouched: Vec<MachineId>,
    /// It is the initial history's.
    pub establishes: bool,
    /// What decides on it.
    pub force: InForce,
    /// Members that vote in no configuration that decides on it.
    pub strangers: Vec<MachineId>,
}

/// A replica's election ended.
#[derive(Clone, Debug)]
pub struct Election<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    /// Whose votes it counted.
    pub by: &'r [MachineId],
    /// Those of them that vote in no configuration that it knew of.
    pub strangers: Vec<MachineId>,
}

/// A transaction went into a log.
#[derive(Clone, Copy, Debug)]
pub struct Logged {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub before: History,
    pub history: History,
}

/// A replica told others what it has: an acknowledgement, or a vote.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub zxid: Zxid,
    /// Where its durable log ends, if that is known.
    pub durable: Option<Zxid>,
    /// Whether the log has exactly this zxid.
    pub held: bool,
    /// What it was: `ack`, `vote`, `newleader`.
    pub what: &'static str,
}

/// A replica read its disk.
#[derive(Clone, Debug)]
pub struct Recovery {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub last: Zxid,
    pub before: Option<History>,
    pub found: Found,
    /// What its tree holds; `None` where the log is unknown or has no such place.
    pub applied: Option<History>,
    pub damaged: bool,
    /// Promised and current epoch before and after.
    pub accepted: (Epoch, Epoch),
    pub current: (Epoch, Epoch),
}

/// An epoch of a replica changed.
#[derive(Clone, Copy, Debug)]
pub struct EpochStep {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub before: Epoch,
    pub after: Epoch,
    pub kind: EpochKind,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochKind {
    /// acceptedEpoch.
    Accepted,
    /// currentEpoch, and with it the epoch that the replica has accepted.
    Current { accepted: Epoch },
}

/// A log was cut back or replaced.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub to: Zxid,
    pub before: Option<History>,
    /// `None` when no leader had sent that state.
    pub after: Option<History>,
    /// What was committed by then.
    pub committed: History,
    pub whole_state: bool,
    /// Its disk held something that was changed under it: what is missing may be the rot's doing.
    pub damaged: bool,
}

/// The majority count of what is committed, after a log changed.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub committed: History,
    /// How many replicas have all of it on disk.
    pub holders: usize,
    /// They are a quorum of its configuration; where quorums are no majorities, no quorum is without one of them.
    pub enough: bool,
}

/// A learner made a leader's history its own.
#[derive(Clone, Copy, Debug)]
pub struct Adoption {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub epoch: Epoch,
    pub last: Zxid,
    pub log: Option<History>,
    /// The leader's initial history and its history by then.
    pub leader: MachineId,
    pub offered: Option<(History, History)>,
}

/// A log of a replica that is settled in an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub epoch: Epoch,
    pub log: History,
}

/// A transaction was applied as committed.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub zxid: Zxid,
    pub mark: Mark,
    /// What the replica had delivered before.
    pub before: History,
    /// What it has delivered now.
    pub history: History,
    /// It was the next one.
    pub in_order: bool,
    /// The epoch in which the replica serves; `None` while it synchronises, when what it applies is not yet for anybody to see.
    pub serving: Option<Epoch>,
}

/// A replica begins to serve.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub epoch: Epoch,
    pub leader: MachineId,
    /// Its log, and what it has delivered of it.
    pub log: Option<History>,
    pub delivered: History,
    /// The initial history, if that leader had been established.
    pub initial: Option<History>,
    /// It is the leader, or has adopted that epoch.
    pub adopted: bool,
}

/// A replica showed its state.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub history: Option<History>,
    pub digest: StateDigest,
}

/// A leader answered a sync.
#[derive(Clone, Copy, Debug)]
pub struct SyncAnswer {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub session: SessionId,
    pub xid: Xid,
    pub committed: Zxid,
    /// What this leader had noted as committed.
    pub noted: Zxid,
}

/// A leader expired a session.
#[derive(Clone, Copy, Debug)]
pub struct Expiry {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub session: SessionId,
    pub silent_ms: u64,
    pub timeout_ms: u32,
    pub ordered: bool,
}
