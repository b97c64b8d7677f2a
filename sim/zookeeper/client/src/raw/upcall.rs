//! What a client tells its owner, in the order in which it came to be. Never what the owner makes of it.

use zookeeper_words::ids::{Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Reply, WatchEvent};

/// What the owner of a client learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upcall {
    /// The session has a connection.
    Attached {
        /// It had one before.
        again: bool,
    },
    /// The session has no connection; the client looks for one.
    Detached,
    /// The service said that the session is no more. All its requests have ended.
    Expired,
    /// The service did not believe who the client said it is (AUTH_FAILED). All its requests have ended, and nothing
    /// was said to the service about the session's end: it expires by itself.
    AuthFailed,
    /// The session was closed by request, or its connection was lost after that. All its requests have ended.
    Closed,
    /// A request's reply.
    Returned {
        /// The request.
        xid: Xid,
        /// The state that it was answered from.
        zxid: Zxid,
        /// The outcome.
        result: Result<Reply, ErrorCode>,
    },
    /// The request was sent and its reply will not come.
    Unknown {
        /// The request.
        xid: Xid,
    },
    /// The request was never sent: the session ended first. It has no effect, ever.
    Unsent {
        /// The request.
        xid: Xid,
    },
    /// A watch fired.
    Watched {
        /// What was seen.
        event: WatchEvent,
    },
}
