//! What clients and replicas say to each other: ZooKeeper's own records (reference: zookeeper.jute and the QuorumPacket
//! types), with their bodies decoded. Never how they are handled.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use contract::ids::MachineId;
use contract::process;

use crate::ensemble::Ensemble;
use crate::fact::Mark;
use crate::ids::{Epoch, SessionId, Xid, Zxid};
use crate::service::{ErrorCode, Ids, Op, Reply, WatchEvent};
use crate::txn::Txn;

/// All that travels between machines of the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// Client to replica, first on a connection.
    Connect(ConnectRequest),
    /// Replica to client, the answer.
    Connected(ConnectResponse),
    /// Client to replica: a request.
    Request {
        /// Its number.
        xid: Xid,
        /// What is asked.
        op: Arc<Op>,
    },
    /// Replica to client: the reply, in the order of the requests.
    Reply {
        /// The request's number.
        xid: Xid,
        /// The state it was answered from; for a write, its own transaction.
        zxid: Zxid,
        /// The outcome.
        result: Result<Reply, ErrorCode>,
    },
    /// Client to replica: still here (xid -2).
    Ping,
    /// Replica to client: the answer to a ping, with the last zxid the replica has applied.
    Pong {
        /// The last zxid applied.
        zxid: Zxid,
    },
    /// Replica to client: a watch fired.
    Event {
        /// The change, or the state for an answer to setWatches.
        zxid: Zxid,
        /// What was seen.
        event: WatchEvent,
    },
    /// Replica to replica: a vote of fast leader election.
    Vote(Notification),
    /// Replica to replica: a packet between leader and learner.
    Quorum(Packet),
    /// Client to replica, alone on a connection: does it serve writers too? (The word `isro`.)
    IsReadOnly,
    /// Replica to client, the answer.
    ReadOnly(bool),
}

/// What a client says first on a connection (ConnectRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The last zxid the client has seen; a replica behind it refuses.
    pub last_zxid_seen: Zxid,
    /// The timeout asked for, in ms.
    pub timeout_ms: u32,
    /// The session to re-attach, or none for a new one.
    pub session: SessionId,
    /// The session's password; 0 for a new one.
    pub password: u128,
    /// Whether a replica without a quorum will do.
    pub read_only: bool,
}

/// ConnectResponse. A session that is no more is answered with no session and a timeout of 0, and the connection
/// closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectResponse {
    /// The negotiated timeout in ms.
    pub timeout_ms: u32,
    /// The session.
    pub session: SessionId,
    /// Its password.
    pub password: u128,
    /// The replica has no quorum and serves readers alone.
    pub read_only: bool,
}

/// What a replica is doing, as its votes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerState {
    /// It looks for a leader.
    Looking,
    /// It follows one.
    Following,
    /// It leads.
    Leading,
}

/// LearnerInfo: what a learner says of itself at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LearnerInfo {
    /// The accepted epoch.
    pub accepted: Epoch,
    /// The version of the configuration that it takes to be in force (configVersion).
    pub config: Zxid,
}

/// Whom a replica votes for, and why: epoch first, then zxid, then server id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// The candidate's current epoch.
    pub epoch: Epoch,
    /// The end of the candidate's log.
    pub zxid: Zxid,
    /// The candidate.
    pub leader: MachineId,
}

/// A vote on its way (FastLeaderElection.Notification).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The vote; none of a replica that does not vote, or knows nobody to vote for.
    pub vote: Option<Vote>,
    /// The election's round (electionEpoch, logical clock).
    pub round: u64,
    /// What the sender is doing.
    pub state: PeerState,
    /// The configuration that it takes to be in force.
    pub ensemble: Arc<Ensemble>,
}

