//! All changes of the committed chain that watches see, in their order, and where to find those of a node: what was there in a state, since when, and what happened next. Data; the rules judge.

use std::collections::{BTreeMap, BTreeSet};

use zookeeper_words::service::{Acls, EventKind, Op, Path};

use super::clients::Clients;
use crate::znode::{self, Fired, Reference, path};

/// A state of the service: how many transactions led to it.
pub type Position = u32;

/// A change's place among all.
pub type ChangeIndex = u32;

/// A change, and the state that it led to.
#[derive(Clone, Debug)]
pub struct Change {
    /// The state.
    pub position: Position,
    /// What watches see of it.
    pub fired: Fired,
}

/// What happened to a node, for those who watch it.
#[derive(Clone, Debug, Default)]
struct Timeline {
    /// Creations, deletions and changes of data.
    data: Vec<ChangeIndex>,
    /// Deletions and changes of children.
    child: Vec<ChangeIndex>,
}

/// All changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// In the order of the chain.
    pub all: Vec<Change>,
    timelines: BTreeMap<Path, Timeline>,
    /// What data watches see at and below the nodes that somebody watches with all below them.
    subtrees: BTreeMap<Path, Vec<ChangeIndex>>,
    /// The lists of nodes that were ever closed to somebody, from these positions on.
    lists: BTreeMap<Path, Vec<(Position, Acls)>>,
}

impl Changes {
    /// No changes yet, and these clients to watch them.
    pub(crate) fn new(clients: &Clients<'_>) -> Changes {
        let mut watched: BTreeSet<&Path> = BTreeSet::new();
        for request in &clients.requests {
            match request.op {
                Op::AddWatch { path, .. } => {
                    watched.insert(path);
                }
                Op::SetWatches { recursive, .. } => watched.extend(recursive),
                _ => {}
            }
        }
        Changes { subtrees: watched.into_iter().map(|path| (Path::clone(path), vec![])).collect(), ..Changes::default() }
    }

    /// What the transaction that led to this position changed.
    pub(crate) fn note(&mut self, position: Position, reference: &Reference) {
        for fired in reference.fired() {
            let at = self.all.len() as ChangeIndex;
            self.all.push(Change { position, fired: fired.clone() });
            let timeline = self.timelines.entry(Path::clone(&fired.path)).or_default();
            match fired.kind {
                EventKind::NodeCreated | EventKind::NodeDataChanged => timeline.data.push(at),
                EventKind::NodeChildrenChanged => timeline.child.push(at),
                EventKind::NodeDeleted => {
                    timeline.data.push(at);
                    timeline.child.push(at);
                }
            }
            if fired.kind != EventKind::NodeChildrenChanged && !self.subtrees.is_empty() {
                for above in std::iter::once(&*fired.path).chain(path::ancestors(&fired.path)) {
                    if let Some(subtree) = self.subtrees.get_mut(above) {
                        subtree.push(at);
                    }
                }
            }
            if fired.kind == EventKind::NodeCreated {
                self.note_list(position, &fired.path, &fired.acl);
            }
        }
    }

    /// The node has this list from here on.
    pub(crate) fn note_list(&mut self, position: Position, path: &Path, list: &Acls) {
        if *list != zookeeper_words::service::acl::open() || self.lists.contains_key(path) {
            self.lists.entry(Path::clone(path)).or_default().push((position, Acls::clone(list)));
        }
    }

    /// Whether a node was closed to anybody in any state.
    pub fn is_ever_closed(&self, path: &str) -> bool {
        let path = path::key(path);
        self.lists.contains_key(path) || znode::initial_acl(path) != zookeeper_words::service::acl::open()
    }

    /// Whom a node allows what in this state, if that is not everything to everybody.
    pub fn closed(&self, path: &str, at: Position) -> Option<Acls> {
        let path = path::key(path);
        let noted = self.lists.get(path).and_then(|lists| lists[..lists.partition_point(|(position, _)| *position <= at)].last());
        let list = noted.map_or_else(|| znode::initial_acl(path), |(_, list)| Acls::clone(list));
        (list != zookeeper_words::service::acl::open()).then_some(list)
    }

