//! What Curator says of itself: how its session stands, which requests it sent again, and what a recipe concluded about
//! a write whose outcome nobody told it. Data; never whether a conclusion is right.

use serde::{Deserialize, Serialize};

use crate::ids::{SessionId, Xid, Zxid};

/// How an application's session stands, as Curator tells it (ConnectionState).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionState {
    /// Its first session has its first connection.
    Connected,
    /// The connection is gone; the session, perhaps, is not.
    Suspended,
    /// There is a connection again, in the same session or in a new one.
    Reconnected,
    /// The session is over: the service said so, or Curator has waited for its timeout and gives it up.
    Lost,
}

/// A request of a run: xids alone begin anew with every session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId {
    /// Its session.
    pub session: SessionId,
    /// Its number there.
    pub xid: Xid,
}

/// A request that was sent once more, in another session perhaps, although an earlier try may have taken effect, or may
/// yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Retry {
    /// The first try.
    pub first: RequestId,
    /// This one.
    pub again: RequestId,
}

/// What a recipe takes for true about a write after a try of it whose outcome is unknown; or about a write that failed
/// in a way that it takes for success.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conclusion {
    /// What the write was about.
    pub path: String,
    /// Its first try; the others are those that a [`Retry`] names with it.
    pub first: RequestId,
    /// What is believed.
    pub belief: Belief,
}

/// What became of a write, in its author's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Belief {
    /// It took effect: the last try succeeded, or its work was found.
    Applied,
    /// The last try was refused because of what is there already, and that is taken for the work of an earlier one
    /// (Flink: NodeExists after a retried multi).
    Assumed,
    /// The last try was refused, and the author begins anew from what is there now; it is harmless if an earlier one
    /// took effect (a counter skips a number).
    Superseded,
    /// It did not take effect, and what belongs to it was thrown away. If that is wrong, something refers to what is no
    /// more (FLINK-24543).
    NotApplied,
    /// Nobody knows, and nothing was thrown away (Flink: PossibleInconsistentStateException).
    Undecided,
}

/// What a cache shows of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mirror {
    /// The node that is watched.
    pub root: String,
    /// All below it is, too.
    pub tree: bool,
    /// The nodes that it shows, each with the transaction that set its data last.
    pub nodes: Vec<(String, Zxid)>,
    /// Nothing is under way that would change it, and there is a connection: it has all that its client has been told
    /// of.
    pub settled: bool,
}
