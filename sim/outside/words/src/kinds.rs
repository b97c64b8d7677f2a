//! The names by which faults can speak of the log, the ledger and the blob store: what is asked of them, what they write, which orders bring them into trouble.

use contract::kinds::{Kinds, Number, OrderKind};

/// What is asked, and the answer.
const MESSAGES: [&str; 11] =
    ["fetch", "init-producer", "txn-write", "txn-commit", "txn-abort", "upsert", "blob-put", "blob-get", "blob-delete", "blob-list", "answer"];
/// The ledger's file, and the blob store's.
const FILES: [&str; 2] = ["ledger", "blobs"];

/// What faults can name.
pub fn kinds() -> Kinds {
    let order = |word, number| OrderKind { word, number: Number::Required(number) };
    Kinds {
        messages: MESSAGES.to_vec(),
        written: FILES.to_vec(),
        synced: FILES.to_vec(),
        orders: vec![order("unavailable", "ms"), order("slow", "ms"), order("errors", "count")],
    }
}
