//! What a replica of the coordination service says happened to it. Never what a client saw.

use std::sync::Arc;

use contract::ids::MachineId;
use serde::{Deserialize, Serialize};

use super::{Illegal, LocalFact, Mark, StateDigest, SyncMode};
use crate::ensemble::Ensemble;
use crate::files::FilesFact;
use crate::ids::{Epoch, SessionId, Xid, Zxid};
use crate::service::Transaction;

/// What a replica did. The noting machine is the replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaFact {
    /// It read its disk after a start. Its log now ends at `last`; its tree is at `applied`, which a snapshot vouches
    /// for, and what is between waits to be committed.
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
        /// Some vote of the deciding quorum had first been for another replica with equal epoch and zxid: the server id
        /// decided.
        tie: bool,
        /// Whose votes it counted.
        by: Vec<MachineId>,
    },
    /// It follows, or leads itself, without an election: the commit of a reconfig named this leader.
    Appointed {
        /// Who leads; itself, perhaps.
        leader: MachineId,
    },
    /// What it takes to be the configuration in force, from now on: read at a start, applied, taken over with a state,
    /// or heard in a vote.
    Configured {
        /// The configuration.
        ensemble: Arc<Ensemble>,
    },
    /// It promised never to follow a leader of a lower epoch (acceptedEpoch durable).
    EpochAccepted {
        /// The promised epoch.
        epoch: Epoch,
    },
    /// As a leader: a quorum acknowledged its new epoch, which is now its current epoch, durably; it begins to
    /// synchronise learners. Its log is the initial history I_e.
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
        /// How the learner is brought up.
        mode: SyncMode,
        /// Where the learner's log ends.
        peer_last: Zxid,
        /// Where it is cut back to, for `Trunc`; the state's zxid, for `Snap`.
        to: Zxid,
        /// Proposals sent with it.
        proposals: u32,
    },
    /// As a learner: its log was cut back, durably. Its tree, which holds what is known to be committed only, is cut
    /// back too if it reached further.
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
    /// As a learner: the leader's initial history is its own, durably, and then its current epoch, durably; it is about
    /// to acknowledge NEWLEADER.
    Adopted {
        /// The epoch.
        epoch: Epoch,
        /// The leader.
        leader: MachineId,
        /// The end of its log.
        last: Zxid,
    },
    /// As a leader: a quorum, itself included, acknowledged NEWLEADER: it is the primary of the epoch and everything of
    /// its initial history is committed.
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
    /// What it did without a leader's word.
    Local(LocalFact),
}
