//! A replica's disk while it runs: appends with group commit, epochs, snapshots, truncation, and what has become
//! durable of them. It says what is done; never what to do next.

mod history;
mod purge;
mod reading;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contract::plant::Plants;
use contract::process::{DiskAnswer, Exit, FileName, Token};
use zookeeper_words::fact::Mark;
use zookeeper_words::files::{FilesFact, Roll};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::plant::Plant;
use zookeeper_words::settings::Coordination;
use zookeeper_words::txn::Txn;

use super::format;
use super::recovery::{self, Entry, LogFile, Recovered};
use super::snapshot::{self, Draft};
use crate::Out;
use crate::tree::Tree;
use history::Query;

/// The token of syncs whose answer changes nothing: a later one, answered after it, is waited for.
pub const UNWATCHED: Token = Token(0);

/// What a disk operation was for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Log(Zxid),
    Accepted(Epoch),
    Current(Epoch),
    DraftPart(Zxid),
    DraftWhole(Zxid),
    DraftDone,
    StateWhole(Zxid),
    Install,
    CutNames(Zxid),
    Cut,
    List,
    File(FileName),
    Ready,
    History(u64, FileName),
    Purged,
}

/// What has been done.
#[derive(Clone, Debug)]
pub enum Done {
    /// These transactions are durable in the log.
    Logged(Vec<(Zxid, Mark)>),
    /// The accepted epoch is durable.
    Accepted(Epoch),
    /// The current epoch is durable.
    Current(Epoch),
    /// A snapshot is durable.
    Snapshotted {
        /// Its name.
        zxid: Zxid,
        /// The last transaction that it may hold in part.
        until: Zxid,
    },
    /// A leader's state is durable as a snapshot.
    Installed,
    /// The files were read, after a start or a truncation, and all that was mended is durable.
    Recovered(Box<Recovered>),
    /// A part of the log was read back, for [`Store::read_history`].
    History {
        /// Which reading.
        number: u64,
        /// The zxid before the first.
        after: Zxid,
        /// In order, as far as they could be read without a gap.
        txns: Vec<Arc<Txn>>,
    },
    /// The disk answered an error, or is damaged: the process must leave.
    Leave(Exit),
}

/// The disk.
#[derive(Clone, Debug)]
pub struct Store {
    /// The accepted epoch, durable.
    pub accepted: Epoch,
    /// The current epoch, durable.
    pub current: Epoch,
    /// The end of the log, durable or not.
    pub last: Zxid,
    /// The end of what is durable of the log.
    pub durable: Zxid,
    logs: Vec<LogFile>,
    snapshots: Vec<Zxid>,
    unsynced: VecDeque<(Zxid, Mark)>,
    syncing: bool,
    name_is_new: bool,
    /// The next transaction begins a new log file, and why.
    roll: Option<Roll>,
    held: VecDeque<Arc<Txn>>,
    draft: Option<Draft>,
    finishing: Option<(Zxid, Zxid)>,
    /// How long the newest snapshot is.
    snapshot_bytes: u64,
    installing: bool,
    epochs_pending: u32,
    reading: Option<BTreeMap<FileName, Vec<u8>>>,
    awaited: usize,
    mended: Option<Box<Recovered>>,
    purposes: BTreeMap<Token, Purpose>,
    next_token: u64,
    queries: BTreeMap<u64, Query>,
    next_query: u64,
    retain: usize,
    chunk: usize,
    log_limit_bytes: u64,
    plants: Plants<Plant>,
}

impl Store {
    /// A disk of which nothing is known yet.
    pub fn new(coordination: &Coordination, plants: &Plants<Plant>) -> Store {
        Store {
            accepted: Epoch(0),
            current: Epoch(0),
            last: Zxid::ZERO,
            durable: Zxid::ZERO,
            logs: Vec::new(),
            snapshots: Vec::new(),
            unsynced: VecDeque::new(),
            syncing: false,
            name_is_new: false,
            roll: None,
            held: VecDeque::new(),
            draft: None,
            finishing: None,
            snapshot_bytes: 0,
            installing: false,
            epochs_pending: 0,
            reading: None,
            awaited: 0,
            mended: None,
            purposes: BTreeMap::new(),
            next_token: 1,
            queries: BTreeMap::new(),
            next_query: 0,
            retain: coordination.snap_retain as usize,
            chunk: coordination.snap_chunk as usize,
            log_limit_bytes: u64::from(coordination.log_limit_bytes),
            plants: plants.clone(),
        }
    }

    fn token(&mut self, purpose: Purpose) -> Token {
        let token = Token(self.next_token);
        self.next_token += 1;
        self.purposes.insert(token, purpose);
        token
    }

    /// Whether the disk is at rest but for snapshots: nothing is on its way to the log or the epochs, and no state is
    /// being installed or read.
    pub fn is_idle(&self) -> bool {
        self.unsynced.is_empty() && self.held.is_empty() && self.epochs_pending == 0 && !self.installing && self.reading.is_none()
    }

