//! The course of the service: the committed transactions in order, what the reference makes of each, and what it would have answered to every read from the state that was read. It computes; the rules compare.

use std::collections::BTreeMap;

use vocab::fact::StateDigest;
use vocab::ids::{SessionId, Xid, Zxid};
use vocab::service::{ErrorCode, EventKind, Op, Path, Reply, Request, Transaction};

use super::clients::{Acquired, Clients};
use super::ensemble::Ensemble;
use super::histories::History;
use super::said::NoteIndex;
use crate::znode::{self, Reference, path};

/// A state of the service: how many transactions led to it.
pub type Position = u32;

/// A committed transaction with what the reference makes of it.
#[derive(Clone, Debug)]
pub struct Step<'r> {
    pub txn: &'r Transaction,
    /// When it was proposed, and when its commit was first noted.
    pub proposed: NoteIndex,
    pub committed: NoteIndex,
    /// What it comes to by the reference.
    pub outcome: Result<Reply, ErrorCode>,
    /// Its session was not open.
    pub dead: bool,
    /// Its leader refused it for a reason that the chain cannot show: the session had moved, or was about to be closed.
    pub refused: bool,
}

/// What happened to a node, for those who watch it: the position after the change, and the change.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Creations, deletions and changes of data.
    pub data: Vec<(Position, EventKind)>,
    /// Deletions and changes of children.
    pub child: Vec<(Position, EventKind)>,
}

/// The positions at which a session was opened and closed.
#[derive(Clone, Debug, Default)]
pub struct Life {
    pub opened: Vec<Position>,
    pub closed: Vec<Position>,
}

impl Life {
    /// Whether the session is open in this state.
    pub fn is_open(&self, at: Position) -> bool {
        self.opened.first().is_some_and(|opened| *opened <= at) && self.closed.first().is_none_or(|closed| *closed > at)
    }
}

/// A read with the state that it was answered from.
#[derive(Clone, Debug)]
pub struct Read {
    pub request: usize,
    /// `None` when no committed state has that zxid.
    pub position: Option<Position>,
    /// What the reference answers instead, if it does not agree.
    pub instead: Option<Result<Reply, ErrorCode>>,
}

/// What stood behind a client's claim to be first.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Its place among the claims.
    pub acquired: usize,
    pub position: Position,
    /// The lowest sequential child of the directory then.
    pub lowest: Option<String>,
    /// Who owned the claimed node then.
    pub owner: SessionId,
}

/// The whole course.
pub struct Course<'r> {
    pub steps: Vec<Step<'r>>,
    /// The zxids of the steps.
    zxids: Vec<Zxid>,
    /// The state digest at each position.
    pub digests: Vec<StateDigest>,
    pub timelines: BTreeMap<Path, Timeline>,
    pub lives: BTreeMap<SessionId, Life>,
    pub reads: Vec<Read>,
    pub turns: Vec<Turn>,
    /// Where the initial history of an epoch ends, for replies that carry an epoch's own zxid.
    beginnings: BTreeMap<Zxid, Position>,
}

