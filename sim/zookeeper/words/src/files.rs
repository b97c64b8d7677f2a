//! What a replica says of its log files and snapshots: what it found, began, threw away. Data; never what the
//! transactions in them mean.

use contract::ids::MachineId;
use serde::{Deserialize, Serialize};

use crate::ids::Zxid;

/// A log file, as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogSpan {
    /// The zxid in its name: its first transaction.
    pub first: Zxid,
    /// The zxid before its first transaction.
    pub after: Zxid,
    /// Its last transaction; `after`, if it holds none.
    pub last: Zxid,
}

/// Why a log file was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Roll {
    /// There was none that could be gone on with.
    First,
    /// A snapshot was begun (SyncRequestProcessor).
    Snapshot,
    /// The one before had reached its size (txnLogSizeLimitInKb).
    Full,
}

/// What a replica did with its files. The noting machine is the replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilesFact {
    /// It has read its disk, at a start or after its log was cut back: this is all there is, and all of it durable.
    Found {
        /// The snapshots that can be read, in order.
        snapshots: Vec<Zxid>,
        /// The logs, in order.
        logs: Vec<LogSpan>,
    },
    /// It began a log file; not durable before its first transaction is.
    Rolled {
        /// Its first transaction.
        first: Zxid,
        /// The zxid before.
        after: Zxid,
        /// Why it was begun.
        why: Roll,
    },
    /// It began a fuzzy snapshot.
    SnapshotBegun {
        /// The zxid that it starts from.
        zxid: Zxid,
    },
    /// It threw away what it needs no more; a crash may bring some of it back until [`FilesFact::Purged`].
    Purging {
        /// Snapshots, by their names.
        snapshots: Vec<Zxid>,
        /// Logs, by their first transactions.
        logs: Vec<Zxid>,
    },
    /// What it threw away is gone for good.
    Purged,
    /// As a leader: what a learner lacks reaches further back than its memory, and was read from its logs.
    ReadBack {
        /// The learner.
        peer: MachineId,
        /// Where the learner's log ends.
        peer_last: Zxid,
        /// How many of the transactions that it is sent are in the logs only.
        read: u32,
    },
}
