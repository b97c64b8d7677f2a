//! What becomes of log files and snapshots: begun, thrown away, lost, read back. Never whether that was right.

use std::collections::BTreeMap;

use contract::happening::Happening;
use judging::Heard;
use zookeeper_words::fact::{Fact, ReplicaFact, SyncMode};
use zookeeper_words::files::{FilesFact, Roll};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{Op, Request};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

/// A replica's files, as far as its notes tell.
#[derive(Clone, Default)]
struct Disk {
    /// The end of its log.
    last: Zxid,
    /// What it had logged before it came back with less, and with something.
    lost: Option<Zxid>,
    snapshotting: bool,
    purging: bool,
    /// The snapshot that it started from.
    start: Zxid,
    /// What was changed while its snapshots were written, by their names.
    fuzzy: BTreeMap<Zxid, Vec<Mark>>,
}

pub(super) struct Files {
    /// By replica.
    disks: Vec<Disk>,
    /// Transactions that fuzzy snapshots have gone wrong over, and the probe of a recovery from such a snapshot.
    delicate: BTreeMap<Zxid, Mark>,
}

impl Files {
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        Files { disks: vec![Disk::default(); usize::from(plan.machines)], delicate: BTreeMap::new() }
    }
}

impl Fold for Files {
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let disk = &mut self.disks[note.machine.index()];
        match note.what {
            Heard::World(Happening::Crashed { .. } | Happening::Exited { .. }) => {
                hits.mark_if(Mark::CrashSnapshotting, std::mem::take(&mut disk.snapshotting));
                hits.mark_if(Mark::CrashPurging, std::mem::take(&mut disk.purging));
            }
            Heard::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. })) => {
                let mark = match &txn.request {
                    Request::Op(Op::SetAcl { .. }) | Request::Local(Op::SetAcl { .. }) => Mark::RecoveredFuzzyAcl,
                    Request::Op(Op::CloseSession) => Mark::RecoveredFuzzyClose,
                    Request::Op(Op::DeleteContainer { .. }) => Mark::RecoveredFuzzyReaped,
                    _ => return,
                };
                if txn.error.is_none() {
                    self.delicate.insert(txn.zxid, mark);
                }
            }
            Heard::Said(Fact::Replica(ReplicaFact::Snapshotted { zxid, until })) => {
                disk.snapshotting = false;
                let within = self.delicate.range(zxid.next()..).take_while(|(at, _)| *at <= until);
                disk.fuzzy.insert(*zxid, within.map(|(_, mark)| *mark).collect());
            }
            Heard::Said(Fact::Replica(ReplicaFact::Recovered { snapshot, last, .. })) => {
                hits.mark_if(Mark::CameBackEmpty, disk.last > Zxid::ZERO && *last == Zxid::ZERO);
                disk.lost = Some(disk.last).filter(|before| before > last && *last > Zxid::ZERO);
                disk.fuzzy.get(snapshot).into_iter().flatten().for_each(|mark| hits.mark(*mark));
                (disk.last, disk.start) = (*last, *snapshot);
            }
            Heard::Said(Fact::Replica(ReplicaFact::Logged { zxid, .. })) => {
                hits.mark_if(Mark::TailRefetched, disk.lost.take_if(|lost| zxid >= lost).is_some());
                disk.last = *zxid;
            }
            Heard::Said(Fact::Replica(ReplicaFact::Truncated { to, .. })) => (disk.last, disk.snapshotting) = (*to, false),
            Heard::Said(Fact::Replica(ReplicaFact::Installed { to, .. })) => {
                hits.mark_if(Mark::TailRefetched, disk.lost.take_if(|lost| to >= lost).is_some());
                (disk.last, disk.snapshotting) = (*to, false);
            }
            Heard::Said(Fact::Replica(ReplicaFact::SyncSent { mode: SyncMode::Snap, peer_last, .. })) => {
                hits.mark_if(Mark::FarBehindSnap, *peer_last > Zxid::ZERO)
            }
            Heard::Said(Fact::Replica(ReplicaFact::Files(fact))) => match fact {
                FilesFact::Found { logs, .. } => {
                    hits.mark_if(Mark::RecoveredAcross, logs.iter().filter(|log| log.last > disk.start.max(log.after)).count() > 1)
                }
                FilesFact::Rolled { why, .. } => match why {
                    Roll::First => {}
                    Roll::Snapshot => hits.mark(Mark::LogRolled),
                    Roll::Full => hits.mark(Mark::LogFull),
                },
                FilesFact::SnapshotBegun { .. } => disk.snapshotting = true,
                FilesFact::Purging { snapshots, logs } => {
                    hits.mark_if(Mark::SnapshotPurged, !snapshots.is_empty());
                    hits.mark_if(Mark::LogPurged, !logs.is_empty());
                    disk.purging = true;
                }
                FilesFact::Purged => disk.purging = false,
                FilesFact::ReadBack { .. } => hits.mark(Mark::FarBehindDiff),
            },
            Heard::World(_) | Heard::Said(_) | Heard::Else => {}
        }
    }
}
