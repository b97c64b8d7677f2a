//! The reference of watches: who is told of which change, with ZooKeeper's two tables and the modes of each version (WatchManager, DataTree). Never what a watch leads to, nor the tree.
//!
//! 3.8 keeps one mode for a session, a path and a table: whatever was asked for last. From 3.9 on modes stand side by side (ZOOKEEPER-4466), and a recursive watch is in the table of data alone.

use std::collections::BTreeMap;

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{AddWatchMode, ErrorCode, EventKind, Id, Op, Path, Perms, Reply, Stat, WatchEvent, WatcherType};
use zookeeper_words::settings::Compat;

use super::{Fired, acl, path};

/// One of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Left by getData and exists: creations, deletions, changes of data.
    Data,
    /// Left by getChildren: deletions, changes of children.
    Child,
}

/// How long a watch lasts, and how far it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Fires once.
    OneShot,
    /// Stays.
    Persistent,
    /// Stays, and is for all nodes below too.
    Recursive,
}

impl From<AddWatchMode> for Mode {
    fn from(mode: AddWatchMode) -> Mode {
        match mode {
            AddWatchMode::Persistent => Mode::Persistent,
            AddWatchMode::PersistentRecursive => Mode::Recursive,
        }
    }
}

/// Somebody whose watch fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearer {
    /// Who.
    pub session: SessionId,
    /// Whether a lasting watch fired.
    pub lasting: bool,
}

/// The watches of a session on one path in one table, by mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Modes([bool; 3]);

impl Modes {
    fn has(self, mode: Mode) -> bool {
        self.0[mode as usize]
    }

    fn put(&mut self, mode: Mode, is: bool) {
        self.0[mode as usize] = is;
    }

    fn is_empty(self) -> bool {
        self == Modes::default()
    }
}

/// Watches by path and session.
type Left = BTreeMap<Path, BTreeMap<SessionId, Modes>>;

/// All watches of one server.
#[derive(Clone, Debug)]
pub struct Watches {
    compat: Compat,
    data: Left,
    child: Left,
}

impl Watches {
    /// No watches.
    pub fn new(compat: Compat) -> Watches {
        Watches { compat, data: Left::new(), child: Left::new() }
    }

    /// Leaves a watch.
    pub fn leave(&mut self, session: SessionId, path: &Path, table: Table, mode: Mode) {
        let compat = self.compat;
        let modes = self.table_mut(table).entry(Path::clone(path)).or_default().entry(session).or_default();
        match compat {
            Compat::V3_8 => *modes = Modes::default(),
            Compat::V3_9 => {}
        }
        modes.put(mode, true);
    }

    /// Leaves what addWatch leaves.
    pub fn add(&mut self, session: SessionId, path: &Path, mode: Mode) {
        self.leave(session, path, Table::Data, mode);
        match (self.compat, mode) {
            (Compat::V3_9, Mode::Recursive) => {}
            (Compat::V3_8 | Compat::V3_9, _) => self.leave(session, path, Table::Child, mode),
        }
    }

    /// Leaves the watch that a read asked for, if what it was answered lets it: a missing node gets one from exists alone. A multiRead leaves none.
    pub fn after(&mut self, session: SessionId, op: &Op, result: &Result<Reply, ErrorCode>) {
        match (op, result) {
            (Op::Exists { path, watch: true }, Ok(_) | Err(ErrorCode::NoNode)) | (Op::GetData { path, watch: true }, Ok(_)) => {
                self.leave(session, path, Table::Data, Mode::OneShot);
            }
            (Op::GetChildren { path, watch: true, .. }, Ok(_)) => self.leave(session, path, Table::Child, Mode::OneShot),
            (Op::AddWatch { path, mode }, Ok(_)) => self.add(session, path, Mode::from(*mode)),
            _ => {}
        }
    }

    /// setWatches: what a client missed while it was away, in a real server's order, and its watches again (DataTree.setWatches). Nobody asks here whether it may read the node.
    pub fn again(&mut self, session: SessionId, op: &Op, stat: impl Fn(&str) -> Option<Stat>) -> Vec<WatchEvent> {
        let Op::SetWatches { relative, data, exist, child, persistent, recursive } = op else { return vec![] };
        let mut missed = vec![];
        let mut settle = |path: &Path, table, event: Option<EventKind>| match event {
            Some(kind) => missed.push(WatchEvent { kind, path: Path::clone(path) }),
            None => self.leave(session, path, table, Mode::OneShot),
        };
        let since = |last: Zxid, kind| (last > *relative).then_some(kind);
        for path in data {
            let event = stat(path).map_or(Some(EventKind::NodeDeleted), |stat| since(stat.mzxid, EventKind::NodeDataChanged));
            settle(path, Table::Data, event);
        }
        for path in exist {
            settle(path, Table::Data, stat(path).map(|_| EventKind::NodeCreated));
        }
        for path in child {
            let event = stat(path).map_or(Some(EventKind::NodeDeleted), |stat| since(stat.pzxid, EventKind::NodeChildrenChanged));
            settle(path, Table::Child, event);
        }
        persistent.iter().for_each(|path| self.add(session, path, Mode::Persistent));
        recursive.iter().for_each(|path| self.add(session, path, Mode::Recursive));
        missed
    }

