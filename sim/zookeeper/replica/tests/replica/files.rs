//! Laws of the files: whatever is rolled, snapshotted and purged, and wherever the power fails, all that was durable
//! comes back, and it comes back again.

use std::collections::{BTreeMap, VecDeque};

use contract::dice::Dice;
use contract::ids::ConnId;
use contract::plant::Plants;
use contract::process::{DiskAnswer, Effect, Effects, FileName};
use proptest::prelude::*;
use zookeeper_replica::disk::recovery::{Recovered, recover};
use zookeeper_replica::disk::store::{Done, Store};
use zookeeper_replica::tree::Tree;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::files::FilesFact;
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::message::Message;
use zookeeper_words::plant::Plant;
use zookeeper_words::settings::Coordination;

use crate::histories::{ends_at, history, settings};

/// What was done to the directory.
enum DirectoryChange {
    Link(FileName, usize),
    Rename(FileName, FileName),
    Remove(FileName),
}

/// What a sync makes durable when it answers: a file, its inode, and how much of it.
type Promise = Option<(FileName, usize, usize)>;

/// A disk as crashes find it: of the directory's changes a prefix is kept, of each file's content at least what was
/// synced.
#[derive(Default)]
struct CrashingDisk {
    contents: Vec<(Vec<u8>, usize)>,
    seen: BTreeMap<FileName, usize>,
    durable: BTreeMap<FileName, usize>,
    changes: VecDeque<DirectoryChange>,
    answers: VecDeque<(DiskAnswer, Promise, usize)>,
}

fn apply(names: &mut BTreeMap<FileName, usize>, change: &DirectoryChange) {
    match change {
        DirectoryChange::Link(name, inode) => {
            names.insert(name.clone(), *inode);
        }
        DirectoryChange::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
        DirectoryChange::Remove(name) => {
            names.remove(name);
        }
    }
}

impl CrashingDisk {
    fn done(&mut self, change: DirectoryChange) {
        apply(&mut self.seen, &change);
        self.changes.push_back(change);
    }

    fn file(&mut self, name: &FileName) -> usize {
        if let Some(inode) = self.seen.get(name) {
            return *inode;
        }
        self.contents.push((Vec::new(), 0));
        self.done(DirectoryChange::Link(name.clone(), self.contents.len() - 1));
        self.contents.len() - 1
    }

    fn take(&mut self, effect: Effect<Message>) {
        match effect {
            Effect::Append { file, bytes } => {
                let inode = self.file(&file);
                self.contents[inode].0.extend(bytes);
            }
            Effect::Replace { file, bytes } => {
                self.contents.push((bytes.clone(), bytes.len()));
                self.done(DirectoryChange::Link(file, self.contents.len() - 1));
            }
            Effect::Truncate { file, len } => {
                let inode = self.file(&file);
                let (bytes, durable) = &mut self.contents[inode];
                bytes.truncate(len as usize);
                *durable = (*durable).min(len as usize);
            }
            Effect::Rename { from, to } => self.done(DirectoryChange::Rename(from, to)),
            Effect::Remove { file } => self.done(DirectoryChange::Remove(file)),
            Effect::Sync { file, token } => {
                let inode = self.file(&file);
                self.answers.push_back((DiskAnswer::Synced { token }, Some((file, inode, self.contents[inode].0.len())), 0));
            }
            Effect::SyncDir { token } => self.answers.push_back((DiskAnswer::Synced { token }, None, self.changes.len())),
            Effect::Read { file, token } => {
                let bytes = self.seen.get(&file).map(|inode| self.contents[*inode].0.clone());
                self.answers.push_back((DiskAnswer::Read { token, bytes }, None, 0));
            }
            Effect::List { token } => self.answers.push_back((DiskAnswer::Listed { token, files: self.seen.keys().cloned().collect() }, None, 0)),
            Effect::Exit(exit) => panic!("it left: {exit:?}"),
            Effect::Open { .. } | Effect::Send { .. } | Effect::Close { .. } | Effect::Datagram { .. } => unreachable!("a disk talks to nobody"),
        }
    }

    /// The oldest operation under way is done.
    fn answer(&mut self) -> Option<DiskAnswer> {
        let (answer, synced, changes) = self.answers.pop_front()?;
        if let Some((_, inode, len)) = synced {
            let (bytes, durable) = &mut self.contents[inode];
            *durable = (*durable).max(len).min(bytes.len());
        }
        for change in self.changes.drain(..changes) {
            apply(&mut self.durable, &change);
        }
        self.answers.iter_mut().for_each(|(_, _, later)| *later = later.saturating_sub(changes));
        Some(answer)
    }