impl<'r> Course<'r> {
    /// Follows the committed chain.
    pub fn follow(ensemble: &Ensemble<'r>, clients: &Clients<'r>) -> Course<'r> {
        let beginnings = ensemble
            .leaderships
            .iter()
            .filter(|leadership| leadership.established.is_some())
            .map(|leadership| (Zxid::new(leadership.epoch, 0), ensemble.histories.length(leadership.initial)))
            .collect();
        let chain = chain(ensemble);
        let mut course = Course {
            steps: Vec::with_capacity(chain.len()),
            zxids: chain.iter().map(|(txn, ..)| txn.zxid).collect(),
            digests: vec![],
            timelines: BTreeMap::new(),
            lives: BTreeMap::new(),
            reads: vec![],
            turns: vec![],
            beginnings,
        };
        let expired = first_expiries(ensemble);
        let mut reads = course.locate_reads(clients);
        let mut turns = course.locate_turns(clients);
        let mut reference = Reference::new();
        course.digests.push(reference.digest());
        course.answer(&reference, 0, &mut reads, &mut turns, clients);
        for (at, (txn, proposed, committed)) in chain.iter().enumerate() {
            let position = at as Position + 1;
            let dead = !matches!(txn.request, Request::CreateSession { .. }) && !reference.is_open(txn.session);
            let refused = match txn.error {
                Some(ErrorCode::SessionMoved) => true,
                Some(ErrorCode::SessionExpired) => !dead && expired.get(&txn.session).is_some_and(|note| note < proposed),
                _ => false,
            };
            let outcome = match txn.error {
                Some(error) if refused => {
                    reference.skip();
                    Err(error)
                }
                _ => reference.apply(txn),
            };
            course.remember(&reference, position, txn, dead);
            course.steps.push(Step { txn, proposed: *proposed, committed: *committed, outcome, dead, refused });
            course.digests.push(reference.digest());
            course.answer(&reference, position, &mut reads, &mut turns, clients);
        }
        course
    }

    /// Answers the reads of this position, the next in order.
    fn answer(&mut self, reference: &Reference, position: Position, reads: &mut Located<usize>, turns: &mut Located<usize>, clients: &Clients<'r>) {
        for read in reads.take(position) {
            let request = &clients.requests[self.reads[read].request];
            let answer = request.returned.expect("only answered reads are located").result;
            let expected = reference.read(request.op).expect("only reads are located");
            if *answer != expected {
                self.reads[read].instead = Some(expected);
            }
        }
        for acquired in turns.take(position) {
            let Acquired { directory, node, .. } = clients.acquired[acquired];
            let lowest = reference.children(directory).filter_map(|name| Some((sequence(name)?, name))).min().map(|(_, name)| join(directory, name));
            let owner = reference.stat(node).map_or(SessionId::NONE, |stat| stat.ephemeral_owner);
            self.turns.push(Turn { acquired, position, lowest, owner });
        }
    }

    fn remember(&mut self, reference: &Reference, position: Position, txn: &Transaction, dead: bool) {
        for fired in reference.fired() {
            if !self.timelines.contains_key(&fired.path) {
                self.timelines.insert(Path::clone(&fired.path), Timeline::default());
            }
            let timeline = self.timelines.get_mut(&fired.path).expect("just put in");
            match fired.kind {
                EventKind::NodeCreated | EventKind::NodeDataChanged => timeline.data.push((position, fired.kind)),
                EventKind::NodeChildrenChanged => timeline.child.push((position, fired.kind)),
                EventKind::NodeDeleted => {
                    timeline.data.push((position, fired.kind));
                    timeline.child.push((position, fired.kind));
                }
            }
        }
        match &txn.request {
            Request::CreateSession { .. } => self.lives.entry(txn.session).or_default().opened.push(position),
            Request::Op(Op::CloseSession) if !dead && txn.error.is_none() => self.lives.entry(txn.session).or_default().closed.push(position),
            Request::Op(_) => {}
        }
    }

    fn locate_reads(&mut self, clients: &Clients<'r>) -> Located<usize> {
        let mut located = Located::new();
        for (at, request) in clients.requests.iter().enumerate() {
            let Some(returned) = request.returned.filter(|_| !request.op.is_write()) else { continue };
            let position = self.position(returned.zxid);
            if let Some(position) = position {
                located.push(position, self.reads.len());
            }
            self.reads.push(Read { request: at, position, instead: None });
        }
        located.sort();
        located
    }

    fn locate_turns(&self, clients: &Clients<'r>) -> Located<usize> {
        let mut located = Located::new();
        for (at, acquired) in clients.acquired.iter().enumerate() {
            let returned = acquired.read.and_then(|read| clients.requests[read].returned);
            if let Some(position) = returned.and_then(|returned| self.position(returned.zxid)) {
                located.push(position, at);
            }
        }
        located.sort();
        located
    }

    /// The state that a zxid stands for; `None` when nothing with that number was committed.
    pub fn position(&self, zxid: Zxid) -> Option<Position> {
        if zxid.counter() == 0 {
            return if zxid == Zxid::ZERO { Some(0) } else { self.beginnings.get(&zxid).copied() };
        }
        self.zxids.binary_search(&zxid).ok().map(|at| at as Position + 1)
    }

    /// The zxid of a state.
    pub fn zxid(&self, position: Position) -> Zxid {
        if position == 0 { Zxid::ZERO } else { self.zxids[position as usize - 1] }
    }

    /// Whether the node is there in this state.
    pub fn exists(&self, path: &str, at: Position) -> bool {
        match self.last_change(path, at, |kind| kind != EventKind::NodeChildrenChanged) {
            Some((_, kind)) => kind != EventKind::NodeDeleted,
            None => znode::is_initial(path),
        }
    }

    /// When the node's data were last set, by its creation at the latest.
    pub fn last_set(&self, path: &str, at: Position) -> Position {
        self.last_change(path, at, |kind| matches!(kind, EventKind::NodeCreated | EventKind::NodeDataChanged)).map_or(0, |(position, _)| position)
    }

    /// When a node was created that is there in this state.
    pub fn created(&self, path: &str, at: Position) -> Position {
        self.last_change(path, at, |kind| kind == EventKind::NodeCreated).map_or(0, |(position, _)| position)
    }

    /// When a child was last created or deleted.
    pub fn last_child_change(&self, path: &str, at: Position) -> Position {
        let changes = self.timelines.get(path).map_or(&[][..], |timeline| &timeline.child);
        let until = changes.partition_point(|(position, _)| *position <= at);
        changes[..until].iter().rev().find(|(_, kind)| *kind == EventKind::NodeChildrenChanged).map_or(0, |(position, _)| *position)
    }

    fn last_change(&self, path: &str, at: Position, which: impl Fn(EventKind) -> bool) -> Option<(Position, EventKind)> {
        let changes = &self.timelines.get(path)?.data;
        let until = changes.partition_point(|(position, _)| *position <= at);
        changes[..until].iter().rev().find(|(_, kind)| which(*kind)).copied()
    }

    /// The first change after this state that a data watch sees, or a child watch.
    pub fn next_change(&self, path: &str, child: bool, after: Position) -> Option<(Position, EventKind)> {
        let timeline = self.timelines.get(path)?;
        let changes = if child { &timeline.child } else { &timeline.data };
        changes.get(changes.partition_point(|(position, _)| *position <= after)).copied()
    }

    /// The committed step of a client's write.
    pub fn by_request(&self) -> BTreeMap<(SessionId, Xid), Position> {
        let mut found = BTreeMap::new();
        for (at, step) in self.steps.iter().enumerate().filter(|(_, step)| step.txn.xid.0 != 0) {
            found.entry((step.txn.session, step.txn.xid)).or_insert(at as Position + 1);
        }
        found
    }
}

