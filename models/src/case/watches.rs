//! What each connection should have been told of the watches left on it, compared with what came: events lost, late, or of nothing that was watched. It finds; the rules report.
//!
//! A watch is left by a read at the state that the read was answered from, or by setWatches; it fires at the first change after that state. Within one transaction the order of events is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use vocab::ids::Zxid;
use vocab::service::{ErrorCode, EventKind, Op, Path, WatchEvent};

use super::clients::{Clients, Connection, Item, Request};
use super::course::{Course, Position};
use super::said::NoteIndex;

/// What can be wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A reply showed the change, and the event never came.
    Lost,
    /// A reply showed the change before the event came.
    Late,
    /// Nothing that was watched changed so, or it was told before.
    Invented,
}

/// An event that should have been otherwise.
#[derive(Clone, Debug)]
pub struct Fault {
    pub wrong: Wrong,
    pub note: NoteIndex,
    pub connection: usize,
    pub zxid: Zxid,
    pub event: WatchEvent,
}

/// What came of all watches.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    pub faults: Vec<Fault>,
    /// Events that came.
    pub events: u64,
    /// Replies on connections with a watch.
    pub replies: u64,
}

/// An event in the order in which it must come.
type Due = (Position, Path, EventKind);

/// What a setWatches answers at once, from one state.
struct Missed {
    request: usize,
    position: Position,
    /// How often each may come, and has.
    events: BTreeMap<(Path, EventKind), (u32, u32)>,
    /// The watches that it leaves: a child watch or a data watch.
    armed: Vec<(Path, bool)>,
}

/// One connection on its way.
struct Watcher<'c, 'r> {
    course: &'c Course<'r>,
    clients: &'c Clients<'r>,
    index: usize,
    due: BTreeSet<Due>,
    /// Due, but a reply has shown the change since: which one.
    overdue: BTreeMap<Due, NoteIndex>,
    /// SetWatches sent and not answered, oldest first.
    rearming: Vec<usize>,
    missed: Option<Missed>,
    watched: bool,
}

impl Watches {
    /// Follows every connection.
    pub fn follow(course: &Course<'_>, clients: &Clients<'_>) -> Watches {
        let mut watches = Watches::default();
        for (index, connection) in clients.connections.iter().enumerate() {
            let watcher = Watcher { course, clients, index, due: BTreeSet::new(), overdue: BTreeMap::new(), rearming: vec![], missed: None, watched: false };
            watcher.follow(connection, &mut watches);
        }
        watches
    }
}

impl Watcher<'_, '_> {
    fn follow(mut self, connection: &Connection<'_>, watches: &mut Watches) {
        for item in &connection.items {
            match item {
                Item::Sent(request) => {
                    if let Op::SetWatches { .. } = self.clients.requests[*request].op {
                        self.rearming.push(*request);
                        self.watched = true;
                    }
                }
                Item::Answered { request, .. } => self.answered(*request, watches),
                Item::Unasked { .. } => {}
                Item::Event { note, zxid, event } => {
                    watches.events += 1;
                    if let Some(wrong) = self.event(*note, *zxid, event) {
                        watches.faults.push(Fault { wrong, note: *note, connection: self.index, zxid: *zxid, event: (*event).clone() });
                    }
                }
            }
        }
        for ((position, path, kind), note) in self.overdue {
            let event = WatchEvent { kind, path };
            watches.faults.push(Fault { wrong: Wrong::Lost, note, connection: self.index, zxid: self.course.zxid(position), event });
        }
    }

    /// An event came: what is wrong with it?
    fn event(&mut self, note: NoteIndex, zxid: Zxid, event: &WatchEvent) -> Option<Wrong> {
        let Some(position) = self.course.position(zxid) else { return Some(Wrong::Invented) };
        let key = (position, Path::clone(&event.path), event.kind);
        if self.due.remove(&key) {
            let later = self.due.split_off(&(position, Path::from(""), EventKind::NodeCreated));
            let passed = std::mem::replace(&mut self.due, later);
            self.overdue.extend(passed.into_iter().map(|due| (due, note)));
            return None;
        }
        if self.overdue.remove(&key).is_some() {
            return Some(Wrong::Late);
        }
        let Some(request) = self.rearming.first().copied() else { return Some(Wrong::Invented) };
        if self.missed.as_ref().is_none_or(|missed| missed.request != request) {
            self.missed = Some(self.miss(request, position));
        }
        let missed = self.missed.as_mut().expect("worked out above");
        match missed.events.get_mut(&(Path::clone(&event.path), event.kind)) {
            Some((most, seen)) if missed.position == position && *seen < *most => {
                *seen += 1;
                None
            }
            _ => Some(Wrong::Invented),
        }
    }

