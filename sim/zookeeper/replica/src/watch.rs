//! Watches of the connections to one replica (ZooKeeper's two WatchManagers): who waits for what, and whom a change
//! reaches. Never kept beyond a connection; never who may be told.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::ConnId;
use zookeeper_words::service::{AddWatchMode, ErrorCode, EventKind, Path, WatcherType};
use zookeeper_words::settings::Compat;

use crate::tree::{Change, path};

/// The two tables that a watch may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Left by exists and getData.
    Data,
    /// Left by getChildren.
    Child,
}

/// How long watches last and how far they reach: a set, since from 3.9 on a connection may have several at one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Modes(u8);

impl Modes {
    const STANDARD: Modes = Modes(1);
    const PERSISTENT: Modes = Modes(2);
    const RECURSIVE: Modes = Modes(4);
    const ALL: Modes = Modes(7);

    fn has(self, mode: Modes) -> bool {
        self.0 & mode.0 != 0
    }

    fn without(self, mode: Modes) -> Modes {
        Modes(self.0 & !mode.0)
    }
}

/// One table (WatchManager).
#[derive(Clone, Debug)]
struct Table {
    /// What is used up when it fires.
    spent: Modes,
    by_path: BTreeMap<Path, BTreeMap<ConnId, Modes>>,
    by_conn: BTreeMap<ConnId, BTreeSet<Path>>,
    /// How many watches reach below their path; with none, no change need look above its own.
    recursive: usize,
}

impl Table {
    /// Leaves a watch. In 3.8 a connection has one mode a path, and the later overwrites the earlier (ZOOKEEPER-4466).
    fn add(&mut self, path: &Path, conn: ConnId, mode: Modes, compat: Compat) {
        let modes = self.by_path.entry(path.clone()).or_default().entry(conn).or_default();
        let before = *modes;
        *modes = match compat {
            Compat::V3_8 => mode,
            Compat::V3_9 => Modes(before.0 | mode.0),
        };
        let after = *modes;
        if before == Modes::default() {
            self.by_conn.entry(conn).or_default().insert(path.clone());
        }
        self.count(before, after);
    }

    /// Takes modes away from a connection's watch; whether there was any of them.
    fn remove(&mut self, path: &str, conn: ConnId, mode: Modes) -> bool {
        let Some(modes) = self.by_path.get_mut(path).and_then(|conns| conns.get_mut(&conn)) else { return false };
        let before = *modes;
        *modes = before.without(mode);
        let after = *modes;
        self.count(before, after);
        if after == Modes::default() {
            self.unlist(path, conn);
        }
        before != after
    }

    /// Forgets a connection at a path, from both sides.
    fn unlist(&mut self, path: &str, conn: ConnId) {
        if let Some(conns) = self.by_path.get_mut(path) {
            conns.remove(&conn);
            if conns.is_empty() {
                self.by_path.remove(path);
            }
        }
        if let Some(paths) = self.by_conn.get_mut(&conn) {
            paths.remove(path);
            if paths.is_empty() {
                self.by_conn.remove(&conn);
            }
        }
    }

    fn count(&mut self, before: Modes, after: Modes) {
        self.recursive = self.recursive + usize::from(after.has(Modes::RECURSIVE)) - usize::from(before.has(Modes::RECURSIVE));
    }

    fn has(&self, path: &str, conn: ConnId, mode: Modes) -> bool {
        self.by_path.get(path).and_then(|conns| conns.get(&conn)).is_some_and(|modes| modes.has(mode))
    }

    /// Whom a change at `path` reaches. One-shot watches are gone after it; recursive ones hear of no change of
    /// children.
    fn trigger(&mut self, path: &str, kind: EventKind, reached: &mut BTreeSet<ConnId>) {
        let descends = kind != EventKind::NodeChildrenChanged;
        let heard = |modes: &Modes| descends || *modes != Modes::RECURSIVE;
        let mut spent = Vec::new();
        for (conn, modes) in self.by_path.get(path).into_iter().flatten().filter(|(_, modes)| heard(modes)) {
            reached.insert(*conn);
            if modes.has(self.spent) {
                spent.push(*conn);
            }
        }
        for conn in spent {
            self.remove(path, conn, self.spent);
        }
        if self.recursive > 0 && descends {
            let mut above = path::parent(path);
            while let Some(path) = above {
                let all_below = self.by_path.get(path).into_iter().flatten().filter(|(_, modes)| modes.has(Modes::RECURSIVE));
                reached.extend(all_below.map(|(conn, _)| *conn));
                above = path::parent(path);
            }
        }
    }