/// A QuorumPacket, by its name in Leader.java.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packet {
    /// FOLLOWERINFO (11): the learner's accepted epoch (the paper's CEPOCH).
    FollowerInfo(LearnerInfo),
    /// OBSERVERINFO (16): the same, of a learner that observes.
    ObserverInfo(LearnerInfo),
    /// LEADERINFO (17): the new epoch (NEWEPOCH).
    LeaderInfo {
        /// The epoch.
        epoch: Epoch,
    },
    /// ACKEPOCH (18).
    AckEpoch {
        /// The learner's current epoch; `None` when it had already accepted this epoch, which does not count (-1 in
        /// ZooKeeper).
        current: Option<Epoch>,
        /// The end of the learner's log.
        last: Zxid,
    },
    /// DIFF (13): the missing transactions follow, as PROPOSAL and COMMIT.
    Diff {
        /// The last one of them.
        to: Zxid,
    },
    /// TRUNC (14): cut the log back.
    Trunc {
        /// The new end.
        to: Zxid,
    },
    /// SNAP (15): the whole state.
    Snap {
        /// Its zxid.
        to: Zxid,
        /// The state, as a snapshot file holds it.
        state: Arc<[u8]>,
    },
    /// NEWLEADER (10): what came before is the initial history of this epoch.
    NewLeader {
        /// The epoch.
        epoch: Epoch,
    },
    /// UPTODATE (12): serve.
    UpToDate,
    /// PROPOSAL (2).
    Proposal {
        /// The transaction.
        txn: Arc<Txn>,
    },
    /// ACK (3): of a proposal, or, with counter 0, of NEWLEADER.
    Ack {
        /// What is acknowledged.
        zxid: Zxid,
    },
    /// COMMIT (4).
    Commit {
        /// What is committed.
        zxid: Zxid,
    },
    /// COMMITANDACTIVATE (9): the commit of a reconfig.
    CommitAndActivate {
        /// What is committed.
        zxid: Zxid,
        /// Who leads from here on.
        leader: MachineId,
    },
    /// INFORM (8): to an observer, a transaction that is committed.
    Inform {
        /// The transaction.
        txn: Arc<Txn>,
    },
    /// INFORMANDACTIVATE (19): the same, of a reconfig.
    InformAndActivate {
        /// The transaction.
        txn: Arc<Txn>,
        /// Who leads from here on.
        leader: MachineId,
    },
    /// PING (5), either way. A learner's carries the sessions that it heard of since the last one.
    Ping {
        /// Sessions with their timeouts in ms.
        touched: Vec<(SessionId, u32)>,
    },
    /// REQUEST (1): a client's write, forwarded by a learner.
    Request {
        /// The session.
        session: SessionId,
        /// The request's number; 0 to open a session.
        xid: Xid,
        /// Who its connection was when it came (authinfo).
        ids: Ids,
        /// What is asked; boxed, since it is the longest of all that travels and among the rarest.
        request: Box<crate::service::Request>,
    },
    /// REVALIDATE (6), learner to leader: may this session go on here?
    Revalidate {
        /// The session.
        session: SessionId,
        /// Its timeout in ms.
        timeout_ms: u32,
    },
    /// REVALIDATE (6), leader to learner: the answer.
    Revalidated {
        /// The session.
        session: SessionId,
        /// Whether it lives.
        valid: bool,
    },
    /// SYNC (7), learner to leader.
    Sync {
        /// The session.
        session: SessionId,
        /// The request.
        xid: Xid,
    },
    /// SYNC (7), leader to learner: all that was committed before is on its way ahead of this.
    Synced {
        /// The session.
        session: SessionId,
        /// The request.
        xid: Xid,
    },
}

impl process::Message for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Connect(_) => "ConnectRequest",
            Message::Connected(_) => "ConnectResponse",
            Message::Request { op, .. } => op.name(),
            Message::Reply { .. } => "reply",
            Message::Ping => "ping",
            Message::Pong { .. } => "pong",
            Message::Event { .. } => "WatcherEvent",
            Message::Vote(_) => "vote",
            Message::Quorum(packet) => packet.kind(),
            Message::IsReadOnly | Message::ReadOnly(_) => "isro",
        }
    }
}

impl Packet {
    /// The packet's name in ZooKeeper's Leader.java.
    pub fn kind(&self) -> &'static str {
        match self {
            Packet::FollowerInfo(_) => "FOLLOWERINFO",
            Packet::ObserverInfo(_) => "OBSERVERINFO",
            Packet::LeaderInfo { .. } => "LEADERINFO",
            Packet::AckEpoch { .. } => "ACKEPOCH",
            Packet::Diff { .. } => "DIFF",
            Packet::Trunc { .. } => "TRUNC",
            Packet::Snap { .. } => "SNAP",
            Packet::NewLeader { .. } => "NEWLEADER",
            Packet::UpToDate => "UPTODATE",
            Packet::Proposal { .. } => "PROPOSAL",
            Packet::Ack { .. } => "ACK",
            Packet::Commit { .. } => "COMMIT",
            Packet::CommitAndActivate { .. } => "COMMITANDACTIVATE",
            Packet::Inform { .. } => "INFORM",
            Packet::InformAndActivate { .. } => "INFORMANDACTIVATE",
            Packet::Ping { .. } => "PING",
            Packet::Request { .. } => "REQUEST",
            Packet::Revalidate { .. } | Packet::Revalidated { .. } => "REVALIDATE",
            Packet::Sync { .. } | Packet::Synced { .. } => "SYNC",
        }
    }
}

/// The last byte counts where it says something: a run without readers has the hash that it had before there were any.
impl Hash for ConnectRequest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ConnectRequest { last_zxid_seen, timeout_ms, session, password, read_only } = self;
        (last_zxid_seen, timeout_ms, session, password).hash(state);
        if *read_only {
            read_only.hash(state);
        }
    }
}

/// As with the request.
impl Hash for ConnectResponse {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ConnectResponse { timeout_ms, session, password, read_only } = self;
        (timeout_ms, session, password).hash(state);
        if *read_only {
            read_only.hash(state);
        }
    }
}

/// A transaction with its mark, so that hashing one need not walk through it.
impl Hash for Txn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.head.zxid.hash(state);
        let Mark(mark) = self.mark;
        mark.hash(state);
    }
}

/// A configuration by its version: what is in it has gone through a log, or is the plan's, and an election of n hears
/// it n² times.
impl Hash for Notification {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Notification { vote, round, state: peer, ensemble } = self;
        (vote, round, peer, ensemble.version).hash(state);
    }
}

/// Every message is moved some ten times on its way; what is long in one of them is boxed or shared.
const MESSAGE_BYTES_MAX: usize = 128;
const _: () = assert!(size_of::<Message>() <= MESSAGE_BYTES_MAX, "a message must not be longer than two lines of a cache");
