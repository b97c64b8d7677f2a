//! Laws of the disk model: whatever a process did, a power failure leaves a state that a real disk may leave, and what
//! was synced is there. The reference here is a list of legal states, written down step by step; it shares nothing with
//! the disk's own bookkeeping.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stormglass_world::*;

use crate::puppet::*;

/// What a process does, 20 ms apart, so that each sync is answered before the next doing.
#[derive(Clone, Debug)]
enum Doing {
    Append(usize, usize),
    Truncate(usize, u64),
    Replace(usize, usize),
    Rename(usize, usize),
    Remove(usize),
    Sync(usize),
    SyncDir,
}

const FILES: [&str; 3] = ["a", "b", "c"];

fn doing() -> impl Strategy<Value = Doing> {
    let file = || 0..FILES.len();
    let len = || prop_oneof![1..8usize, 500..1_100usize];
    prop_oneof![
        4 => (file(), len()).prop_map(|(file, len)| Doing::Append(file, len)),
        2 => (file(), 0..600u64).prop_map(|(file, len)| Doing::Truncate(file, len)),
        1 => (file(), len()).prop_map(|(file, len)| Doing::Replace(file, len)),
        1 => (file(), file()).prop_map(|(from, to)| Doing::Rename(from, to)),
        1 => file().prop_map(Doing::Remove),
        3 => file().prop_map(Doing::Sync),
        2 => Just(Doing::SyncDir),
    ]
}

/// All that may be there after a power failure, and what is seen until then.
#[derive(Default)]
struct Legal {
    /// The contents that each file may have, the present one last.
    contents: Vec<Vec<Vec<u8>>>,
    /// The directories that there may be, the present one last.
    directories: Vec<BTreeMap<usize, usize>>,
}

impl Legal {
    fn now(&self) -> &BTreeMap<usize, usize> {
        self.directories.last().expect("there is always a present directory")
    }

    fn rename(&mut self, change: impl FnOnce(&mut BTreeMap<usize, usize>)) {
        let mut next = self.now().clone();
        change(&mut next);
        self.directories.push(next);
    }

    fn file(&mut self, name: usize) -> usize {
        if let Some(file) = self.now().get(&name) {
            return *file;
        }
        self.make(name, vec![])
    }

    fn make(&mut self, name: usize, content: Vec<u8>) -> usize {
        let file = self.contents.len();
        self.contents.push(vec![content]);
        self.rename(|names| {
            names.insert(name, file);
        });
        file
    }

    fn seen(&self, file: usize) -> Vec<u8> {
        self.contents[file].last().expect("a file has a content").clone()
    }

    fn does(&mut self, doing: &Doing) {
        match *doing {
            Doing::Append(name, len) => {
                let file = self.file(name);
                let before = self.seen(file);
                for kept in 0..=len {
                    let part = [before.clone(), vec![b'x'; kept]].concat();
                    // The last sector's length without its bytes.
                    let torn = part.len().next_multiple_of(512).min(before.len() + len);
                    let mut zeros = part.clone();
                    zeros.resize(torn, 0);
                    self.contents[file].extend([zeros, part]);
                }
            }
            Doing::Truncate(name, len) => {
                if let Some(file) = self.now().get(&name).copied() {
                    let mut next = self.seen(file);
                    next.resize(len as usize, 0);
                    self.contents[file].push(next);
                }
            }
            Doing::Replace(name, len) => {
                self.make(name, vec![b'y'; len]);
            }
            Doing::Rename(from, to) => {
                if let Some(file) = self.now().get(&from).copied() {
                    self.rename(|names| {
                        names.remove(&from);
                        names.insert(to, file);
                    });
                }
            }
            Doing::Remove(name) => {
                if self.now().contains_key(&name) {
                    self.rename(|names| {
                        names.remove(&name);
                    });
                }
            }
            Doing::Sync(name) => {
                if let Some(file) = self.now().get(&name).copied() {
                    self.contents[file] = vec![self.seen(file)];
                }
            }
            Doing::SyncDir => self.directories = vec![self.now().clone()],
        }
    }

