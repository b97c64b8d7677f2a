//! For every rule on disks a tale that breaks it.

use contract::ids::MachineId;
use contract::recording::Noted;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::files::{FilesFact, LogSpan};
use zookeeper_words::ids::{Epoch, Zxid};

use super::bend::{append, check, edit_replica};
use super::lawful::tale;
use crate::tale::C;

/// What a purge of C's throws away, done otherwise.
fn purge_otherwise(edit: impl Fn(&mut Vec<Zxid>, &mut Vec<Zxid>)) {
    let purges = |_: MachineId, fact: &ReplicaFact| matches!(fact, ReplicaFact::Files(FilesFact::Purging { .. }));
    check("disk.purge-safe", |notes| {
        edit_replica(notes, 0, purges, |fact| {
            if let ReplicaFact::Files(FilesFact::Purging { snapshots, logs }) = fact {
                edit(snapshots, logs);
            }
        });
    });
}

#[test]
fn purges() {
    let snapshot = {
        let notes = tale().recording.notes;
        let named =
            notes.iter().find_map(|note| if let Noted::Said(Fact::Replica(ReplicaFact::Snapshotted { zxid, .. })) = note.what { Some(zxid) } else { None });
        named.expect("C takes a snapshot")
    };
    // The snapshot goes with the log under it.
    purge_otherwise(|snapshots, _| snapshots.push(snapshot));
    // It goes alone: nothing is lost, but one was to be kept.
    purge_otherwise(|snapshots, logs| {
        snapshots.push(snapshot);
        logs.clear();
    });
    let snapshots = |_: MachineId, fact: &ReplicaFact| matches!(fact, ReplicaFact::Snapshotted { .. });
    // The log under the snapshot goes on beyond it.
    check("disk.purge-safe", |notes| {
        edit_replica(notes, 0, snapshots, |fact| {
            if let ReplicaFact::Snapshotted { zxid, .. } = fact {
                *zxid = Zxid::new(Epoch(1), 3);
            }
        });
    });
    // A purge when all is done: the log after the snapshot is the one that is written.
    check("disk.purge-safe", |notes| append(notes, C, FilesFact::Purging { snapshots: vec![], logs: vec![snapshot.next()] }));
    // A start on logs with a gap.
    let found = FilesFact::Found {
        snapshots: vec![snapshot],
        logs: vec![LogSpan { first: snapshot.next().next(), after: snapshot.next(), last: Zxid::new(Epoch(9), 1) }],
    };
    check("disk.purge-safe", |notes| append(notes, C, found));
}
