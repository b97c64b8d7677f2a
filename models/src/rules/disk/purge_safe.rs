//! A purge is safe: what is thrown away is not needed. A replica's files are followed by its own words, and a start tells them anew.

use std::collections::{BTreeMap, BTreeSet};

use vocab::fact::{Fact, ReplicaFact};
use vocab::files::FilesFact;
use vocab::happening::Happening;
use vocab::ids::Zxid;

use crate::case::Case;
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "disk.purge-safe",
    law: "After every purge, and at every start, the newest snapshot that can be read and the logs after it reach the end of what is durable; and as many snapshots are left as are to be kept.",
    source: "ZooKeeper, PurgeTxnLog.retainNRecentSnapshots; ZOOKEEPER-3231; issue 5: snapshots and logs",
    footing: Footing::Firm,
    check,
};

/// A log file: the zxid before its first transaction, and its last durable one.
#[derive(Clone, Copy)]
struct Log {
    after: Zxid,
    last: Zxid,
}

/// A replica's files.
#[derive(Clone, Default)]
struct Files {
    snapshots: BTreeSet<Zxid>,
    /// By their first transactions.
    logs: BTreeMap<Zxid, Log>,
    /// The end of what is durable.
    end: Zxid,
}

impl Files {
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

fn check(case: &Case<'_>, finding: &mut Finding) {
    let count = case.ensemble.replicas.len();
    let retain = case.recording.plan.coordination.snap_retain as usize;
    let mut all = vec![Files::default(); count];
    for (at, note) in case.recording.notes.iter().enumerate() {
        let Some(files) = all.get_mut(note.machine.index()) else { continue };
        let reaches = |files: &Files, what: &str, finding: &mut Finding| {
            finding.judge(files.reach() >= files.end, || {
                let when = case.when(at as NoteIndex);
                format!("{} at {when}: {what}, a recovery comes as far as {}, and {} is durable", note.machine, files.reach(), files.end)
            });
        };
        match &note.fact {
            Fact::World(Happening::Crashed { disk_lost: true, .. } | Happening::Wiped) => *files = Files::default(),
            Fact::Replica(ReplicaFact::Recovered { last, .. }) => files.end = *last,
            Fact::Replica(ReplicaFact::Truncated { to, .. }) => files.end = *to,
            Fact::Replica(ReplicaFact::Installed { to, .. }) => {
                files.end = *to;
                files.begin_again(&[*to], std::iter::empty());
            }
            Fact::Replica(ReplicaFact::Logged { zxid, .. }) => files.logged(*zxid),
            Fact::Replica(ReplicaFact::Snapshotted { zxid, .. }) => {
                files.snapshots.insert(*zxid);
            }
            Fact::Replica(ReplicaFact::Files(fact)) => match fact {
                FilesFact::Found { snapshots, logs } => {
                    files.begin_again(snapshots, logs.iter().map(|log| (log.first, Log { after: log.after, last: log.last })));
                    reaches(files, "with the files that it found", finding);
                }
                FilesFact::Rolled { first, after, .. } => {
                    files.logs.insert(*first, Log { after: *after, last: *after });
                }
                FilesFact::Purging { snapshots, logs } => {
                    let before = files.snapshots.len();
                    files.snapshots.retain(|zxid| !snapshots.contains(zxid));
                    files.logs.retain(|first, _| !logs.contains(first));
                    reaches(files, "after its purge", finding);
                    finding.judge(files.snapshots.len() >= before.min(retain), || {
                        let when = case.when(at as NoteIndex);
                        format!("{} at {when}: of {before} snapshots its purge leaves {}, and is to keep {retain}", note.machine, files.snapshots.len())
                    });
                }
                FilesFact::SnapshotBegun { .. } | FilesFact::Purged | FilesFact::ReadBack { .. } => {}
            },
            Fact::World(_) | Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
        }
    }
}
