//! Reading the log back while it is written: what a learner lacks and a leader has in its files only
//! (ZKDatabase.getProposalsFromTxnLog). Never a decision how the learner is brought up.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::process::FileName;
use zookeeper_words::ids::Zxid;
use zookeeper_words::txn::Txn;

use super::{Done, Purpose, Store};
use crate::Out;
use crate::disk::format;
use crate::disk::recovery::{self, Entry, LogFile};

/// What may be sent of the log, in parts of a hundred of the newest snapshot's size: beyond it the state is the shorter
/// way (snapshotSizeFactor, 0.33).
const SNAPSHOT_SIZE_PERCENT: u64 = 33;

/// A reading of the logs under way.
#[derive(Clone, Debug)]
pub(super) struct Query {
    after: Zxid,
    awaited: usize,
    files: BTreeMap<FileName, Vec<u8>>,
}

impl Store {
    /// Reads the log from a transaction not after `peer` on, if it reaches back so far and what is between `peer` and
    /// `memory` is not too much to send; answered by [`Done::History`] with the number given here.
    pub fn read_history(&mut self, peer: Zxid, memory: Zxid, out: &mut Out) -> Option<u64> {
        let from = self.logs.iter().rposition(|log| log.after <= peer)?;
        let wanted = self.logs[from..].iter().flat_map(LogFile::records).filter(|(entry, _)| entry.zxid > peer && entry.zxid <= memory);
        let bytes: u64 = wanted.map(|(_, len)| len).sum();
        if bytes * 100 > self.snapshot_bytes * SNAPSHOT_SIZE_PERCENT {
            return None;
        }
        let after = self.logs[from].after;
        let names: Vec<FileName> = self.logs[from..].iter().filter(|log| log.after < memory).map(|log| log.name.clone()).collect();
        let number = self.next_query;
        self.next_query += 1;
        self.queries.insert(number, Query { after, awaited: names.len(), files: BTreeMap::new() });
        for file in names {
            let token = self.token(Purpose::History(number, file.clone()));
            out.read(&file, token);
        }
        Some(number)
    }

    /// A file was read; with the last of them the reading is done. A file that was purged meanwhile, or can be read in
    /// part only, leaves a gap, which the asker must see (ZOOKEEPER-2418).
    pub(super) fn on_history(&mut self, number: u64, name: FileName, content: Option<Vec<u8>>) -> Option<Done> {
        let query = self.queries.get_mut(&number).expect("a reading ends with its last file");
        query.files.extend(content.map(|bytes| (name, bytes)));
        query.awaited -= 1;
        if query.awaited > 0 {
            return None;
        }
        let query = self.queries.remove(&number).expect("just looked at");
        let mut logs: Vec<(Zxid, &FileName, &Vec<u8>)> =
            query.files.iter().filter_map(|(name, bytes)| Some((format::zxid_of(name, "log")?, name, bytes))).collect();
        logs.sort_unstable();
        let mut txns: Vec<Arc<Txn>> = Vec::new();
        for (_, name, bytes) in logs {
            let last = txns.last().map_or(query.after, |txn| txn.head.zxid);
            // Where the file before ends early, what is here cannot follow it.
            if format::read_log_header(bytes) == Some(last) {
                txns.extend(recovery::read_log(name, last, bytes).1);
            }
        }
        Some(Done::History { number, after: query.after, txns })
    }
}

impl LogFile {
    /// Its records with their lengths in bytes.
    fn records(&self) -> impl Iterator<Item = (&Entry, u64)> {
        let begins = [format::LOG_HEADER_LEN as u64].into_iter().chain(self.entries.iter().map(|entry| entry.end));
        self.entries.iter().zip(begins).map(|(entry, begin)| (entry, entry.end - begin))
    }
}