    /// Appends a transaction; answered by [`Done::Logged`] in time. Panics if it does not follow the log's end.
    pub fn append(&mut self, txn: &Arc<Txn>, out: &mut Out) {
        assert!(recovery::follows(self.last, txn.head.zxid), "{} cannot follow {} in a log", txn.head.zxid, self.last);
        self.last = txn.head.zxid;
        if self.roll.is_some() && !self.unsynced.is_empty() {
            // A new file is begun only when the one before is durable, so that only the last can be torn.
            self.held.push_back(txn.clone());
            return;
        }
        self.write(txn, out);
        self.sync_log(out);
    }

    fn write(&mut self, txn: &Txn, out: &mut Out) {
        if let Some(why) = self.roll.take().or(self.logs.is_empty().then_some(Roll::First)) {
            let after = self.logs.last().map_or(self.durable, LogFile::last).max(self.durable);
            let name = format::log_name(txn.head.zxid);
            out.append(&name, format::log_header(after));
            self.logs.push(LogFile { name, after, entries: Vec::new() });
            self.name_is_new = true;
            out.note(FilesFact::Rolled { first: txn.head.zxid, after, why });
        }
        let log = self.logs.last_mut().expect("a log was just begun if there was none");
        let bytes = format::record(txn);
        log.entries.push(Entry { zxid: txn.head.zxid, mark: txn.mark, end: log.len() + bytes.len() as u64 });
        out.append(&log.name, bytes);
        self.unsynced.push_back((txn.head.zxid, txn.mark));
    }

    /// Group commit: one sync at a time, for all that was appended before it.
    fn sync_log(&mut self, out: &mut Out) {
        let Some((upto, _)) = self.unsynced.back().copied().filter(|_| !self.syncing) else { return };
        self.syncing = true;
        let token = self.token(Purpose::Log(upto));
        let log = &self.logs.last().expect("what is unsynced is in a log").name;
        if std::mem::take(&mut self.name_is_new) {
            out.sync(log, UNWATCHED);
            out.sync_dir(token);
        } else {
            out.sync(log, token);
        }
    }

    /// Writes the accepted epoch; answered by [`Done::Accepted`].
    pub fn set_accepted(&mut self, epoch: Epoch, out: &mut Out) {
        let token = self.token(Purpose::Accepted(epoch));
        self.epochs_pending += 1;
        replace_epoch(format::ACCEPTED_EPOCH, epoch, token, out);
    }

    /// Writes the current epoch; answered by [`Done::Current`].
    pub fn set_current(&mut self, epoch: Epoch, out: &mut Out) {
        let token = self.token(Purpose::Current(epoch));
        self.epochs_pending += 1;
        replace_epoch(format::CURRENT_EPOCH, epoch, token, out);
    }

    /// Begins a fuzzy snapshot, unless one is on its way or there already; answered by [`Done::Snapshotted`]. Says
    /// whether it began.
    pub fn begin_snapshot(&mut self, tree: &Tree, out: &mut Out) -> bool {
        if self.draft.is_some() || self.finishing.is_some() || self.snapshots.last().is_some_and(|newest| *newest >= tree.last) {
            return false;
        }
        let token = self.token(Purpose::DraftPart(tree.last));
        self.draft = Some(Draft::begin(tree, self.plants.has(Plant::SnapshotNamedAhead), token, out));
        self.roll = Some(Roll::Snapshot);
        out.note(FilesFact::SnapshotBegun { zxid: tree.last });
        true
    }

    /// Drops a fuzzy snapshot whose nodes are not all written: from now on the tree may change by what is not
    /// committed.
    pub fn abandon_snapshot(&mut self, out: &mut Out) {
        if let Some(draft) = self.draft.take() {
            draft.abandon(out);
        }
    }

    fn finish_snapshot(&mut self, out: &mut Out) {
        let Some(until) = self.draft.as_ref().and_then(|draft| draft.until).filter(|until| *until <= self.durable) else { return };
        let mut draft = self.draft.take().expect("just looked at");
        let token = self.token(Purpose::DraftWhole(draft.zxid));
        draft.finish(token, out);
        self.snapshot_bytes = draft.bytes;
        self.finishing = Some((draft.zxid, until));
    }

    /// The name that the snapshot being finished gets: where it starts from; a plant takes where it ends.
    fn finishing_name(&self) -> Zxid {
        let (zxid, until) = self.finishing.expect("a snapshot is being finished");
        if self.plants.has(Plant::SnapshotNamedAhead) { until } else { zxid }
    }

