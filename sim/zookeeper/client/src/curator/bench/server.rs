//! The tiny service of a bench: nodes, versions, sequences, ephemerals, multis and watches of one client, as far as the
//! recipes look. Never a replica.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{AddWatchMode, CreateMode, Data, ErrorCode, EventKind, Op, Path, Reply, Stat, WatchEvent};

#[derive(Clone, Default)]
struct Node {
    data: Data,
    stat: Stat,
    creates: i32,
}

#[derive(Clone, Default)]
pub(in crate::curator) struct Server {
    nodes: BTreeMap<String, Node>,
    pub zxid: u64,
    alive: BTreeSet<SessionId>,
    next_session: i64,
    data: BTreeSet<Path>,
    child: BTreeSet<Path>,
    lasting: BTreeMap<Path, AddWatchMode>,
    /// What the client's watches saw and it was not told yet.
    pub events: Vec<WatchEvent>,
}

pub(super) fn path_of(op: &Op) -> Option<&Path> {
    match op {
        Op::Create { path, .. } | Op::Delete { path, .. } | Op::SetData { path, .. } | Op::Check { path, .. } => Some(path),
        Op::Exists { path, .. } | Op::GetData { path, .. } | Op::GetChildren { path, .. } => Some(path),
        Op::AddWatch { path, .. } | Op::RemoveWatches { path, .. } => Some(path),
        Op::Multi(parts) => parts.first().and_then(path_of),
        _ => None,
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

impl Server {
    pub(super) fn attach(&mut self, session: SessionId) -> SessionId {
        if session == SessionId::NONE {
            self.next_session += 1;
            self.alive.insert(SessionId(self.next_session));
            return SessionId(self.next_session);
        }
        if self.alive.contains(&session) { session } else { SessionId::NONE }
    }

    pub(in crate::curator) fn expire(&mut self, session: SessionId) {
        if !self.alive.remove(&session) {
            return;
        }
        self.zxid += 1;
        let gone: Vec<String> = self.nodes.iter().filter(|(_, node)| node.stat.ephemeral_owner == session).map(|(path, _)| path.clone()).collect();
        gone.iter().for_each(|path| self.delete(path));
    }

    pub(super) fn forget_watches(&mut self) {
        self.data.clear();
        self.child.clear();
        self.lasting.clear();
        self.events.clear();
    }

    /// The paths of all nodes whose names contain `part`.
    pub(in crate::curator) fn paths(&self, part: &str) -> Vec<String> {
        self.nodes.keys().filter(|path| path.contains(part)).cloned().collect()
    }

    /// Whose ephemeral a node is.
    pub(in crate::curator) fn owner(&self, path: &str) -> Option<SessionId> {
        self.nodes.get(path).map(|node| node.stat.ephemeral_owner)
    }

    pub(in crate::curator) fn apply(&mut self, session: SessionId, op: &Op) -> Result<Reply, ErrorCode> {
        self.zxid += u64::from(op.is_write());
        match op {
            Op::Create { path, data, mode, .. } => self.create(session, path, data, *mode),
            Op::Delete { path, version } => {
                let node = self.nodes.get(&**path).ok_or(ErrorCode::NoNode)?;
                expect(*version, node.stat.version)?;
                if node.stat.num_children > 0 {
                    return Err(ErrorCode::NotEmpty);
                }
                self.delete(path);
                Ok(Reply::Done)
            }
            Op::SetData { path, data, version } => {
                let zxid = Zxid(self.zxid);
                let node = self.nodes.get_mut(&**path).ok_or(ErrorCode::NoNode)?;
                expect(*version, node.stat.version)?;
                (node.data, node.stat.version, node.stat.mzxid) = (data.clone(), node.stat.version + 1, zxid);
                let stat = node.stat;
                self.fire(EventKind::NodeDataChanged, path);
                Ok(Reply::Stat(stat))
            }
            Op::Check { path, version } => {
                let node = self.nodes.get(&**path).ok_or(ErrorCode::NoNode)?;
                expect(*version, node.stat.version).map(|()| Reply::Done)
            }
            Op::Multi(parts) => {
                let before = self.clone();
                let mut results = Vec::new();
                for part in parts {
                    let zxid = self.zxid;
                    results.push(self.apply(session, part));
                    self.zxid = zxid;
                }
                if let Some(failing) = results.iter().position(Result::is_err) {
                    let zxid = self.zxid;
                    *self = Server { zxid, ..before };
                    for (place, result) in results.iter_mut().enumerate() {
                        match place.cmp(&failing) {
                            std::cmp::Ordering::Less => *result = Err(ErrorCode::Ok),
                            std::cmp::Ordering::Equal => {}
                            std::cmp::Ordering::Greater => *result = Err(ErrorCode::RuntimeInconsistency),
                        }
                    }
                }
                Ok(Reply::Multi(results))
            }
            Op::Exists { path, watch } => {
                self.data.extend(watch.then(|| path.clone()));
                self.nodes.get(&**path).map(|node| Reply::Stat(node.stat)).ok_or(ErrorCode::NoNode)
            }
            Op::GetData { path, watch } => {
                let node = self.nodes.get(&**path).ok_or(ErrorCode::NoNode)?;
                self.data.extend(watch.then(|| path.clone()));
                Ok(Reply::Data { data: node.data.clone(), stat: node.stat })
            }
            Op::GetChildren { path, watch, stat } => {
                let node = self.nodes.get(&**path).ok_or(ErrorCode::NoNode)?;
                self.child.extend(watch.then(|| path.clone()));
                let names = self.nodes.keys().filter(|child| parent(child) == &**path && !child.is_empty());
                let names = names.map(|child| Arc::from(&child[path.len() + 1..])).collect();
                Ok(Reply::Children { names, stat: stat.then_some(node.stat) })
            }
            Op::AddWatch { path, mode } => {
                self.lasting.insert(path.clone(), *mode);
                Ok(Reply::Done)
            }
            Op::SetWatches { relative, data, persistent, recursive, .. } => {
                for path in data {
                    match self.nodes.get(&**path) {
                        None => self.events.push(WatchEvent { kind: EventKind::NodeDeleted, path: path.clone() }),
                        Some(node) if node.stat.mzxid > *relative => self.events.push(WatchEvent { kind: EventKind::NodeDataChanged, path: path.clone() }),
                        Some(_) => drop(self.data.insert(path.clone())),
                    }
                }
                self.lasting.extend(persistent.iter().map(|path| (path.clone(), AddWatchMode::Persistent)));
                self.lasting.extend(recursive.iter().map(|path| (path.clone(), AddWatchMode::PersistentRecursive)));
                Ok(Reply::Done)
            }
            Op::CloseSession => {
                self.expire(session);
                Ok(Reply::Done)
            }
            Op::Auth { auth, .. } if &**auth == "wrong" => Err(ErrorCode::AuthFailed),
            Op::RemoveWatches { .. } | Op::Sync { .. } | Op::Auth { .. } => Ok(Reply::Done),
            op => panic!("no recipe asks for {}", op.name()),
        }
    }

    fn create(&mut self, session: SessionId, path: &Path, data: &Data, mode: CreateMode) -> Result<Reply, ErrorCode> {
        let above = parent(path).to_string();
        let zxid = Zxid(self.zxid);
        if above.is_empty() {
            self.nodes.entry(String::new()).or_default();
        }
        let parent = self.nodes.get(&above).ok_or(ErrorCode::NoNode)?;
        let path: Path = if mode.is_sequential() { format!("{path}{:010}", parent.creates).into() } else { path.clone() };
        if self.nodes.contains_key(&*path) {
            return Err(ErrorCode::NodeExists);
        }
        let ephemeral_owner = if mode.is_ephemeral() { session } else { SessionId::NONE };
        let stat = Stat { czxid: zxid, mzxid: zxid, pzxid: zxid, ephemeral_owner, ..Stat::default() };
        self.nodes.insert(path.to_string(), Node { data: data.clone(), stat, creates: 0 });
        let parent = self.nodes.get_mut(&above).expect("it was just looked at");
        parent.creates += 1;
        parent.stat.cversion += 1;
        parent.stat.num_children += 1;
        self.fire(EventKind::NodeCreated, &path);
        Ok(Reply::Created { path, stat: Some(stat) })
    }

    fn delete(&mut self, path: &str) {
        self.nodes.remove(path);
        let parent = self.nodes.get_mut(parent(path)).expect("a node has a parent");
        parent.stat.cversion += 1;
        parent.stat.num_children -= 1;
        self.fire(EventKind::NodeDeleted, path);
    }

    fn fire(&mut self, kind: EventKind, path: &str) {
        let lasting = self.lasting.iter().any(|(at, mode)| match mode {
            AddWatchMode::Persistent => &**at == path,
            AddWatchMode::PersistentRecursive => path == &**at || path.strip_prefix(&**at).is_some_and(|rest| rest.starts_with('/')),
        });
        if self.data.remove(path) || lasting {
            self.events.push(WatchEvent { kind, path: path.into() });
        }
        if kind != EventKind::NodeDataChanged && self.child.remove(parent(path)) {
            self.events.push(WatchEvent { kind: EventKind::NodeChildrenChanged, path: parent(path).into() });
        }
    }
}

fn expect(wanted: i32, version: i32) -> Result<(), ErrorCode> {
    if wanted == -1 || wanted == version { Ok(()) } else { Err(ErrorCode::BadVersion) }
}