    fn lose_power(&mut self, dice: &mut Dice) {
        let kept = dice.between(0, self.changes.len() as u64) as usize;
        for change in self.changes.drain(..).take(kept) {
            apply(&mut self.durable, &change);
        }
        self.seen = self.durable.clone();
        self.answers.clear();
        for (bytes, durable) in &mut self.contents {
            bytes.truncate(dice.between(*durable as u64, bytes.len() as u64) as usize);
            *durable = bytes.len();
        }
    }

    fn files(&self) -> BTreeMap<FileName, Vec<u8>> {
        self.seen.iter().map(|(name, inode)| (name.clone(), self.contents[*inode].0.clone())).collect()
    }
}

/// A disk and its store, with what was promised of it.
struct Replica {
    settings: Coordination,
    plants: Plants<Plant>,
    disk: CrashingDisk,
    store: Store,
    tree: Tree,
    /// How many transactions are durable: an acknowledgement may have gone out.
    durable: usize,
    facts: Vec<FilesFact>,
}

impl Replica {
    fn new(settings: Coordination, plants: Plants<Plant>) -> Replica {
        Replica { store: Store::new(&settings, &plants), settings, plants, disk: CrashingDisk::default(), tree: Tree::new(), durable: 0, facts: Vec::new() }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Store, &Tree, &mut Effects<Message, Fact>) -> T) -> T {
        let mut out = Effects::new(ConnId(1));
        let done = act(&mut self.store, &self.tree, &mut out);
        out.list.into_iter().for_each(|effect| self.disk.take(effect));
        self.facts.extend(out.notes.into_iter().filter_map(|fact| if let Fact::Replica(ReplicaFact::Files(fact)) = fact { Some(fact) } else { None }));
        done
    }

    /// One answer of the disk; what the process does about it.
    fn answer(&mut self) -> Option<Done> {
        let answer = self.disk.answer()?;
        let done = self.with(|store, tree, out| store.on_answer(answer, tree, out))?;
        match &done {
            Done::Logged(logged) => self.durable = self.durable.max(logged.last().map_or(0, |(zxid, _)| zxid.counter() as usize)),
            Done::Snapshotted { .. } | Done::Recovered(_) => self.with(|store, _, out| store.purge(out)),
            _ => {}
        }
        Some(done)
    }

    /// Until nothing is under way.
    fn rest(&mut self) {
        while !self.disk.answers.is_empty() {
            self.answer();
        }
    }

    /// The power fails, at once and perhaps again while the files are read and mended; in the end all is read.
    fn fail(&mut self, dice: &mut Dice, trees: &[Tree]) -> usize {
        loop {
            self.disk.lose_power(dice);
            let found = recover(&self.disk.files()).expect("a crash is no damage");
            let last = ends_at(&found, trees);
            assert!(last >= self.durable, "{} were durable and {last} came back", self.durable);
            self.store = Store::new(&self.settings, &self.plants);
            self.with(|store, _, out| store.read_all(out));
            let mut patience = if dice.chance(300_000) { dice.below(12) } else { u64::MAX };
            while patience > 0 {
                patience -= 1;
                if self.disk.answers.is_empty() {
                    return last;
                }
                if let Some(Done::Recovered(recovered)) = self.answer() {
                    assert_eq!(recovered.last(), found.last(), "recovery is idempotent");
                    // What was read is durable now, and the first thing that is built on.
                    self.durable = last;
                    self.tree = rebuilt(&recovered);
                }
            }
        }
    }
}

fn rebuilt(recovered: &Recovered) -> Tree {
    let mut tree = recovered.tree.clone();
    recovered.unapplied.iter().for_each(|txn| {
        tree.apply(txn, false, None);
    });
    tree
}

/// Runs a replica's disk through a storm; says what became of its files.
fn storm(seed: u64, settings: Coordination, plants: Plants<Plant>) -> Replica {
    let (txns, trees) = history(120, seed);
    let mut dice = Dice::named(seed, "files", 0, 0);
    let snap_ppm = dice.between(50_000, 400_000) as u32;
    let crash_ppm = dice.between(0, 30_000) as u32;
    let mut replica = Replica::new(settings, plants);
    replica.with(|store, _, out| store.read_all(out));
    replica.rest();
    // No log is begun before its epoch is accepted.
    replica.with(|store, _, out| store.set_accepted(Epoch(1), out));
    replica.rest();
    let mut next = 0;
    while next < txns.len() {
        match dice.below(3) {
            0 => {
                replica.with(|store, _, out| store.append(&txns[next], out));
                next += 1;
            }
            1 => {
                replica.answer();
            }
            _ => {
                // Applied is what is durable here and, as it were, elsewhere.
                let at = replica.tree.last.counter() as usize;
                if at < replica.durable {
                    replica.tree.apply(&txns[at], false, None);
                    if dice.chance(snap_ppm) {
                        replica.with(|store, tree, out| store.begin_snapshot(tree, out));
                    }
                }
            }
        }
        if dice.chance(crash_ppm) {
            next = replica.fail(&mut dice, &trees);
        }
    }
    replica.rest();
    replica
}

