//! Why a call failed, and whether Curator tries again. Never how long it waits before.

use std::fmt;

use zookeeper_words::service::ErrorCode;

/// Why a call failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallError {
    /// The last try's reply was lost with its connection, or there was no connection for it in time.
    /// [`Tries`](super::Tries) says whether any may have taken effect.
    ConnectionLoss,
    /// The service did not believe who the client is; nothing was sent.
    AuthFailed,
    /// The application closed its Curator before the request could be sent.
    Closed,
    /// The service refused the last try.
    Refused(ErrorCode),
    /// The check before a guarded write failed: its author's node is gone, and the last try wrote nothing. See
    /// [`super::store::Fence`].
    Fenced,
}

/// The words in which a process gives a call's error as its reason for leaving. They are part of a run's hash, so they
/// do not change with the names above.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::ConnectionLoss => f.write_str("ConnectionLoss"),
            CallError::AuthFailed => f.write_str("AuthFailed"),
            CallError::Closed => f.write_str("Closed"),
            CallError::Refused(code) => f.debug_tuple("Error").field(code).finish(),
            CallError::Fenced => f.write_str("Fenced"),
        }
    }
}

impl CallError {
    /// Whether Curator tries again (RetryPolicy.allowRetry). OperationTimeout is among its codes too, but neither this
    /// service nor ClientCnxn gives it.
    pub fn is_retryable(self) -> bool {
        match self {
            CallError::ConnectionLoss | CallError::Refused(ErrorCode::SessionMoved | ErrorCode::SessionExpired) => true,
            CallError::AuthFailed | CallError::Closed | CallError::Fenced | CallError::Refused(_) => false,
        }
    }
}
