//! What is asked of the outside, and what it answers. Never how it is handled.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{Input, Row};
use crate::fact::{Author, LedgerError};
use crate::ids::{AttemptId, BlobName, CheckpointId, SplitId, TxnId};

/// What travels between the outside and whoever asks it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// To the log, the ledger or the blob store, on a stream that the asking end opened.
    Ask {
        /// Its number on this stream.
        request: u64,
        /// What is asked.
        ask: Box<Ask>,
    },
    /// The answer.
    Answer {
        /// The request's number.
        request: u64,
        /// What is answered.
        answer: Box<Answer>,
    },
}

impl contract::process::Message for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Ask { ask, .. } => ask.kind(),
            Message::Answer { .. } => "answer",
        }
    }
}

/// A transaction that a sink has prepared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Committable {
    /// Its id in the ledger.
    pub txn: TxnId,
    /// The producer's epoch.
    pub epoch: u32,
    /// The checkpoint in which it was prepared.
    pub checkpoint: CheckpointId,
}

/// What is asked of the outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The log: records of a partition.
    Fetch {
        /// The partition.
        split: SplitId,
        /// From this offset on.
        offset: u64,
        /// At most so many.
        count_max: u32,
    },
    /// The ledger: take a transactional id (InitProducerId); whoever had it is fenced, and what it had open is aborted.
    InitProducer {
        /// The id.
        txn: TxnId,
        /// Whoever has taken the id with a higher one keeps it.
        token: u64,
        /// In whose name.
        by: AttemptId,
    },
    /// The ledger: add rows to the open transaction, beginning one if need be.
    Write {
        /// The id.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// The first row's place in the transaction: a repetition is no second write.
        at: u32,
        /// The rows.
        rows: Vec<Row>,
        /// In whose name.
        by: AttemptId,
    },
    /// The ledger: commit (EndTxn). A repetition is no second commit.
    Commit {
        /// Which.
        committable: Committable,
        /// In whose name.
        by: AttemptId,
    },
    /// The ledger: abort (EndTxn).
    Rollback {
        /// The id.
        txn: TxnId,
        /// The producer's epoch.
        epoch: u32,
        /// In whose name.
        by: AttemptId,
    },
    /// The ledger: rows under their keys, at once.
    Upsert {
        /// Keys and rows.
        rows: Vec<(Row, Row)>,
        /// What an attempt with a higher one, or a later attempt with the same, has put under a key stays; 0 puts it whatever stands there.
        token: u64,
        /// In whose name.
        by: AttemptId,
    },
    /// The blob store: keep this.
    Put {
        /// The name.
        name: BlobName,
        /// The content.
        bytes: Arc<[u8]>,
        /// In whose name.
        by: Author,
    },
    /// The blob store: what is there?
    Get {
        /// The name.
        name: BlobName,
        /// In whose name.
        by: Author,
    },
    /// The blob store: remove this; what is not there is as good as removed.
    Delete {
        /// The name.
        name: BlobName,
        /// In whose name.
        by: Author,
    },
    /// The blob store: which names begin so?
    List {
        /// The beginning.
        prefix: BlobName,
    },
}

/// What the outside answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Records.
    Records {
        /// From the offset that was asked for on.
        records: Vec<Arc<Input>>,
        /// Whether none will ever follow these.
        last: bool,
    },
    /// A transactional id is yours.
    Producer {
        /// The epoch; 0 if nobody ever had the id.
        epoch: u32,
    },
    /// Done.
    Done,
    /// Refused.
    Refused(LedgerError),
    /// A blob's content; `None` if there is none.
    Blob(Option<Arc<[u8]>>),
    /// Names, sorted.
    Names(Vec<BlobName>),
    /// The service cannot now.
    Unavailable,
    /// Another content is there under that name (a name is written once).
    Conflict,
}

impl Ask {
    /// The request's plain name.
    pub fn kind(&self) -> &'static str {
        match self {
            Ask::Fetch { .. } => "fetch",
            Ask::InitProducer { .. } => "init-producer",
            Ask::Write { .. } => "txn-write",
            Ask::Commit { .. } => "txn-commit",
            Ask::Rollback { .. } => "txn-abort",
            Ask::Upsert { .. } => "upsert",
            Ask::Put { .. } => "blob-put",
            Ask::Get { .. } => "blob-get",
            Ask::Delete { .. } => "blob-delete",
            Ask::List { .. } => "blob-list",
        }
    }
}