/// Runs a storm; all that was durable came back, and of what is old no more is kept than must be.
fn nothing_is_lost(seed: u64, settings: Coordination) {
    let replica = storm(seed, settings.clone(), Plants::none());
    let found = recover(&replica.disk.files()).expect("whole");
    assert_eq!(found.last().counter(), 120);
    assert!(found.snapshots.len() <= settings.snap_retain as usize);
    // Of the logs only the first may begin below the oldest snapshot. One that begins right at it may have come after
    // the purge, which then still needed the one before.
    let oldest = found.snapshots.first().copied().unwrap_or(Zxid::ZERO);
    assert!(found.logs.iter().skip(1).all(|log| log.after >= oldest), "{:?} under {}", found.logs.iter().map(|log| log.after).collect::<Vec<_>>(), oldest);
    if settings.log_limit_bytes > 0 {
        // A group commit may overshoot the limit, by what one sync covers.
        let longest = found.logs.iter().map(|log| log.len()).max().unwrap_or(0);
        assert!(longest <= u64::from(settings.log_limit_bytes) + 20_000);
    }
}

#[test]
fn a_log_that_begins_at_the_only_snapshot_came_after_its_purge() {
    nothing_is_lost(14355355234807633191, Coordination { snap_retain: 1, snap_chunk: 5, log_limit_bytes: 0, ..settings() });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever the power fails while logs are rolled, snapshots written and old files purged, all that was durable
    /// comes back, with the tree that there was; and a recovery that is cut short changes nothing.
    #[test]
    fn nothing_durable_is_lost_by_rolling_and_purging(seed in any::<u64>(), snap_retain in 1u32..4, snap_chunk in 1u32..6, log_limit_bytes in prop_oneof![Just(0u32), 1u32..3_000]) {
        nothing_is_lost(seed, Coordination { snap_retain, snap_chunk, log_limit_bytes, ..settings() });
    }

    /// What a leader reads back of its logs is what it wrote, without a gap, from a transaction not after the learner's
    /// last on.
    #[test]
    fn the_log_is_read_back_as_it_was_written(seed in any::<u64>(), peer in 0u32..120, log_limit_bytes in 1u32..2_000) {
        let mut replica = storm(seed, Coordination { snap_retain: 2, log_limit_bytes, ..settings() }, Plants::none());
        let txns = history(120, seed).0;
        let memory = txns[119].head.zxid;
        let zxid = if peer == 0 { Zxid::ZERO } else { txns[peer as usize - 1].head.zxid };
        let Some(asked) = replica.with(|store, _, out| store.read_history(zxid, memory, out)) else { return Ok(()) };
        let done = (0..1_000).find_map(|_| replica.answer());
        let Some(Done::History { number, after, txns: read }) = done else { panic!("{done:?}") };
        prop_assert_eq!(number, asked);
        prop_assert!(after <= zxid);
        prop_assert_eq!(&read[..], &txns[after.counter() as usize..]);
    }
}

#[test]
fn storms_roll_and_purge() {
    let facts: Vec<FilesFact> =
        (0..20).flat_map(|seed| storm(seed, Coordination { snap_retain: 1, log_limit_bytes: 500, ..settings() }, Plants::none()).facts).collect();
    let count = |is: fn(&FilesFact) -> bool| facts.iter().filter(|fact| is(fact)).count();
    assert!(count(|fact| matches!(fact, FilesFact::Rolled { .. })) > 100);
    assert!(count(|fact| matches!(fact, FilesFact::Purging { logs, .. } if !logs.is_empty())) > 50);
    assert!(count(|fact| matches!(fact, FilesFact::Purging { snapshots, .. } if !snapshots.is_empty())) > 50);
    assert!(count(|fact| matches!(fact, FilesFact::Purged)) > 50);
}

/// Whether some of these storms loses something under a plant.
fn is_seen(plant: Plant) -> bool {
    let lost = |seed| {
        std::panic::catch_unwind(|| ends_at(&recover(&storm(seed, settings(), Plants::only(plant)).disk.files()).expect("whole"), &history(120, seed).1))
    };
    (0..20).any(|seed| lost(seed).is_err())
}

#[test]
fn the_laws_see_their_plants() {
    assert!(is_seen(Plant::PurgeTooMuch));
    assert!(is_seen(Plant::SnapshotNamedAhead));
}
