//! A request as an application makes it of Curator: one call, however many tries it takes, in one session or several. Never when a try is due.

use std::sync::Arc;

use vocab::fact::RequestId;
use vocab::ids::Xid;
use vocab::service::{ErrorCode, Op, Reply};

use super::retry::Retries;

/// Names a call in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The last try's reply was lost with its connection, or there was no connection for it in time. [`Tries`] says whether any may have taken effect.
    ConnectionLoss,
    /// The service did not believe who the client is; nothing was sent.
    AuthFailed,
    /// The application closed its Curator before the request could be sent.
    Closed,
    /// The service refused the last try.
    Error(ErrorCode),
    /// The check before a guarded write failed: its author's node is gone, and the last try wrote nothing. See [`super::store::Fence`].
    Fenced,
}

impl Failure {
    /// Whether Curator tries again (RetryPolicy.allowRetry). OperationTimeout is among its codes too, but neither this service nor ClientCnxn gives it.
    pub fn is_retryable(self) -> bool {
        match self {
            Failure::ConnectionLoss | Failure::Error(ErrorCode::SessionMoved | ErrorCode::SessionExpired) => true,
            Failure::AuthFailed | Failure::Closed | Failure::Fenced | Failure::Error(_) => false,
        }
    }
}

/// The tries of a call that were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// The first.
    pub first: Option<RequestId>,
    /// The last.
    pub last: Option<RequestId>,
    /// How many have no reply, nor ever will: each may have taken effect, or may yet.
    pub unknown: u32,
}

impl Tries {
    /// Takes note of one that was just sent.
    pub(super) fn sent(&mut self, request: RequestId) {
        self.first.get_or_insert(request);
        self.last = Some(request);
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The last try's outcome. A multi that failed is a failure with the code of the operation that failed, as in ZooKeeper.multi.
    pub result: Result<Reply, Failure>,
    /// All tries.
    pub tries: Tries,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before a try, first or again.
    Sleeping { until_ns: u64 },
    /// A connection.
    Waiting { until_ns: u64 },
    /// A reply.
    Sent { xid: Xid },
    /// Its end, which is certain.
    Doomed { failure: Failure },
}

/// A call that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub op: Arc<Op>,
    pub retries: Retries,
    pub tries: Tries,
    pub stage: Stage,
}

/// A request's outcome, with a multi's failure where an application looks for it: the code of the operation that failed, not of those around it.
pub(super) fn outcome(op: &Op, result: Result<Reply, ErrorCode>) -> Result<Reply, Failure> {
    match result {
        Err(code) => Err(Failure::Error(code)),
        Ok(Reply::Multi(results)) if matches!(op, Op::Multi(_)) => {
            if is_fenced(op, &results) {
                return Err(Failure::Fenced);
            }
            match results.iter().find_map(|result| result.as_ref().err().filter(|code| **code != ErrorCode::Ok)) {
                Some(code) => Err(Failure::Error(*code)),
                None => Ok(Reply::Multi(results)),
            }
        }
        Ok(reply) => Ok(reply),
    }
}

/// Whether it was the check before everything else that failed.
fn is_fenced(op: &Op, results: &[Result<Reply, ErrorCode>]) -> bool {
    let Op::Multi(ops) = op else { return false };
    let begins_with_check = matches!(ops.first(), Some(Op::Check { .. }));
    begins_with_check && matches!(results.first(), Some(Err(code)) if *code != ErrorCode::Ok)
}
