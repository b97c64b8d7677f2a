//! The files of replicas by their names: which snapshots and logs each has, as it tells it, and how far a recovery would come. A start tells them anew. Never what a transaction means, nor whether it was committed.

use std::collections::{BTreeMap, BTreeSet};

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::files::FilesFact;
use zookeeper_words::ids::Zxid;

/// A log file: the zxid before its first transaction, and its last durable one.
#[derive(Clone, Copy)]
struct Log {
    after: Zxid,
    last: Zxid,
}

/// A replica's files.
#[derive(Clone, Default)]
struct ReplicaFiles {
    snapshots: BTreeSet<Zxid>,
    /// By their first transactions.
    logs: BTreeMap<Zxid, Log>,
    /// The end of what is durable.
    end: Zxid,
}

/// How many snapshots there were before a purge, and after it.
#[derive(Clone, Copy, Debug)]
pub struct Purge {
    pub before: usize,
    pub after: usize,
}

/// What a replica's files were good for after it had found them at a start, or had purged some.
#[derive(Clone, Copy, Debug)]
pub struct FilesLook {
    pub note: NoteIndex,
    pub machine: MachineId,
    /// How far a recovery would have come.
    pub reach: Zxid,
    /// The end of what was durable.
    pub end: Zxid,
    pub purge: Option<Purge>,
}

/// The files of all replicas.
pub struct Files {
    /// Every purge, and every start, in order.
    pub looks: Vec<FilesLook>,
    replicas: Vec<ReplicaFiles>,
}

impl ReplicaFiles {
    /// How far a recovery would come, if it began now.
    fn reach(&self) -> Zxid {
        let mut have = self.snapshots.last().copied().unwrap_or(Zxid::ZERO);
        for log in self.logs.values().filter(|log| log.last > log.after) {
            if log.after > have {
                break;
            }
            have = have.max(log.last);
        }
        have
    }

    fn logged(&mut self, zxid: Zxid) {
        self.end = zxid;
        if let Some((_, log)) = self.logs.range_mut(..=zxid).next_back() {
            log.last = zxid;
        }
    }

    fn begin_again(&mut self, snapshots: &[Zxid], logs: impl Iterator<Item = (Zxid, Log)>) {
        self.snapshots = snapshots.iter().copied().collect();
        self.logs = logs.collect();
    }
}

impl Files {
    /// So many replicas, with empty disks.
    pub(super) fn new(replicas: usize) -> Files {
        Files { looks: vec![], replicas: vec![ReplicaFiles::default(); replicas] }
    }

    /// The world did something to a machine.
    pub(super) fn happened(&mut self, machine: MachineId, happening: &Happening) {
        if let Happening::Crashed { disk_lost: true, .. } | Happening::Wiped = happening
            && let Some(files) = self.replicas.get_mut(machine.index())
        {
            *files = ReplicaFiles::default();
        }
    }

    /// A replica said something.
    pub(super) fn said(&mut self, note: NoteIndex, machine: MachineId, fact: &ReplicaFact) {
        let Some(files) = self.replicas.get_mut(machine.index()) else { return };
        match fact {
            ReplicaFact::Recovered { last, .. } => files.end = *last,
            ReplicaFact::Truncated { to, .. } => files.end = *to,
            ReplicaFact::Installed { to, .. } => {
                files.end = *to;
                files.begin_again(&[*to], std::iter::empty());
            }
            ReplicaFact::Logged { zxid, .. } => files.logged(*zxid),
            ReplicaFact::Snapshotted { zxid, .. } => {
                files.snapshots.insert(*zxid);
            }
            ReplicaFact::Files(FilesFact::Found { snapshots, logs }) => {
                files.begin_again(snapshots, logs.iter().map(|log| (log.first, Log { after: log.after, last: log.last })));
                self.looks.push(FilesLook { note, machine, reach: files.reach(), end: files.end, purge: None });
            }
            ReplicaFact::Files(FilesFact::Rolled { first, after, .. }) => {
                files.logs.insert(*first, Log { after: *after, last: *after });
            }
            ReplicaFact::Files(FilesFact::Purging { snapshots, logs }) => {
                let before = files.snapshots.len();
                files.snapshots.retain(|zxid| !snapshots.contains(zxid));
                files.logs.retain(|first, _| !logs.contains(first));
                let purge = Purge { before, after: files.snapshots.len() };
                self.looks.push(FilesLook { note, machine, reach: files.reach(), end: files.end, purge: Some(purge) });
            }
            ReplicaFact::Files(FilesFact::SnapshotBegun { .. } | FilesFact::Purged | FilesFact::ReadBack { .. }) => {}
            ReplicaFact::Looking { .. } | ReplicaFact::Elected { .. } | ReplicaFact::Appointed { .. } | ReplicaFact::Configured { .. } => {}
            ReplicaFact::EpochAccepted { .. } | ReplicaFact::Synchronizing { .. } | ReplicaFact::SyncSent { .. } | ReplicaFact::Adopted { .. } => {}
            ReplicaFact::Established { .. } | ReplicaFact::Serving { .. } | ReplicaFact::Proposed { .. } | ReplicaFact::Acked { .. } => {}
            ReplicaFact::Committed { .. } | ReplicaFact::Delivered { .. } | ReplicaFact::SyncAnswered { .. } => {}
            ReplicaFact::SessionExpired { .. } | ReplicaFact::RefusedBehind { .. } | ReplicaFact::StepDown { .. } => {}
            ReplicaFact::Illegal { .. } | ReplicaFact::Local(_) => {}
        }
    }
}
