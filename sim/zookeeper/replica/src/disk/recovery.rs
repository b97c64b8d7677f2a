//! What a replica is after a start: the newest readable snapshot and the log after it. A pure function from the files
//! to the state; it never writes, nor takes for committed what need not be.
//!
//! What a crash can leave and what it cannot are told apart. A torn tail of the last log was never acknowledged, and is
//! cut. Anything unreadable with something readable after it, a gap, a snapshot whose log does not reach far enough, or
//! an epoch later than the accepted one was durable once: the disk is damaged, and starting from what is left would
//! forget promises.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::process::FileName;
use zookeeper_words::fact::Mark;
use zookeeper_words::files::{FilesFact, LogSpan};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::txn::Txn;

use super::format::{self, ACCEPTED_EPOCH, CURRENT_EPOCH, LOG_HEADER_LEN};
use crate::tree::{Tree, state};

/// A transaction's place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub zxid: Zxid,
    /// Its mark.
    pub mark: Mark,
    /// Where its record ends, in bytes from the start of the file.
    pub end: u64,
}

impl Recovered {
    /// The end of the log.
    pub fn last(&self) -> Zxid {
        self.unapplied.last().map_or(self.tree.last, |txn| txn.head.zxid)
    }

    /// The files that it rests on, as a fact.
    pub fn files(&self) -> FilesFact {
        let logs = self.logs.iter().map(|log| LogSpan { first: log.first(), after: log.after, last: log.last() });
        FilesFact::Found { snapshots: self.snapshots.clone(), logs: logs.collect() }
    }
}

/// A log file, as far as it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its name.
    pub name: FileName,
    /// The zxid before its first record.
    pub after: Zxid,
    /// Its records.
    pub entries: Vec<Entry>,
}

impl LogFile {
    /// The zxid in its name: that of its first record.
    pub fn first(&self) -> Zxid {
        format::zxid_of(&self.name, "log").expect("a log file is found by its name")
    }

