//! What a client of the coordination service saw: the history. Never what a replica did.

use std::sync::Arc;

use contract::ids::MachineId;
use serde::{Deserialize, Serialize};

use super::{ConnectionState, RecipeFact, Retry};
use crate::ids::{SessionId, Xid, Zxid};
use crate::service::{ErrorCode, Op, Reply, WatchEvent};

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
        /// The transaction that changed the node, or, for an event in answer to setWatches, the state that it was
        /// answered from.
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
    /// A client that can be read-only begins with nobody's session and has seen nothing: until the next such note it
    /// carries along what it sees and watches, through one session after the other.
    Begun,
    /// The connection that was just attached is to a replica that has no quorum and serves readers alone
    /// (ConnectedReadOnly).
    ReadOnly {
        /// The session, which that replica alone knows.
        session: SessionId,
        /// The connection.
        conn: u32,
    },
}
