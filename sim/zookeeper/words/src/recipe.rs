//! What recipes say of themselves, for the rules and probes that want to know. Data; never a recipe's own steps.

use serde::{Deserialize, Serialize};

use crate::curator::{Conclusion, Mirror, RequestId};

/// What the recipes of ZooKeeper's documentation say of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecipeFact {
    /// It holds the lock or leads the election at `path`: its node was the lowest.
    Acquired {
        /// The lock's directory.
        path: String,
        /// Its own node.
        node: String,
    },
    /// It gave it up, or lost it with its session.
    Released {
        /// The lock's directory.
        path: String,
        /// Its own node.
        node: String,
    },
    /// A check-and-set of a counter went from `from` to `to`.
    Counted {
        /// The counter.
        path: String,
        /// The value before.
        from: u64,
        /// The value after.
        to: u64,
    },
    /// What it takes for true about a write of which nobody told it the outcome.
    Concluded(Conclusion),
    /// It looked for what tries of a protected create may have left: before it tries again, or after it gave up.
    Searched {
        /// The create's path, with the UUID.
        path: String,
        /// The request that was answered.
        request: RequestId,
    },
    /// What its cache shows now.
    Mirrored(Mirror),
    /// It put an element into a queue.
    Queued {
        /// The element's node.
        node: String,
    },
    /// It took an element out of a queue: its delete succeeded.
    Taken {
        /// The element's node.
        node: String,
    },
    /// It left a barrier, which `present` clients had reached.
    Passed {
        /// The barrier.
        path: String,
        /// How many were there.
        present: u32,
    },
}