    /// Creations, deletions and changes of data of a node.
    pub fn data(&self, path: &str) -> impl DoubleEndedIterator<Item = (Position, EventKind)> {
        let timeline = self.timelines.get(path).map_or(&[][..], |timeline| &timeline.data);
        timeline.iter().map(|at| &self.all[*at as usize]).map(|change| (change.position, change.fired.kind))
    }

    /// A node and all that were ever below it.
    pub fn at_and_below(&self, root: &str) -> impl Iterator<Item = &Path> {
        let is_below = move |path: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let paths = self.timelines.range(Path::from(root)..).map(|(path, _)| path);
        paths.take_while(move |path| path.starts_with(root)).filter(move |path| is_below(path))
    }

    /// The same, after one state and before another.
    pub fn data_between(&self, path: &str, after: Position, before: Position) -> Vec<(Position, EventKind)> {
        let timeline = self.timelines.get(path).map_or(&[][..], |timeline| &timeline.data);
        let from = timeline.partition_point(|at| self.all[*at as usize].position <= after);
        let until = timeline.partition_point(|at| self.all[*at as usize].position < before).max(from);
        timeline[from..until].iter().map(|at| &self.all[*at as usize]).map(|change| (change.position, change.fired.kind)).collect()
    }

    /// The last creation, deletion or change of data up to this state.
    pub fn last_data(&self, path: &str, at: Position) -> Option<(Position, EventKind)> {
        self.last(path, at, false, |_| true)
    }

    /// Whether the node is there in this state.
    pub fn exists(&self, path: &str, at: Position) -> bool {
        match self.last_data(path, at) {
            Some((_, kind)) => kind != EventKind::NodeDeleted,
            None => znode::is_initial(path),
        }
    }

    /// When the node's data were last set, by its creation at the latest.
    pub fn last_set(&self, path: &str, at: Position) -> Position {
        self.last(path, at, false, |kind| kind != EventKind::NodeDeleted).map_or(0, |(position, _)| position)
    }

    /// When a node was created that is there in this state.
    pub fn created(&self, path: &str, at: Position) -> Position {
        self.last(path, at, false, |kind| kind == EventKind::NodeCreated).map_or(0, |(position, _)| position)
    }

    /// When a child was last created or deleted.
    pub fn last_child_change(&self, path: &str, at: Position) -> Position {
        self.last(path, at, true, |kind| kind == EventKind::NodeChildrenChanged).map_or(0, |(position, _)| position)
    }

    fn last(&self, path: &str, at: Position, child: bool, which: impl Fn(EventKind) -> bool) -> Option<(Position, EventKind)> {
        let timeline = self.timelines.get(path)?;
        let changes = if child { &timeline.child } else { &timeline.data };
        let until = changes.partition_point(|change| self.all[*change as usize].position <= at);
        changes[..until]
            .iter()
            .rev()
            .map(|change| &self.all[*change as usize])
            .map(|change| (change.position, change.fired.kind))
            .find(|(_, kind)| which(*kind))
    }

    /// The first change after this state.
    pub fn after(&self, at: Position) -> ChangeIndex {
        self.all.partition_point(|change| change.position <= at) as ChangeIndex
    }

    /// The first change from `from` on that a data watch sees, or a child watch.
    pub fn next(&self, path: &str, child: bool, from: ChangeIndex) -> Option<ChangeIndex> {
        let timeline = self.timelines.get(path)?;
        next_in(if child { &timeline.child } else { &timeline.data }, from)
    }

    /// The first change from `from` on at or below a node.
    pub fn next_below(&self, path: &str, from: ChangeIndex) -> Option<ChangeIndex> {
        next_in(self.subtrees.get(path)?, from)
    }
}

fn next_in(changes: &[ChangeIndex], from: ChangeIndex) -> Option<ChangeIndex> {
    changes.get(changes.partition_point(|change| *change < from)).copied()
}
