//! A copy of a node, or of all below it, kept by one lasting watch (CuratorCache over PersistentWatcher). Never claimed
//! to be the latest: it is what the connected replica had shown when it was last heard.
//!
//! What a lasting watch missed while there was no connection is lost, so everything is read anew after each one.

use std::collections::{BTreeMap, BTreeSet};

use zookeeper_words::fact::ConnectionState;
use zookeeper_words::service::{AddWatchMode, Data, ErrorCode, EventKind, Op, Path, Reply, Stat};

use super::path::join;
use super::{CallError, CallId, Notice, RecipeContext};

/// How much of the tree is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The node alone (SINGLE_NODE_CACHE).
    Node,
    /// The node and all below it.
    Tree,
}

/// What the application learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A node is there that was not in the copy.
    Created(Path),
    /// Its data version is another.
    Changed(Path),
    /// It is gone.
    Deleted(Path),
    /// Everything that was there at the start, or after a reconnection, has been read.
    Initialized,
}

/// A node of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The content.
    pub data: Data,
    /// The stat that came with it.
    pub stat: Stat,
}

/// Why a call was made.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// The lasting watch.
    Watch,
    /// The content of a node.
    Read(Path),
    /// Its children.
    List(Path),
}

/// The copy.
#[derive(Clone, Debug)]
pub struct Cache {
    root: Path,
    scope: Scope,
    entries: BTreeMap<Path, Entry>,
    purposes: BTreeMap<CallId, Purpose>,
    /// What is to be read as soon as calls are free, each once.
    wanted: BTreeSet<Path>,
    is_started: bool,
    /// Reads are under way that [`Outcome::Initialized`] waits for.
    is_reading: bool,
}

/// Reads that a cache has under way at once, so that a large tree does not take all calls of its Curator.
pub const READS_MAX: usize = 64;

impl Cache {
    /// A copy of the node at `root`, or of the tree below it.
    pub fn new(root: Path, scope: Scope) -> Cache {
        let (entries, purposes, wanted) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Cache { root, scope, entries, purposes, wanted, is_started: false, is_reading: false }
    }

    /// Begins, as soon as there is a connection.
    pub fn start(&mut self, context: &mut RecipeContext) {
        self.is_started = true;
        if context.is_connected() {
            self.watch(context);
        }
    }

    /// Nothing is heard any more, and nothing is kept.
    pub fn close(&mut self, context: &mut RecipeContext) {
        if std::mem::take(&mut self.is_started) && context.is_connected() {
            context.call(Op::RemoveWatches { path: self.root.clone(), kind: zookeeper_words::service::WatcherType::Any, only_ask: true });
        }
        self.entries.clear();
        self.wanted.clear();
    }

    /// The copy of a node.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// All of the copy, by path.
    pub fn entries(&self) -> &BTreeMap<Path, Entry> {
        &self.entries
    }

    /// How much of the tree is kept.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The node that is watched.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether nothing is under way that would change the copy. Without a connection this says nothing: what changed
    /// since will be read after the next one.
    pub fn is_settled(&self) -> bool {
        self.purposes.is_empty() && self.wanted.is_empty()
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        match notice {
            Notice::Connection(ConnectionState::Connected | ConnectionState::Reconnected) if self.is_started => self.watch(context),
            Notice::Done { call, answer } => {
                if let Some(purpose) = self.purposes.remove(call)
                    && self.is_started
                {
                    self.on_answer(purpose, &answer.result, context, &mut outcomes);
                }
            }
            Notice::Watched(event) if self.is_started && self.covers(&event.path) => match event.kind {
                EventKind::NodeCreated | EventKind::NodeDataChanged => drop(self.wanted.insert(event.path.clone())),
                EventKind::NodeDeleted => self.remove(&event.path, &mut outcomes),
                // A recursive watch says nothing of children, and a single node's are not kept.
                EventKind::NodeChildrenChanged => {}
            },
            Notice::Connection(_) | Notice::Watched(_) | Notice::Closed => {}
        }
        self.go_on(context, &mut outcomes);
        outcomes
    }

    fn on_answer(&mut self, purpose: Purpose, result: &Result<Reply, CallError>, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        match (purpose, result) {
            // All is read from the root; what was kept is read too, as its parent's children may look the same and its
            // own not.
            (Purpose::Watch, Ok(_)) => {
                self.is_reading = true;
                self.wanted.extend(self.entries.keys().cloned());
                self.wanted.insert(self.root.clone());
            }
            // Without the watch there is no copy: once more, while there is a connection; else with the next one.
            (Purpose::Watch, Err(error)) if error.is_retryable() && context.is_connected() => self.watch(context),
            (Purpose::Read(path), Ok(Reply::Data { data, stat })) => self.put(path, Entry { data: data.clone(), stat: *stat }, context, outcomes),
            (Purpose::List(path), Ok(Reply::Children { names, .. })) => self.wanted.extend(names.iter().map(|name| join(&path, name))),
            (Purpose::Read(path) | Purpose::List(path), Err(CallError::Refused(ErrorCode::NoNode))) => self.remove(&path, outcomes),
            // Curator hands it to an exception handler. It is read after the next reconnection.
            (Purpose::Watch | Purpose::Read(_) | Purpose::List(_), _) => {}
        }
    }

    fn put(&mut self, path: Path, entry: Entry, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        let stat = entry.stat;
        let old = self.entries.insert(path.clone(), entry).map(|old| old.stat);
        match old {
            None => outcomes.push(Outcome::Created(path.clone())),
            Some(old) if old.version != stat.version || old.czxid != stat.czxid => outcomes.push(Outcome::Changed(path.clone())),
            Some(_) => {}
        }
        if self.scope == Scope::Tree && old.is_none_or(|old| old.cversion != stat.cversion || old.czxid != stat.czxid) {
            let call = context.call(Op::GetChildren { path: path.clone(), watch: false, stat: true });
            self.purposes.insert(call, Purpose::List(path));
        }
    }

    fn remove(&mut self, path: &Path, outcomes: &mut Vec<Outcome>) {
        self.wanted.remove(path);
        if self.entries.remove(path).is_some() {
            outcomes.push(Outcome::Deleted(path.clone()));
        }
    }

    /// Reads what is wanted, as much as may be under way.
    fn go_on(&mut self, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        while self.purposes.len() < READS_MAX
            && let Some(path) = self.wanted.pop_first()
        {
            let call = context.call(Op::GetData { path: path.clone(), watch: false });
            self.purposes.insert(call, Purpose::Read(path));
        }
        if self.is_reading && self.purposes.is_empty() {
            self.is_reading = false;
            outcomes.push(Outcome::Initialized);
        }
    }

    fn watch(&mut self, context: &mut RecipeContext) {
        let mode = if self.scope == Scope::Tree { AddWatchMode::PersistentRecursive } else { AddWatchMode::Persistent };
        let call = context.call(Op::AddWatch { path: self.root.clone(), mode });
        self.purposes.insert(call, Purpose::Watch);
    }

    fn covers(&self, path: &str) -> bool {
        let below = || path.strip_prefix(self.root.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        path == &*self.root || (self.scope == Scope::Tree && below())
    }
}