    /// The last zxid in it, or the one before it.
    pub fn last(&self) -> Zxid {
        self.entries.last().map_or(self.after, |entry| entry.zxid)
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.entries.last().map_or(LOG_HEADER_LEN as u64, |entry| entry.end)
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// What the files of a disk amount to.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The tree of the snapshot, and of the log as far as the snapshot needs it to be whole: all of it was committed
    /// once.
    pub tree: Tree,
    /// The snapshot that it starts from; zero for the initial tree.
    pub start: Zxid,
    /// The transactions of the log after `start` that are in the tree, in order.
    pub applied: Vec<Arc<Txn>>,
    /// The rest of the log, in order. Whether it is committed is for the next leader to say.
    pub unapplied: Vec<Arc<Txn>>,
    /// The accepted epoch; at least the current one.
    pub accepted: Epoch,
    /// The current epoch; at least that of the last transaction. A learner that crashed between logging a leader's
    /// history and its current epoch holds a prefix of that history: what any follower of the last transaction's epoch
    /// may hold (ZOOKEEPER-4643, 2307).
    pub current: Epoch,
    /// The log files, in order.
    pub logs: Vec<LogFile>,
    /// The readable snapshots, in order.
    pub snapshots: Vec<Zxid>,
    /// How long the newest of them is.
    pub snapshot_bytes: u64,
    /// Where the last log's torn tail begins.
    pub cut: Option<(FileName, u64)>,
    /// How long that tail is.
    pub torn_bytes: u64,
    /// Files of no use: drafts, unreadable snapshots beside all that is needed, and a last log torn in its header.
    pub useless: Vec<FileName>,
}

/// Reads the files of a disk. An error says why the disk is damaged.
pub fn recover(files: &BTreeMap<FileName, Vec<u8>>) -> Result<Recovered, String> {
    let accepted = epoch_file(files, ACCEPTED_EPOCH)?;
    let current = epoch_file(files, CURRENT_EPOCH)?;
    let drafts = files.keys().filter(|name| format::zxid_of(name, "draft").is_some()).cloned();
    let mut base = newest_snapshot(files);
    let start = base.tree.last;
    let mut logs = read_logs(files, start)?;

    let mut have = start;
    let (mut applied, mut unapplied) = (Vec::new(), Vec::new());
    for (log, txns) in &logs.files {
        if log.after > have {
            return Err(format!("{} begins after {}, but all before ends at {have}", log.name, log.after));
        }
        for txn in txns {
            if txn.head.zxid <= have {
                continue;
            }
            if !follows(have, txn.head.zxid) {
                return Err(format!("{} in {} cannot follow {have}", txn.head.zxid, log.name));
            }
            have = txn.head.zxid;
            if have <= base.until {
                base.tree.apply(txn, false, None);
                applied.push(txn.clone());
            } else {
                unapplied.push(txn.clone());
            }
        }
    }
    if have < base.named {
        return Err(format!("there was a snapshot {}, and what can be read ends at {have}", base.named));
    }
    if have < base.until {
        return Err(format!("snapshot {start} needs the log up to {}, which ends at {have}", base.until));
    }
    // A snapshot taken over from a leader is of that leader's history, as a log is.
    let current = current.max(have.epoch());
    if accepted < current {
        // An epoch is accepted, durably, before it is current and before it has transactions (QuorumPeer.loadDataBase
        // refuses to start): what else was promised is anybody's guess.
        return Err(format!("the accepted {accepted} is older than the current {current}"));
    }
    logs.useless.extend(drafts.chain(base.unreadable));
    Ok(Recovered {
        tree: base.tree,
        start,
        applied,
        unapplied,
        accepted,
        current,
        logs: logs.files.into_iter().map(|(log, _)| log).collect(),
        snapshots: base.readable,
        snapshot_bytes: base.bytes,
        cut: logs.cut,
        torn_bytes: logs.torn_bytes,
        useless: logs.useless,
    })
}

fn epoch_file(files: &BTreeMap<FileName, Vec<u8>>, name: &str) -> Result<Epoch, String> {
    match files.get(name) {
        None => Ok(Epoch(0)),
        Some(bytes) => format::read_epoch(bytes).ok_or_else(|| format!("{name} is unreadable")),
    }
}

struct Base {
    tree: Tree,
    until: Zxid,
    readable: Vec<Zxid>,
    unreadable: Vec<FileName>,
    /// The newest name of a snapshot, readable or not. It got its name when all up to there was durable: whoever ends
    /// below has lost something.
    named: Zxid,
    bytes: u64,
}

/// The newest snapshot that can be read, or the initial tree. Where there is none, or none can be read, the log must
/// begin at the first transaction and reach as far as they did, or the disk is damaged: a replica that began with
/// nothing beside its logs would forget what it promised (ZOOKEEPER-2325, 3056, 3644).
fn newest_snapshot(files: &BTreeMap<FileName, Vec<u8>>) -> Base {
    let mut names: Vec<(Zxid, &FileName)> = files.keys().filter_map(|name| Some((format::zxid_of(name, "snapshot")?, name))).collect();
    names.sort_unstable();
    let named = names.last().map_or(Zxid::ZERO, |(zxid, _)| *zxid);
    let mut base = Base { tree: Tree::new(), until: Zxid::ZERO, readable: Vec::new(), unreadable: Vec::new(), named, bytes: 0 };
    for (zxid, name) in names {
        let content = format::read_snapshot(&files[name]).and_then(|(bytes, until)| Some((state::read(&bytes)?, until)));
        match content.filter(|(tree, _)| tree.last == zxid) {
            Some((tree, until)) => {
                (base.tree, base.until, base.bytes) = (tree, until, files[name].len() as u64);
                base.readable.push(zxid);
            }
            None => base.unreadable.push(name.clone()),
        }
    }
    base
}

#[derive(Default)]
struct Logs {
    files: Vec<(LogFile, Vec<Arc<Txn>>)>,
    cut: Option<(FileName, u64)>,
    torn_bytes: u64,
    useless: Vec<FileName>,
}

/// Reads all logs. Only the last may be torn: the next one is not begun before the one before is durable. Damage wholly
/// below `start` does not matter.
fn read_logs(files: &BTreeMap<FileName, Vec<u8>>, start: Zxid) -> Result<Logs, String> {
    let mut names: Vec<(Zxid, &FileName)> = files.keys().filter_map(|name| Some((format::zxid_of(name, "log")?, name))).collect();
    names.sort_unstable();
    let mut logs = Logs::default();
    for (i, (first, name)) in names.iter().enumerate() {
        let bytes = &files[*name];
        let next_first = names.get(i + 1).map(|(first, _)| *first);
        // What the next log follows is durable in a snapshot already: whatever this one has become, it is not needed.
        let needless = next_first.and_then(|_| format::read_log_header(&files[names[i + 1].1])).is_some_and(|after| after <= start);
        let Some(after) = format::read_log_header(bytes) else {
            match (needless, next_first.is_none() && !holds_record(bytes, 0, start)) {
                (true, _) => {
                    logs.useless.push((*name).clone());
                    continue;
                }
                (false, true) => {
                    logs.torn_bytes += bytes.len() as u64;
                    logs.useless.push((*name).clone());
                    continue;
                }
                (false, false) => return Err(format!("{name} has an unreadable header")),
            }
        };
        let (log, txns) = read_log(name, after, bytes);
        let good = log.len();
        if log.entries.first().is_some_and(|entry| entry.zxid != *first) {
            // Another log's content stands here: a write went astray.
            if !needless {
                return Err(format!("{name} begins with {}", log.entries[0].zxid));
            }
            logs.useless.push((*name).clone());
            continue;
        }
        if good < bytes.len() as u64 {
            match (needless, next_first.is_none() && !holds_record(bytes, good as usize, start.max(log.last()))) {
                (true, _) => {
                    logs.useless.push((*name).clone());
                    continue;
                }
                (false, true) => {
                    logs.torn_bytes += bytes.len() as u64 - good;
                    logs.cut = Some(((*name).clone(), good));
                }
                (false, false) => return Err(format!("{name} is unreadable at byte {good}, with records after it")),
            }
        }
        if log.entries.is_empty() && next_first.is_none() {
            // Begun for a transaction that was never durable: what comes next may be another, and its log must bear its
            // name.
            (logs.cut, logs.useless) = (None, [logs.useless, vec![(*name).clone()]].concat());
            continue;
        }
        logs.files.push((log, txns));
    }
    Ok(logs)
}

/// The records of a log file that follow `after`, as far as they can be read.
pub fn read_log(name: &FileName, after: Zxid, bytes: &[u8]) -> (LogFile, Vec<Arc<Txn>>) {
    let mut log = LogFile { name: name.clone(), after, entries: Vec::new() };
    let mut txns = Vec::new();
    let mut at = LOG_HEADER_LEN;
    while let Some((txn, len)) = format::read_record(&bytes[at..]) {
        if !follows(log.last(), txn.head.zxid) {
            break;
        }
        at += len;
        log.entries.push(Entry { zxid: txn.head.zxid, mark: txn.mark, end: at as u64 });
        txns.push(txn);
    }
    (log, txns)
}

/// Whether a readable record above `have` stands anywhere from `from` on: then what is unreadable before it was durable
/// once.
fn holds_record(bytes: &[u8], from: usize, have: Zxid) -> bool {
    (from..bytes.len()).any(|at| format::read_record(&bytes[at..]).is_some_and(|(txn, _)| txn.head.zxid > have))
}

/// Whether `next` is the transaction after `last` in a log: the next of its epoch, or the first of a later one.
pub fn follows(last: Zxid, next: Zxid) -> bool {
    next.0 == last.0 + 1 && next.counter() != 0 || (next.epoch() > last.epoch() && next.counter() == 1)
}