    /// removeWatches, or checkWatches when it only asks.
    pub fn remove(&mut self, session: SessionId, path: &str, kind: WatcherType, only_ask: bool) -> Result<Reply, ErrorCode> {
        let (tables, mode): (&[Table], Option<Mode>) = match (self.compat, kind) {
            (Compat::V3_8, WatcherType::Children) => (&[Table::Child], None),
            (Compat::V3_8, WatcherType::Data) => (&[Table::Data], None),
            (Compat::V3_8, WatcherType::Persistent | WatcherType::PersistentRecursive) => return Err(ErrorCode::MarshallingError),
            (Compat::V3_8 | Compat::V3_9, WatcherType::Any) => (&[Table::Child, Table::Data], None),
            (Compat::V3_9, WatcherType::Children) => (&[Table::Child], Some(Mode::OneShot)),
            (Compat::V3_9, WatcherType::Data) => (&[Table::Data], Some(Mode::OneShot)),
            (Compat::V3_9, WatcherType::Persistent) => (&[Table::Child, Table::Data], Some(Mode::Persistent)),
            (Compat::V3_9, WatcherType::PersistentRecursive) => (&[Table::Data], Some(Mode::Recursive)),
        };
        let found = match (only_ask, self.compat) {
            // 3.8 finds anybody's watch there (WatchManager.containsWatcher); there is none on the empty path.
            (true, Compat::V3_8) => !path.is_empty() && tables.iter().any(|table| self.table(*table).contains_key(path)),
            (true, Compat::V3_9) => tables.iter().any(|table| self.has(session, path, *table, mode)),
            (false, Compat::V3_8 | Compat::V3_9) => tables.iter().filter(|table| self.take(session, path, **table, mode)).count() > 0,
        };
        if found { Ok(Reply::Done) } else { Err(ErrorCode::NoWatcher) }
    }

    /// A connection is gone, and its watches with it.
    pub fn forget(&mut self, session: SessionId) {
        for table in [&mut self.data, &mut self.child] {
            table.retain(|_, sessions| {
                sessions.remove(&session);
                !sessions.is_empty()
            });
        }
    }

    /// Whether a session has a watch there: of this mode, or of any.
    pub fn has(&self, session: SessionId, path: &str, table: Table, mode: Option<Mode>) -> bool {
        let modes = self.table(table).get(path).and_then(|sessions| sessions.get(&session));
        modes.is_some_and(|modes| mode.is_none_or(|mode| modes.has(mode)))
    }

    /// A change: whose watches fire. Those that fire once are gone then, whether their session may be told or not.
    pub fn fire(&mut self, change: &Fired) -> Vec<Hearer> {
        match change.kind {
            EventKind::NodeCreated | EventKind::NodeDataChanged => self.fire_in(Table::Data, change),
            EventKind::NodeChildrenChanged => self.fire_in(Table::Child, change),
            EventKind::NodeDeleted => {
                let mut hearers = self.fire_in(Table::Data, change);
                for hearer in self.fire_in(Table::Child, change) {
                    match hearers.iter_mut().find(|other| other.session == hearer.session) {
                        Some(told) => told.lasting |= hearer.lasting, // Told once for both tables.
                        None => hearers.push(hearer),
                    }
                }
                hearers
            }
        }
    }

    fn fire_in(&mut self, table: Table, change: &Fired) -> Vec<Hearer> {
        let mut hearers: Vec<Hearer> = vec![];
        let mut hear = |session, lasting| match hearers.iter_mut().find(|hearer| hearer.session == session) {
            Some(hearer) => hearer.lasting |= lasting,
            None => hearers.push(Hearer { session, lasting }),
        };
        let reaches = change.kind != EventKind::NodeChildrenChanged;
        let left = self.table_mut(table);
        if let Some(sessions) = left.get_mut(&change.path) {
            sessions.retain(|session, modes| {
                let lasting = modes.has(Mode::Persistent) || modes.has(Mode::Recursive) && reaches;
                if lasting || modes.has(Mode::OneShot) {
                    hear(*session, lasting);
                }
                modes.put(Mode::OneShot, false);
                !modes.is_empty()
            });
            if sessions.is_empty() {
                left.remove(&change.path);
            }
        }
        for above in path::ancestors(&change.path).filter(|_| reaches) {
            for (session, modes) in left.get(above).into_iter().flatten() {
                if modes.has(Mode::Recursive) {
                    hear(*session, true);
                }
            }
        }
        hearers
    }

    /// Takes a mode away, or all; whether there was one.
    fn take(&mut self, session: SessionId, path: &str, table: Table, mode: Option<Mode>) -> bool {
        let left = self.table_mut(table);
        let Some(sessions) = left.get_mut(path) else { return false };
        let Some(modes) = sessions.get_mut(&session) else { return false };
        let before = *modes;
        match mode {
            Some(mode) => modes.put(mode, false),
            None => *modes = Modes::default(),
        }
        let now = *modes;
        if now.is_empty() {
            sessions.remove(&session);
        }
        if sessions.is_empty() {
            left.remove(path);
        }
        now != before
    }

    fn table(&self, table: Table) -> &Left {
        match table {
            Table::Data => &self.data,
            Table::Child => &self.child,
        }
    }

    fn table_mut(&mut self, table: Table) -> &mut Left {
        match table {
            Table::Data => &mut self.data,
            Table::Child => &mut self.child,
        }
    }
}

/// Whether somebody with these identities may be told of a change.
pub fn may_hear(change: &Fired, ids: &[Id]) -> bool {
    acl::allows(&change.acl, Perms::READ, ids)
}
