//! What each connection should have been told of the watches left on it, compared with what came: events lost, late, forbidden, or of nothing that was watched; and what it was told of watches that it took away. It finds; the rules report.
//!
//! A watch is left by a request at the state that the request was answered from; from there on the reference's own tables say which changes it hears. Only changes that a watch could hear are looked at.

mod missed;

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{ErrorCode, Id, Ids, Op, Path, Reply, WatchEvent};
use zookeeper_words::settings::Compat;

use super::chain::{Chain, Position};
use super::changes::ChangeIndex;
use super::clients::identities;
use super::clients::{Clients, Connection, Item, Request};
use crate::znode::path;
use crate::znode::watches::{Mode, Table, Watches as Tables, may_hear};
use missed::Missed;

/// What can be wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A reply showed the change, and the event never came.
    Lost,
    /// A reply showed the change before the event came.
    Late,
    /// Nothing that was watched changed so, or it was told before.
    Invented,
    /// The node's list does not let the connection hear of it.
    Forbidden,
}

/// An event that should have been otherwise.
#[derive(Clone, Debug)]
pub struct Mismatch {
    pub wrong: Wrong,
    pub note: NoteIndex,
    pub connection: usize,
    pub zxid: Zxid,
    pub event: WatchEvent,
    /// A persistent watch was left for it.
    pub lasting: bool,
}

/// A removeWatches or checkWatches whose answer is not what was watched.
#[derive(Clone, Debug)]
pub struct Removal {
    pub request: usize,
    pub expected: Result<Reply, ErrorCode>,
}

/// What came of all watches.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    pub mismatches: Vec<Mismatch>,
    pub removals: Vec<Removal>,
    /// Events that came.
    pub events: u64,
    /// Of these, such as a persistent watch was left for.
    pub lasting: u64,
    /// Of these, such as are of a node that is closed to somebody.
    pub closed: u64,
    /// Changes of which a connection must not be told, and watched.
    pub withheld: u64,
    /// Replies on connections with a watch.
    pub replies: u64,
    /// Answers to removeWatches and checkWatches.
    pub removed: u64,
}

/// A change that the connection hears of.
#[derive(Clone, Copy, Debug)]
struct Due {
    lasting: bool,
    /// Not told is right too: the connection became somebody who may hear of it at about that time.
    doubtful: bool,
}

/// One connection on its way.
struct Watcher<'c, 'r> {
    chain: &'c Chain<'r>,
    clients: &'c Clients<'r>,
    compat: Compat,
    index: usize,
    machine: MachineId,
    session: SessionId,
    tables: Tables,
    /// Changes that a watch could hear and that were not looked at yet.
    ahead: BTreeSet<ChangeIndex>,
    /// Changes to be told, and not told yet.
    due: BTreeMap<ChangeIndex, Due>,
    /// Of these, such as something that came later has shown since, or passed over: which note.
    overdue: BTreeMap<ChangeIndex, (Due, NoteIndex)>,
    /// Changes not to be told.
    withheld: BTreeSet<ChangeIndex>,
    /// Who the connection is now, was at first, and was when it was last known to see a state with a lower number than the one in question.
    ids: Ids,
    ids_first: Ids,
    ids_after: Vec<(Position, Ids)>,
    /// SetWatches sent and not answered, oldest first.
    rearming: Vec<usize>,
    missed: Option<Missed>,
    watched: bool,
}

impl Watches {
    /// Follows every connection.
    pub fn follow(compat: Compat, chain: &Chain<'_>, clients: &Clients<'_>) -> Watches {
        let mut watches = Watches::default();
        for (index, connection) in clients.connections.iter().enumerate() {
            Watcher::new(compat, chain, clients, index).follow(connection, &mut watches);
        }
        watches
    }
}