/// The committed transactions, up to the first that nobody proposed (which a rule reports).
fn chain<'r>(ensemble: &Ensemble<'r>) -> Vec<(&'r Transaction, NoteIndex, NoteIndex)> {
    let mut path = vec![];
    let mut history = ensemble.committed;
    while history != History::EMPTY {
        path.push(history);
        history = ensemble.histories.parent(history);
    }
    let described = path.iter().rev().map_while(|history| ensemble.histories.proposal(*history));
    described.enumerate().map(|(at, (txn, proposed))| (txn, proposed, ensemble.committed_at[at + 1])).collect()
}

/// When each session was first said to be expired.
fn first_expiries(ensemble: &Ensemble<'_>) -> BTreeMap<SessionId, NoteIndex> {
    let mut first = BTreeMap::new();
    for expiry in &ensemble.expiries {
        first.entry(expiry.session).or_insert(expiry.note);
    }
    first
}

/// The number at the end of a sequential node's name.
pub fn sequence(name: &str) -> Option<u64> {
    let digits = name.len().checked_sub(10).and_then(|from| name.get(from..))?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// A child's path.
pub fn join(parent: &str, name: &str) -> String {
    if path::key(parent) == "/" { format!("/{name}") } else { format!("{parent}/{name}") }
}

/// Things to be done at positions, in order.
struct Located<T> {
    all: Vec<(Position, T)>,
    next: usize,
}

impl<T: Copy + Ord> Located<T> {
    fn new() -> Located<T> {
        Located { all: vec![], next: 0 }
    }

    fn push(&mut self, position: Position, what: T) {
        self.all.push((position, what));
    }

    fn sort(&mut self) {
        self.all.sort_unstable();
    }

    /// What is to be done at this position; positions are asked for in order.
    fn take(&mut self, position: Position) -> Vec<T> {
        let from = self.next;
        while self.all.get(self.next).is_some_and(|(at, _)| *at <= position) {
            self.next += 1;
        }
        self.all[from..self.next].iter().map(|(_, what)| *what).collect()
    }
}