    /// Puts a leader's whole state in the place of all that is here; answered by [`Done::Installed`].
    pub fn install(&mut self, zxid: Zxid, whole: &[u8], out: &mut Out) {
        assert!(self.is_idle(), "a state is installed over a log at rest");
        assert!(zxid >= self.last, "a state at {zxid} would leave the log's {} standing behind it", self.last);
        self.abandon_snapshot(out);
        self.installing = true;
        let token = self.token(Purpose::StateWhole(zxid));
        snapshot::write(zxid, whole, token, out);
        self.snapshot_bytes = whole.len() as u64;
        self.last = zxid;
    }

    /// How many transactions of the log are after `zxid`.
    pub fn count_after(&self, zxid: Zxid) -> u32 {
        self.logs.iter().rev().map(|log| log.entries.iter().rev().take_while(|entry| entry.zxid > zxid).count() as u32).take_while(|count| *count > 0).sum()
    }

    /// Takes an answer of the disk. The tree is the one that a fuzzy snapshot is being written of.
    pub fn on_answer(&mut self, answer: DiskAnswer, tree: &Tree, out: &mut Out) -> Option<Done> {
        let (token, content) = match answer {
            DiskAnswer::Synced { token } => (token, None),
            DiskAnswer::Read { token, bytes } => (token, bytes),
            DiskAnswer::Listed { token, files } => {
                self.purposes.remove(&token);
                return self.on_list(files, out);
            }
            DiskAnswer::Failed { file, error, .. } => {
                let file = file.as_deref().unwrap_or("the directory").to_string();
                return Some(Done::Leave(Exit::Restart(format!("{error:?} on {file}"))));
            }
        };
        match self.purposes.remove(&token)? {
            Purpose::Log(upto) => Some(self.on_log_synced(upto, out)),
            Purpose::Accepted(epoch) => {
                self.epochs_pending -= 1;
                self.accepted = epoch;
                Some(Done::Accepted(epoch))
            }
            Purpose::Current(epoch) => {
                self.epochs_pending -= 1;
                self.current = epoch;
                Some(Done::Current(epoch))
            }
            Purpose::DraftPart(zxid) => {
                if self.draft.as_ref().is_some_and(|draft| draft.zxid == zxid && draft.until.is_none()) {
                    let token = self.token(Purpose::DraftPart(zxid));
                    let chunk = self.chunk;
                    let draft = self.draft.as_mut().expect("just looked at");
                    draft.go_on(tree, chunk, token, out);
                    self.finish_snapshot(out);
                }
                None
            }
            Purpose::DraftWhole(zxid) => {
                let token = self.token(Purpose::DraftDone);
                snapshot::publish(zxid, self.finishing_name(), token, out);
                None
            }
            Purpose::StateWhole(zxid) => {
                let token = self.token(Purpose::Install);
                snapshot::publish(zxid, zxid, token, out);
                None
            }
            Purpose::DraftDone => {
                let zxid = self.finishing_name();
                let (_, until) = self.finishing.take().expect("one snapshot is finished at a time");
                self.snapshots.push(zxid);
                Some(Done::Snapshotted { zxid, until })
            }
            Purpose::Install => {
                self.installing = false;
                self.durable = self.last;
                let removed = self.snapshots.drain(..).filter(|zxid| *zxid != self.last).map(format::snapshot_name);
                let removed: Vec<FileName> = removed.chain(self.logs.drain(..).map(|log| log.name)).collect();
                removed.iter().for_each(|file| out.remove(file));
                self.snapshots.push(self.last);
                self.roll = None;
                Some(Done::Installed)
            }
            Purpose::CutNames(to) => {
                self.shorten(to, out);
                None
            }
            Purpose::Cut => {
                self.read_all(out);
                None
            }
            Purpose::History(number, name) => self.on_history(number, name, content),
            Purpose::Purged => {
                out.note(FilesFact::Purged);
                None
            }
            Purpose::File(name) => self.on_file(name, content, out),
            Purpose::Ready => {
                self.reading = None;
                self.mended.take().map(Done::Recovered)
            }
            Purpose::List => unreachable!("a list answers with names"),
        }
    }

    fn on_log_synced(&mut self, upto: Zxid, out: &mut Out) -> Done {
        self.syncing = false;
        self.durable = self.durable.max(upto);
        let mut logged = Vec::new();
        while let Some((zxid, mark)) = self.unsynced.pop_front_if(|(zxid, _)| *zxid <= upto) {
            logged.push((zxid, mark));
        }
        if self.log_limit_bytes > 0 && self.logs.last().is_some_and(|log| log.len() > self.log_limit_bytes) {
            self.roll.get_or_insert(Roll::Full);
        }
        if self.unsynced.is_empty() {
            while let Some(txn) = self.held.pop_front() {
                self.write(&txn, out);
            }
        }
        self.sync_log(out);
        self.finish_snapshot(out);
        Done::Logged(logged)
    }
}

fn replace_epoch(file: &str, epoch: Epoch, token: Token, out: &mut Out) {
    out.replace(file, format::epoch(epoch));
    out.sync_dir(token);
}