    fn drop_conn(&mut self, conn: ConnId) {
        for path in self.by_conn.get(&conn).cloned().into_iter().flatten() {
            self.remove(&path, conn, Modes::ALL);
        }
    }
}

/// The tables.
#[derive(Clone, Debug)]
pub struct Watches {
    compat: Compat,
    data: Table,
    child: Table,
}

impl Watches {
    /// No watches. With `lasting_spent`, which only a plant wants, lasting ones are used up as others are.
    pub fn new(compat: Compat, lasting_spent: bool) -> Watches {
        let spent = if lasting_spent { Modes::ALL } else { Modes::STANDARD };
        let table = || Table { spent, by_path: BTreeMap::new(), by_conn: BTreeMap::new(), recursive: 0 };
        Watches { compat, data: table(), child: table() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.by_path.is_empty() && self.child.by_path.is_empty()
    }

    /// Leaves a one-shot watch; a second one of the same kind at the same place is the same watch.
    pub fn add(&mut self, kind: WatchKind, path: &Path, conn: ConnId) {
        match kind {
            WatchKind::Data => self.data.add(path, conn, Modes::STANDARD, self.compat),
            WatchKind::Child => self.child.add(path, conn, Modes::STANDARD, self.compat),
        }
    }

    /// Leaves a lasting watch.
    pub fn add_lasting(&mut self, mode: AddWatchMode, path: &Path, conn: ConnId) {
        let mode = match mode {
            AddWatchMode::Persistent => Modes::PERSISTENT,
            AddWatchMode::PersistentRecursive => Modes::RECURSIVE,
        };
        self.data.add(path, conn, mode, self.compat);
        if mode == Modes::PERSISTENT || self.compat == Compat::V3_8 {
            self.child.add(path, conn, mode, self.compat);
        }
    }

    /// Removes a connection's watches of some kind, or only says whether there are any.
    pub fn remove(&mut self, path: &str, kind: WatcherType, only_ask: bool, conn: ConnId) -> Result<(), ErrorCode> {
        let (data, child) = match (kind, self.compat) {
            (WatcherType::Any, _) => (Modes::ALL, Modes::ALL),
            // In 3.8 a kind is a table, whatever the mode of what is in it, and there are no more than two.
            (WatcherType::Children, Compat::V3_8) => (Modes::default(), Modes::ALL),
            (WatcherType::Data, Compat::V3_8) => (Modes::ALL, Modes::default()),
            (WatcherType::Persistent | WatcherType::PersistentRecursive, Compat::V3_8) => return Err(ErrorCode::MarshallingError),
            (WatcherType::Children, Compat::V3_9) => (Modes::default(), Modes::STANDARD),
            (WatcherType::Data, Compat::V3_9) => (Modes::STANDARD, Modes::default()),
            (WatcherType::Persistent, Compat::V3_9) => (Modes::PERSISTENT, Modes::PERSISTENT),
            (WatcherType::PersistentRecursive, Compat::V3_9) => (Modes::RECURSIVE, Modes::default()),
        };
        let found = match (only_ask, self.compat) {
            (false, _) => self.data.remove(path, conn, data) | self.child.remove(path, conn, child),
            // 3.8 is content with anybody's watch.
            (true, Compat::V3_8) => {
                [(&self.data, data), (&self.child, child)].iter().any(|(table, modes)| *modes == Modes::ALL && table.by_path.contains_key(path))
            }
            (true, Compat::V3_9) => self.data.has(path, conn, data) || self.child.has(path, conn, child),
        };
        if found { Ok(()) } else { Err(ErrorCode::NoWatcher) }
    }

    /// Whom a change reaches, once each. A deletion takes both kinds and is told once.
    pub fn trigger(&mut self, change: &Change) -> BTreeSet<ConnId> {
        let mut reached = BTreeSet::new();
        match change.kind {
            EventKind::NodeCreated | EventKind::NodeDataChanged => self.data.trigger(&change.path, change.kind, &mut reached),
            EventKind::NodeChildrenChanged => self.child.trigger(&change.path, change.kind, &mut reached),
            EventKind::NodeDeleted => {
                self.data.trigger(&change.path, change.kind, &mut reached);
                self.child.trigger(&change.path, change.kind, &mut reached);
            }
        }
        reached
    }

    /// The connection is gone, and its watches with it.
    pub fn drop_conn(&mut self, conn: ConnId) {
        self.data.drop_conn(conn);
        self.child.drop_conn(conn);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zookeeper_words::service::acl;

    use super::*;

    const ME: ConnId = ConnId(1);
    const OTHER: ConnId = ConnId(2);

    fn fires(watches: &mut Watches, kind: EventKind, path: &str) -> bool {
        watches.trigger(&Change { kind, path: path.into(), acl: acl::open() }).contains(&ME)
    }

    #[test]
    fn a_one_shot_watch_fires_once_for_what_it_is_about() {
        use EventKind::{NodeChildrenChanged, NodeCreated, NodeDataChanged, NodeDeleted};
        let check = |kind: WatchKind, event: EventKind, fired: bool| {
            let mut watches = Watches::new(Compat::V3_9, false);
            watches.add(kind, &"/a".into(), ME);
            assert!(!fires(&mut watches, event, "/a/b"), "{kind:?} {event:?} below");
            assert_eq!(fires(&mut watches, event, "/a"), fired, "{kind:?} {event:?}");
            assert!(!fires(&mut watches, event, "/a"), "{kind:?} {event:?} again");
        };
        check(WatchKind::Data, NodeCreated, true);
        check(WatchKind::Data, NodeDataChanged, true);
        check(WatchKind::Data, NodeDeleted, true);
        check(WatchKind::Data, NodeChildrenChanged, false);
        check(WatchKind::Child, NodeCreated, false);
        check(WatchKind::Child, NodeDataChanged, false);
        check(WatchKind::Child, NodeDeleted, true);
        check(WatchKind::Child, NodeChildrenChanged, true);
    }

    #[test]
    fn lasting_watches_stay_and_recursive_ones_reach_down() {
        use EventKind::{NodeChildrenChanged, NodeCreated};
        let check = |mode, compat, path, kind, fired: bool| {
            let mut watches = Watches::new(compat, false);
            watches.add_lasting(mode, &"/a".into(), ME);
            for time in ["first", "second"] {
                assert_eq!(fires(&mut watches, kind, path), fired, "{mode:?} {compat:?} {path} {kind:?} {time}");
            }
        };
        for compat in [Compat::V3_8, Compat::V3_9] {
            check(AddWatchMode::Persistent, compat, "/a", NodeCreated, true);
            check(AddWatchMode::Persistent, compat, "/a", NodeChildrenChanged, true);
            check(AddWatchMode::Persistent, compat, "/a/b", NodeCreated, false);
            check(AddWatchMode::PersistentRecursive, compat, "/a", NodeCreated, true);
            check(AddWatchMode::PersistentRecursive, compat, "/a", NodeChildrenChanged, false);
            check(AddWatchMode::PersistentRecursive, compat, "/a/b/c", NodeCreated, true);
            check(AddWatchMode::PersistentRecursive, compat, "/ab", NodeCreated, false);
        }
    }

    #[test]
    fn a_second_watch_overwrites_the_first_in_3_8_and_joins_it_in_3_9() {
        let check = |compat, lasts: bool| {
            let mut watches = Watches::new(compat, false);
            watches.add_lasting(AddWatchMode::PersistentRecursive, &"/a".into(), ME);
            watches.add(WatchKind::Data, &"/a".into(), ME);
            assert!(fires(&mut watches, EventKind::NodeDataChanged, "/a"));
            assert_eq!(fires(&mut watches, EventKind::NodeDataChanged, "/a/b"), lasts, "{compat:?}");
        };
        check(Compat::V3_8, false);
        check(Compat::V3_9, true);
        // In 3.8 what getChildren overwrites is in the other table: data still comes, and now changes of children too,
        // which no recursive watch has (ZOOKEEPER-4475).
        let mut watches = Watches::new(Compat::V3_8, false);
        watches.add_lasting(AddWatchMode::PersistentRecursive, &"/a".into(), ME);
        watches.add(WatchKind::Child, &"/a".into(), ME);
        assert!(fires(&mut watches, EventKind::NodeChildrenChanged, "/a"));
        assert!(fires(&mut watches, EventKind::NodeDataChanged, "/a/b"));
    }

    #[test]
    fn only_what_is_there_is_removed() {
        use WatcherType::{Any, Children, Data, Persistent, PersistentRecursive};
        let check = |compat, kind, only_ask, outcome: Result<(), ErrorCode>| {
            let mut watches = Watches::new(compat, false);
            watches.add(WatchKind::Data, &"/data".into(), ME);
            watches.add(WatchKind::Child, &"/data".into(), OTHER);
            assert_eq!(watches.remove("/data", kind, only_ask, ME), outcome, "{compat:?} {kind:?} {only_ask}");
            assert_eq!(fires(&mut watches, EventKind::NodeDataChanged, "/data"), only_ask || outcome.is_err(), "{compat:?} {kind:?} {only_ask}");
        };
        for compat in [Compat::V3_8, Compat::V3_9] {
            check(compat, Any, false, Ok(()));
            check(compat, Any, true, Ok(()));
            check(compat, Data, false, Ok(()));
            check(compat, Children, false, Err(ErrorCode::NoWatcher));
        }
        check(Compat::V3_8, Children, true, Ok(())); // Another connection's.
        check(Compat::V3_9, Children, true, Err(ErrorCode::NoWatcher));
        check(Compat::V3_8, Persistent, false, Err(ErrorCode::MarshallingError));
        check(Compat::V3_9, Persistent, false, Err(ErrorCode::NoWatcher));
        check(Compat::V3_9, PersistentRecursive, true, Err(ErrorCode::NoWatcher));
    }

    #[test]
    fn nothing_is_left_of_a_connection() {
        for compat in [Compat::V3_8, Compat::V3_9] {
            let mut watches = Watches::new(compat, false);
            watches.add(WatchKind::Data, &"/a".into(), ME);
            watches.add(WatchKind::Child, &"/a".into(), ME);
            watches.add_lasting(AddWatchMode::PersistentRecursive, &"/b".into(), ME);
            watches.drop_conn(ME);
            for table in [&watches.data, &watches.child] {
                assert!(table.by_path.is_empty() && table.by_conn.is_empty() && table.recursive == 0, "{table:?}");
            }
        }
    }

    /// What is done to a table, by numbers.
    fn act(watches: &mut Watches, (what, path, conn): (u8, usize, u64)) {
        let path: Path = ["/", "/a", "/a/b", "/a/b/c", "/z"][path].into();
        let conn = ConnId(conn);
        match what {
            0 => watches.add(WatchKind::Data, &path, conn),
            1 => watches.add(WatchKind::Child, &path, conn),
            2 => watches.add_lasting(AddWatchMode::Persistent, &path, conn),
            3 => watches.add_lasting(AddWatchMode::PersistentRecursive, &path, conn),
            4..8 => {
                let kind = [EventKind::NodeCreated, EventKind::NodeDeleted, EventKind::NodeDataChanged, EventKind::NodeChildrenChanged][usize::from(what) - 4];
                watches.trigger(&Change { kind, path, acl: acl::open() });
            }
            8 => watches.drop_conn(conn),
            _ => {
                let kind = [WatcherType::Any, WatcherType::Data, WatcherType::Children, WatcherType::PersistentRecursive][usize::from(what) % 4];
                let _ = watches.remove(&path, kind, false, conn);
            }
        }
    }

    proptest! {
        /// Both sides of a table say the same, and its count of recursive watches is right.
        #[test]
        fn both_sides_of_a_table_agree(compat in prop::sample::select(vec![Compat::V3_8, Compat::V3_9]), acts in prop::collection::vec((0u8..13, 0usize..5, 0u64..3), 0..60)) {
            let mut watches = Watches::new(compat, false);
            acts.into_iter().for_each(|action| act(&mut watches, action));
            for table in [&watches.data, &watches.child] {
                let by_path: BTreeSet<(ConnId, Path)> = table.by_path.iter().flat_map(|(path, conns)| conns.keys().map(|conn| (*conn, path.clone()))).collect();
                let by_conn: BTreeSet<(ConnId, Path)> = table.by_conn.iter().flat_map(|(conn, paths)| paths.iter().map(|path| (*conn, path.clone()))).collect();
                prop_assert_eq!(by_path, by_conn);
                let modes: Vec<Modes> = table.by_path.values().flat_map(|conns| conns.values().copied()).collect();
                prop_assert!(modes.iter().all(|modes| *modes != Modes::default()));
                prop_assert_eq!(table.recursive, modes.iter().filter(|modes| modes.has(Modes::RECURSIVE)).count());
                prop_assert!(table.by_path.values().all(|conns| !conns.is_empty()) && table.by_conn.values().all(|paths| !paths.is_empty()));
            }
        }
    }
}
