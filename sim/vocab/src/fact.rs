//! Facts: typed things that the processes of the coordination service say happened, and the history that its clients saw. The judge sees nothing else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::curator::{Belief, Conclusion, ConnectionState, Mirror, RequestId, Retry};
use crate::ensemble::Ensemble;
use crate::files::FilesFact;
use crate::happening::Happening;
use crate::ids::{Epoch, MachineId, SessionId, Xid, Zxid};
pub use crate::recipe::RecipeFact;
use crate::service::{ErrorCode, Op, Reply, Transaction, WatchEvent};
use crate::stream::{MasterFact, OutsideFact, StreamFact, WorkerFact};

/// A transaction's identity beyond its zxid: a checksum of its logged content. Two transactions with equal zxid and different marks are different transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(pub u64);

/// A checksum of the whole znode tree and session table; `digest.rs` of this crate says of what exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateDigest(pub u64);

/// How a leader brings a learner up to its own history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncMode {
    /// The missing transactions.
    Diff,
    /// Cut the log back first.
    Trunc,
    /// The whole state.
    Snap,
}

/// The four kinds of steps that ZooKeeper's TLA+ specifications forbid (ShouldNotBeTriggered; I-11 to I-14 of Remix).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Illegal {
    /// A packet that the receiver's state does not allow.
    State,
    /// An acknowledgement of what was never proposed, or out of order.
    Ack,
    /// A proposal that does not follow the one before.
    Proposal,
    /// A commit of what is not the first uncommitted transaction.
    Commit,
}

/// What a process says happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// What the world did.
    World(Happening),
    /// What a replica did.
    Replica(ReplicaFact),
    /// What a client saw.
    Client(ClientFact),
    /// What the stream engine did, or what it talks to.
    Stream(StreamFact),
}

impl From<Happening> for Fact {
    fn from(happening: Happening) -> Fact {
        Fact::World(happening)
    }
}
impl From<ReplicaFact> for Fact {
    fn from(fact: ReplicaFact) -> Fact {
        Fact::Replica(fact)
    }
}
impl From<FilesFact> for Fact {
    fn from(fact: FilesFact) -> Fact {
        Fact::Replica(ReplicaFact::Files(fact))
    }
}
impl From<StreamFact> for Fact {
    fn from(fact: StreamFact) -> Fact {
        Fact::Stream(fact)
    }
}
impl From<MasterFact> for Fact {
    fn from(fact: MasterFact) -> Fact {
        Fact::Stream(StreamFact::Master(fact))
    }
}
impl From<WorkerFact> for Fact {
    fn from(fact: WorkerFact) -> Fact {
        Fact::Stream(StreamFact::Worker(fact))
    }
}
impl From<OutsideFact> for Fact {
    fn from(fact: OutsideFact) -> Fact {
        Fact::Stream(StreamFact::Outside(fact))
    }
}
impl From<ClientFact> for Fact {
    fn from(fact: ClientFact) -> Fact {
        Fact::Client(fact)
    }
}