impl<'c, 'r> Watcher<'c, 'r> {
    fn new(compat: Compat, chain: &'c Chain<'r>, clients: &'c Clients<'r>, index: usize) -> Watcher<'c, 'r> {
        Watcher {
            chain,
            clients,
            compat,
            index,
            machine: clients.connections[index].machine,
            session: clients.connections[index].session,
            tables: Tables::new(compat),
            ahead: BTreeSet::new(),
            due: BTreeMap::new(),
            overdue: BTreeMap::new(),
            withheld: BTreeSet::new(),
            ids: identities::of(clients.connections[index].machine),
            ids_first: identities::of(clients.connections[index].machine),
            ids_after: vec![],
            rearming: vec![],
            missed: None,
            watched: false,
        }
    }

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
                    if let Some(wrong) = self.event(*note, *zxid, event, watches) {
                        self.mismatch(watches, wrong, *note, *zxid, (*event).clone(), false);
                    }
                }
            }
        }
        for (change, (due, note)) in &self.overdue {
            let change = &self.chain.changes.all[*change as usize];
            let event = WatchEvent { kind: change.fired.kind, path: Path::clone(&change.fired.path) };
            self.mismatch(watches, Wrong::Lost, *note, self.chain.zxid(change.position), event, due.lasting);
        }
    }

    fn mismatch(&self, watches: &mut Watches, wrong: Wrong, note: NoteIndex, zxid: Zxid, event: WatchEvent, lasting: bool) {
        watches.mismatches.push(Mismatch { wrong, note, connection: self.index, zxid, event, lasting });
    }

    /// An event came: what is wrong with it?
    fn event(&mut self, note: NoteIndex, zxid: Zxid, event: &WatchEvent, watches: &mut Watches) -> Option<Wrong> {
        let Some(position) = self.chain.position(zxid) else { return Some(Wrong::Invented) };
        self.advance(position, watches);
        let changes = &self.chain.changes;
        let (from, until) = (position.checked_sub(1).map_or(0, |before| changes.after(before)), changes.after(position));
        self.show(from, note);
        let is_it = |at: &ChangeIndex| {
            let fired = &changes.all[*at as usize].fired;
            fired.kind == event.kind && fired.path == event.path
        };
        if let Some(at) = self.due.range(from..until).map(|(at, _)| *at).find(is_it) {
            let due = self.due.remove(&at).expect("just found");
            // What its transaction did before it is told before it. In which order a session's nodes go is nobody's promise: with ZooKeeper it hangs on a hash table's past.
            if !self.chain.closes_a_session(position) {
                self.show(at, note);
            }
            watches.lasting += u64::from(due.lasting);
            watches.closed += u64::from(changes.closed(&event.path, position).is_some());
            return None;
        }
        if let Some(at) = self.overdue.range(from..until).map(|(at, _)| *at).find(is_it) {
            self.overdue.remove(&at);
            return Some(Wrong::Late);
        }
        if self.withheld.range(from..until).any(is_it) {
            return Some(Wrong::Forbidden);
        }
        let Some(request) = self.rearming.first().copied() else { return Some(Wrong::Invented) };
        if self.missed.as_ref().is_none_or(|missed| missed.request != request) {
            self.missed = Some(Missed::at(self.chain, self.clients, request, position));
        }
        let missed = self.missed.as_mut().expect("worked out above");
        if missed.is_told(position, event) { None } else { Some(Wrong::Invented) }
    }

    /// A reply came: what it shows must have been told, and it may leave watches or take some away.
    fn answered(&mut self, request: usize, watches: &mut Watches) {
        let Request { op, returned, .. } = &self.clients.requests[request];
        let Some(returned) = returned else { return };
        if let Op::Auth { .. } = op {
            if returned.result.is_ok() {
                self.ids = identities::granted(&self.ids, op, self.machine, self.clients.super_digest);
            }
            return;
        }
        let Some(position) = self.chain.position(returned.zxid) else { return };
        watches.replies += u64::from(self.watched);
        self.advance(position, watches);
        if let Op::CloseSession = op {
            // Whether a connection is still told what its own end changes is left open.
            let changes = &self.chain.changes;
            self.due.retain(|change, _| changes.all[*change as usize].position != position);
        }
        let shown = self.chain.changes.after(position);
        self.show(shown, returned.note);
        if self.ids_after.last().is_none_or(|(_, before)| *before != self.ids) {
            self.ids_after.push((position, Ids::clone(&self.ids)));
        }
        match op {
            Op::SetWatches { .. } => self.rearmed(request, position, returned.note, watches),
            Op::RemoveWatches { path, kind, only_ask } => {
                let expected = self.tables.remove(self.session, path, *kind, *only_ask);
                watches.removed += 1;
                // 3.8 finds watches of other connections too, which are not followed here.
                let excused = *only_ask && self.compat == Compat::V3_8 && *returned.result == Ok(Reply::Done);
                if *returned.result != expected && !excused && !is_refusal(returned.result) {
                    watches.removals.push(Removal { request, expected });
                }
            }
            op => {
                self.tables.after(self.session, op, returned.result);
                if let Op::Exists { path, watch: true }
                | Op::GetData { path, watch: true }
                | Op::GetChildren { path, watch: true, .. }
                | Op::AddWatch { path, .. } = op
                {
                    self.watched = true;
                    self.look_ahead(path, shown);
                }
            }
        }
    }

    fn rearmed(&mut self, request: usize, position: Position, note: NoteIndex, watches: &mut Watches) {
        self.rearming.retain(|other| *other != request);
        let early = self.missed.take().filter(|missed| missed.request == request && missed.position == position);
        let missed = early.unwrap_or_else(|| Missed::at(self.chain, self.clients, request, position));
        for event in missed.untold() {
            self.mismatch(watches, Wrong::Lost, note, self.chain.zxid(position), event, false);
        }
        let from = self.chain.changes.after(position);
        for (path, table, mode) in &missed.left {
            match table {
                Some(table) => self.tables.leave(self.session, path, *table, *mode),
                None => self.tables.add(self.session, path, *mode),
            }
            self.look_ahead(path, from);
        }
    }

    /// What is due before `until` should have been told by this note.
    fn show(&mut self, until: ChangeIndex, by: NoteIndex) {
        let later = self.due.split_off(&until);
        let passed = std::mem::replace(&mut self.due, later);
        self.overdue.extend(passed.into_iter().filter(|(_, due)| !due.doubtful).map(|(at, due)| (at, (due, by))));
    }

    /// Looks at all changes up to this state that a watch could hear.
    fn advance(&mut self, position: Position, watches: &mut Watches) {
        let changes = &self.chain.changes;
        let until = changes.after(position);
        while let Some(at) = self.ahead.first().copied().filter(|at| *at < until) {
            self.ahead.remove(&at);
            let change = &changes.all[at as usize];
            for hearer in self.tables.fire(&change.fired) {
                if may_hear(&change.fired, &self.ids) {
                    let doubtful = !may_hear(&change.fired, self.ids_before(change.position));
                    self.due.insert(at, Due { lasting: hearer.lasting, doubtful });
                } else {
                    self.withheld.insert(at);
                    watches.withheld += 1;
                }
            }
            let path = Path::clone(&change.fired.path);
            self.look_ahead(&path, at + 1);
            path::ancestors(&path).for_each(|above| self.look_below(above, at + 1));
        }
    }

    /// Who the connection was for sure when its replica came to this state.
    fn ids_before(&self, position: Position) -> &[Id] {
        let known = self.ids_after.partition_point(|(after, _)| *after < position);
        known.checked_sub(1).map_or(&self.ids_first, |at| &self.ids_after[at].1)
    }

    /// The next changes that the watches on this path could hear.
    fn look_ahead(&mut self, path: &str, from: ChangeIndex) {
        for (table, child) in [(Table::Data, false), (Table::Child, true)] {
            if self.tables.has(self.session, path, table, None) {
                self.ahead.extend(self.chain.changes.next(path, child, from));
            }
        }
        self.look_below(path, from);
    }

    fn look_below(&mut self, path: &str, from: ChangeIndex) {
        if [Table::Data, Table::Child].iter().any(|table| self.tables.has(self.session, path, *table, Some(Mode::Recursive))) {
            self.ahead.extend(self.chain.changes.next_below(path, from));
        }
    }
}

/// Whether a request was refused because its session was no more, or elsewhere.
fn is_refusal(result: &Result<Reply, ErrorCode>) -> bool {
    matches!(result, Err(ErrorCode::SessionExpired | ErrorCode::SessionMoved))
}
