//! What a replica does without a leader's word: sessions that it alone knows, and service to readers while it has no
//! quorum. Never a transaction.

use serde::{Deserialize, Serialize};

use crate::ids::{SessionId, Zxid};

/// What a replica did by itself. Its local sessions are over when it takes up another role, or goes down, without a
/// note of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalFact {
    /// It has looked for a leader in vain for so long that it serves whoever only wants to read
    /// (ReadOnlyZooKeeperServer).
    ServesReaders {
        /// What it answers from.
        applied: Zxid,
    },
    /// It opened a session that nobody else knows (LocalSessionTracker).
    Opened {
        /// The session.
        session: SessionId,
        /// The negotiated timeout in ms.
        timeout_ms: u32,
    },
    /// A local session wants an ephemeral: it asks the leader to open it for all to know.
    Upgraded {
        /// The session.
        session: SessionId,
    },
    /// Its client closed it.
    Closed {
        /// The session.
        session: SessionId,
    },
    /// It was silent for too long.
    Expired {
        /// The session.
        session: SessionId,
        /// How long it had been silent, in ms by the replica's clock.
        silent_ms: u64,
        /// Its negotiated timeout in ms.
        timeout_ms: u32,
    },
}
