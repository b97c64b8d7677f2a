//! What the outside says happened: the log that jobs read, the ledger that they write, the blob store that holds their state. Their own word, by which theirs and the jobs' promises are judged.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{Input, Row};
use crate::ids::{AttemptId, BlobName, LeaderId, SplitId, TxnId};

/// In whose name something is asked of the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// A master's, under a grant.
    Leader(LeaderId),
    /// A task's.
    Task(AttemptId),
}

/// What the ledger refuses (Kafka's error codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerError {
    /// A newer producer has the transactional id (ProducerFenced).
    Fenced,
    /// The transaction is not in a state that allows this (InvalidTxnState).
    InvalidState,
    /// A batch is missing before this one (OutOfOrderSequence).
    OutOfOrder,
    /// The service cannot now; it may be asked again.
    Unavailable,
}

/// What the outside did. The noting machine is the log's, the ledger's or the blob store's.
///
/// What is durable at the ledger or in the blob store is told when it has become so. A life that ends just then leaves the next one in doubt whether the last of it was told, and that one begins by telling
/// it again, word for word and in one step. Reads and refusals are not told again; the log's records all are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutsideFact {
    /// A record stands in the log; told again after a restart of the log.
    Appended {
        /// The partition.
        split: SplitId,
        /// Its offset, from 0.
        offset: u64,
        /// The record.
        input: Arc<Input>,
    },
    /// The log was read.
    Fetched {
        /// The partition.
        split: SplitId,
        /// From which offset.
        offset: u64,
        /// How many records were given.
        count: u32,
        /// The end of the partition then.
        end: u64,
    },
    /// A producer has a transactional id from here on; what another had open under it is aborted (InitProducerId).
    ProducerInitialised {
        /// The id.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// Who asked.
        by: AttemptId,
    },
    /// Rows were added to an open transaction.
    Wrote {
        /// The transaction.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// The first row's place in the transaction, from 0.
        at: u32,
        /// The rows.
        rows: Vec<Row>,
        /// Who asked.
        by: AttemptId,
    },
    /// A transaction is committed: its rows can be seen.
    TxnCommitted {
        /// The transaction.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// All its rows, in order.
        rows: Vec<Row>,
        /// Who asked.
        by: AttemptId,
    },
    /// A transaction is aborted: its rows will never be seen.
    TxnAborted {
        /// The transaction.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// It had been open for too long (transaction.timeout.ms), or a newer producer took the id, or its producer asked.
        timed_out: bool,
        /// Who asked, if anybody did.
        by: Option<AttemptId>,
    },
    /// A row of an idempotent sink stands under its key, in the place of an older one.
    Upserted {
        /// The key.
        key: Row,
        /// The row.
        row: Row,
        /// Who asked.
        by: AttemptId,
    },
    /// The ledger refused.
    LedgerRefused {
        /// The transaction.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// Why.
        error: LedgerError,
        /// Who asked.
        by: AttemptId,
    },
    /// A blob is durable under its name. A name is written once; the same content again is the same blob.
    BlobPut {
        /// The name.
        name: BlobName,
        /// Its length in bytes.
        bytes: u32,
        /// XXH3 of its content.
        digest: u64,
        /// In whose name.
        by: Author,
    },
    /// A blob was read.
    BlobRead {
        /// The name.
        name: BlobName,
        /// XXH3 of its content; `None` if there is none of that name.
        digest: Option<u64>,
        /// In whose name.
        by: Author,
    },
    /// A blob is gone.
    BlobDeleted {
        /// The name.
        name: BlobName,
        /// In whose name.
        by: Author,
    },
}