    fn allows(&self, found: &BTreeMap<usize, Vec<u8>>) -> bool {
        self.directories.iter().any(|names| {
            names.len() == found.len() && names.iter().all(|(name, file)| found.get(name).is_some_and(|content| self.contents[*file].contains(content)))
        })
    }
}

fn order(doing: &Doing) -> String {
    match *doing {
        Doing::Append(name, len) => format!("grow {} {len}", FILES[name]),
        Doing::Truncate(name, len) => format!("truncate {} {len}", FILES[name]),
        Doing::Replace(name, len) => format!("replace {} {}", FILES[name], "y".repeat(len)),
        Doing::Rename(from, to) => format!("rename {} {}", FILES[from], FILES[to]),
        Doing::Remove(name) => format!("remove {}", FILES[name]),
        Doing::Sync(name) => format!("sync {}", FILES[name]),
        Doing::SyncDir => "syncdir".into(),
    }
}

/// The files of machine 0 after these doings and a crash.
fn after(seed: u64, doings: &[Doing], power: bool) -> BTreeMap<usize, Vec<u8>> {
    let mut world = World::new(seed, &plain());
    world.add(Puppet::default(), 0);
    let end_ms = 20 * (doings.len() as u64 + 1);
    load(&mut world, &[at(end_ms, What::Crash { machine: machine(0), power, restart_ms: Some(10) })]);
    for (i, doing) in doings.iter().enumerate() {
        tell(&mut world, &[(20 * (i as u64 + 1) - 10, 0, &order(doing))]);
    }
    world.run_until((end_ms + 20) * MILLISECOND);
    assert_eq!(world.ending(), None);
    FILES.iter().enumerate().filter_map(|(i, name)| world.file(MachineId(0), name).map(|content| (i, content))).collect()
}

proptest! {
    #[test]
    fn a_power_failure_leaves_a_legal_state(seed: u64, doings in prop::collection::vec(doing(), 0..16)) {
        let mut legal = Legal { contents: vec![], directories: vec![BTreeMap::new()] };
        doings.iter().for_each(|doing| legal.does(doing));
        let found = after(seed, &doings, true);
        prop_assert!(legal.allows(&found), "{doings:?} left lengths {:?}", found.iter().map(|(name, content)| (FILES[*name], content.len())).collect::<Vec<_>>());
    }

    #[test]
    fn a_process_crash_leaves_all_that_was_written(doings in prop::collection::vec(doing(), 0..16)) {
        let mut legal = Legal { contents: vec![], directories: vec![BTreeMap::new()] };
        doings.iter().for_each(|doing| legal.does(doing));
        let seen: BTreeMap<usize, Vec<u8>> = legal.now().iter().map(|(name, file)| (*name, legal.seen(*file))).collect();
        prop_assert_eq!(after(1, &doings, false), seen);
    }

    #[test]
    fn what_was_synced_and_named_before_is_there(seed: u64, doings in prop::collection::vec(doing(), 0..8), synced in 1..2_000usize) {
        // A log that is only appended to, after all else: its synced prefix survives whatever is torn behind it.
        let mut world = World::new(seed, &plain());
        world.add(Puppet::default(), 0);
        let script: Vec<String> = doings.iter().map(order).collect();
        load(&mut world, &[at(200, What::Crash { machine: machine(0), power: true, restart_ms: Some(10) })]);
        tell(&mut world, &[(1, 0, &script.join("; ")), (90, 0, &format!("grow log {synced}; sync log; syncdir")), (150, 0, "grow log 700")]);
        world.run_until(300 * MILLISECOND);
        let log = world.file(MachineId(0), "log").expect("its name was durable");
        prop_assert!(log.len() >= synced && log[..synced].iter().all(|byte| *byte == b'x'));
    }
}