    /// A reply came: what it shows must have been told, and it may leave a watch.
    fn answered(&mut self, request: usize, watches: &mut Watches) {
        let Request { op, returned, .. } = &self.clients.requests[request];
        let Some(returned) = returned else { return };
        let Some(position) = self.course.position(returned.zxid) else { return };
        watches.replies += u64::from(self.watched);
        if let Op::CloseSession = op {
            // Whether a connection is still told what its own end changes is left open.
            self.due.retain(|(due, ..)| *due != position);
        }
        let later = self.due.split_off(&(position + 1, Path::from(""), EventKind::NodeCreated));
        let shown = std::mem::replace(&mut self.due, later);
        self.overdue.extend(shown.into_iter().map(|due| (due, returned.note)));
        match (op, returned.result) {
            (Op::Exists { path, watch: true }, Ok(_) | Err(ErrorCode::NoNode)) | (Op::GetData { path, watch: true }, Ok(_)) => self.arm(path, false, position),
            (Op::GetChildren { path, watch: true, .. }, Ok(_)) => self.arm(path, true, position),
            (Op::SetWatches { .. }, Ok(_)) => self.rearmed(request, position, returned.note, watches),
            _ => {}
        }
    }

    fn rearmed(&mut self, request: usize, position: Position, note: NoteIndex, watches: &mut Watches) {
        self.rearming.retain(|other| *other != request);
        let early = self.missed.take().filter(|missed| missed.request == request && missed.position == position);
        let missed = early.unwrap_or_else(|| self.miss(request, position));
        for ((path, kind), (_, seen)) in missed.events {
            if seen == 0 {
                let event = WatchEvent { kind, path };
                watches.faults.push(Fault { wrong: Wrong::Lost, note, connection: self.index, zxid: self.course.zxid(position), event });
            }
        }
        for (path, child) in missed.armed {
            self.arm(&path, child, position);
        }
    }

    fn arm(&mut self, path: &Path, child: bool, at: Position) {
        self.watched = true;
        if let Some((position, kind)) = self.course.next_change(path, child, at) {
            self.due.insert((position, Path::clone(path), kind));
        }
    }

    /// What a setWatches finds at this state (DataTree.setWatches).
    fn miss(&self, request: usize, position: Position) -> Missed {
        let mut missed = Missed { request, position, events: BTreeMap::new(), armed: vec![] };
        let Op::SetWatches { relative, data, exist, child } = self.clients.requests[request].op else { return missed };
        let course = self.course;
        let changed = |at: Position| course.zxid(at) > *relative;
        let data = data.iter().map(|path| {
            let event = match course.exists(path, position) {
                false => Some(EventKind::NodeDeleted),
                true => changed(course.last_set(path, position)).then_some(EventKind::NodeDataChanged),
            };
            (path, false, event)
        });
        let exist = exist.iter().map(|path| (path, false, course.exists(path, position).then_some(EventKind::NodeCreated)));
        let child = child.iter().map(|path| {
            let event = match course.exists(path, position) {
                false => Some(EventKind::NodeDeleted),
                true => {
                    let last = course.created(path, position).max(course.last_child_change(path, position));
                    changed(last).then_some(EventKind::NodeChildrenChanged)
                }
            };
            (path, true, event)
        });
        for (path, child, event) in data.chain(exist).chain(child) {
            match event {
                Some(kind) => missed.events.entry((Path::clone(path), kind)).or_default().0 += 1,
                None => missed.armed.push((Path::clone(path), child)),
            }
        }
        missed
    }
}
