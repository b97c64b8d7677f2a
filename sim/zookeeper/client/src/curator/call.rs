//! A request as an application makes it of Curator: one call, however many tries it takes, in one session or several.
//! Never when a try is due.

use std::sync::Arc;

use zookeeper_words::fact::RequestId;
use zookeeper_words::ids::Xid;
use zookeeper_words::service::{ErrorCode, Op, Reply};

use super::error::CallError;
use super::retry::Retries;

/// Names a call in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

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
    /// The last try's outcome. A multi that failed is an error with the code of the operation that failed, as in
    /// ZooKeeper.multi.
    pub result: Result<Reply, CallError>,
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
    Doomed { error: CallError },
}

/// A call that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub op: Arc<Op>,
    pub retries: Retries,
    pub tries: Tries,
    pub stage: Stage,
}

/// A request's outcome, with a multi's error where an application looks for it: the code of the operation that failed,
/// not of those around it.
pub(super) fn outcome(op: &Op, result: Result<Reply, ErrorCode>) -> Result<Reply, CallError> {
    match result {
        Err(code) => Err(CallError::Refused(code)),
        Ok(Reply::Multi(results)) if matches!(op, Op::Multi(_)) => {
            if is_fenced(op, &results) {
                return Err(CallError::Fenced);
            }
            match results.iter().find_map(|result| result.as_ref().err().filter(|code| **code != ErrorCode::Ok)) {
                Some(code) => Err(CallError::Refused(*code)),
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