/// What a replica did. The noting machine is the replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaFact {
    /// It read its disk after a start. Its log now ends at `last`; its tree is at `applied`, which a snapshot vouches for, and what is between waits to be committed.
    Recovered {
        /// Accepted epoch on disk.
        accepted: Epoch,
        /// Current epoch on disk.
        current: Epoch,
        /// The snapshot that it started from.
        snapshot: Zxid,
        /// The end of its log.
        last: Zxid,
        /// The last transaction in its tree.
        applied: Zxid,
        /// The tree at `applied`.
        digest: StateDigest,
        /// Bytes of a torn tail that were cut off.
        torn_bytes: u64,
    },
    /// It looks for a leader: a new round of fast leader election begins.
    Looking {
        /// The election's round (logical clock).
        round: u64,
        /// The end of its log, all of it durable.
        last: Zxid,
    },
    /// Its election ended.
    Elected {
        /// The round.
        round: u64,
        /// Who leads; itself, perhaps.
        leader: MachineId,
        /// The epoch in the winning vote (the leader's current epoch).
        epoch: Epoch,
        /// The zxid in the winning vote.
        zxid: Zxid,
        /// Some vote of the deciding quorum had first been for another replica with equal epoch and zxid: the server id decided.
        tie: bool,
        /// Whose votes it counted.
        by: Vec<MachineId>,
    },
    /// It follows, or leads itself, without an election: the commit of a reconfig named this leader.
    Appointed {
        /// Who leads; itself, perhaps.
        leader: MachineId,
    },
    /// What it takes to be the configuration in force, from now on: read at a start, applied, taken over with a state, or heard in a vote.
    Configured {
        /// The configuration.
        ensemble: Arc<Ensemble>,
    },
    /// It promised never to follow a leader of a lower epoch (acceptedEpoch durable).
    EpochAccepted {
        /// The promised epoch.
        epoch: Epoch,
    },
    /// As a leader: a quorum acknowledged its new epoch, which is now its current epoch, durably; it begins to synchronise learners. Its log is the initial history I_e.
    Synchronizing {
        /// The epoch.
        epoch: Epoch,
        /// The end of the initial history.
        last: Zxid,
    },
    /// As a leader: what it chose to send to a learner that is at `peer_last`.
    SyncSent {
        /// The learner.
        peer: MachineId,
        /// How.
        mode: SyncMode,
        /// Where the learner's log ends.
        peer_last: Zxid,
        /// Where it is cut back to, for `Trunc`; the state's zxid, for `Snap`.
        to: Zxid,
        /// Proposals sent with it.
        proposals: u32,
    },
    /// As a learner: its log was cut back, durably. Its tree, which holds what is known to be committed only, is cut back too if it reached further.
    Truncated {
        /// The new end.
        to: Zxid,
        /// Transactions removed.
        removed: u32,
    },
    /// As a learner: it took over a leader's whole state, durably, in place of its own.
    Installed {
        /// The state's zxid.
        to: Zxid,
        /// The state.
        digest: StateDigest,
    },
    /// As a learner: the leader's initial history is its own, durably, and then its current epoch, durably; it is about to acknowledge NEWLEADER.
    Adopted {
        /// The epoch.
        epoch: Epoch,
        /// The leader.
        leader: MachineId,
        /// The end of its log.
        last: Zxid,
    },
    /// As a leader: a quorum, itself included, acknowledged NEWLEADER: it is the primary of the epoch and everything of its initial history is committed.
    Established {
        /// The epoch.
        epoch: Epoch,
        /// The end of the initial history.
        last: Zxid,
        /// Who acknowledged.
        quorum: Vec<MachineId>,
    },
    /// It serves clients, as the leader or as a learner that got UPTODATE.
    Serving {
        /// The epoch.
        epoch: Epoch,
        /// The leader.
        leader: MachineId,
    },
    /// As a leader: it proposed (broadcast) a transaction.
    Proposed {
        /// The transaction.
        txn: Arc<Transaction>,
        /// Its mark.
        mark: Mark,
    },
    /// A transaction is in its log, durably. Each transaction once, in the order of the log; not repeated by recovery.
    Logged {
        /// Its number.
        zxid: Zxid,
        /// Its mark.
        mark: Mark,
    },
    /// It acknowledged a transaction to the leader (to itself, as the leader).
    Acked {
        /// Its number.
        zxid: Zxid,
    },
    /// As a leader: a quorum acknowledged a transaction and all before it are committed.
    Committed {
        /// Its number.
        zxid: Zxid,
        /// Who had acknowledged.
        quorum: Vec<MachineId>,
    },
    /// A committed transaction was applied to its tree (delivered, in Zab's words), in service or while synchronising.
    Delivered {
        /// Its number.
        zxid: Zxid,
        /// Its mark.
        mark: Mark,
        /// The tree after it.
        digest: StateDigest,
    },
    /// As a leader: it answered a sync request.
    SyncAnswered {
        /// The session that asked.
        session: SessionId,
        /// The request.
        xid: Xid,
        /// All that this leader had committed.
        committed: Zxid,
    },
    /// As a leader: it decided that a session is dead and submits its closing.
    SessionExpired {
        /// The session.
        session: SessionId,
        /// How long it had been silent, in ms by the leader's clock.
        silent_ms: u64,
        /// Its negotiated timeout in ms.
        timeout_ms: u32,
        /// It was an order from outside, not silence.
        ordered: bool,
    },
    /// A client was refused because it has seen more than this replica.
    RefusedBehind {
        /// What the client has seen.
        seen: Zxid,
        /// What this replica has.
        last: Zxid,
    },
    /// It took a snapshot, durably.
    Snapshotted {
        /// Its name: the zxid that it starts from.
        zxid: Zxid,
        /// The last transaction applied while it was written: above `zxid`, it is fuzzy.
        until: Zxid,
    },
    /// What it did with its log files and snapshots.
    Files(FilesFact),
    /// It gave up leading or following and looks for a leader again.
    StepDown {
        /// It had led.
        leading: bool,
        /// Why, in plain words.
        why: String,
    },
    /// A step that the specifications forbid; it must never be noted.
    Illegal {
        /// Which kind.
        kind: Illegal,
        /// What was seen.
        what: String,
    },
}

/// What a client saw: the history. The noting machine is the client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientFact {
    /// A replica accepted its connect request.
    Attached {
        /// The session.
        session: SessionId,
        /// The client's connection, by the number of its stream: a client that was restarted does not use one again.
        conn: u32,
        /// The replica.
        replica: MachineId,
        /// The negotiated timeout in ms.
        timeout_ms: u32,
        /// The session was there before.
        again: bool,
        /// The last zxid that the client had seen.
        seen: Zxid,
    },
    /// A connection ended.
    Detached {
        /// The session.
        session: SessionId,
        /// The connection.
        conn: u32,
    },
    /// A replica said that the session is no more.
    Expired {
        /// The session.
        session: SessionId,
    },
    /// The client sent a request on a connection.
    Invoked {
        /// The session.
        session: SessionId,
        /// The connection.
        conn: u32,
        /// The request's number.
        xid: Xid,
        /// The request.
        op: Arc<Op>,
    },
    /// Its reply came.
    Returned {
        /// The session.
        session: SessionId,
        /// The connection.
        conn: u32,
        /// The request's number.
        xid: Xid,
        /// The state that it was answered from: for a write its own transaction.
        zxid: Zxid,
        /// The outcome.
        result: Result<Reply, ErrorCode>,
    },
    /// Its reply will not come: the connection is gone. It may take effect at any later time, or never, but not twice.
    Unknown {
        /// The session.
        session: SessionId,
        /// The request's number.
        xid: Xid,
    },
    /// A watch event came.
    Watched {
        /// The session.
        session: SessionId,
        /// The connection.
        conn: u32,
        /// The transaction that changed the node, or, for an event in answer to setWatches, the state that it was answered from.
        zxid: Zxid,
        /// The event.
        event: WatchEvent,
    },
    /// A Curator begins its life: it has told nothing yet of its session, and whatever one before it believed is over.
    Started,
    /// Curator tells its application how the session stands.
    Connection(ConnectionState),
    /// Curator sent a request again; this one was invoked just now.
    Retried(Retry),
    /// The client's recipe says something about itself that a rule or a probe wants to know.
    Recipe(RecipeFact),
    /// The client has done what the plan wants of it, after the heal too.
    Finished,
}
