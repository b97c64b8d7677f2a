//! The chain: the committed transactions in order, what the reference makes of each, and what it would have answered to every read from the state that was read. It computes; the rules compare.

use std::collections::{BTreeMap, BTreeSet};

use judging::NoteIndex;
use zookeeper_words::fact::StateDigest;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Id, Op, Path, Reply, Request, Transaction};
use zookeeper_words::settings;

use super::changes::Changes;
use super::clients::Clients;
use super::clients::recipes::Acquired;
use super::replication::Replication;
use super::replication::histories::History;
use crate::znode::{Mortal, Reference, Settings, path};

pub use super::changes::Position;

/// A committed transaction with what the reference makes of it.
#[derive(Clone, Debug)]
pub struct Step<'r> {
    /// The transaction.
    pub txn: &'r Transaction,
    /// When it was proposed.
    pub proposed: NoteIndex,
    /// When its commit was first noted.
    pub committed: NoteIndex,
    /// What it comes to by the reference.
    pub outcome: Result<Reply, ErrorCode>,
    /// Its session was not open.
    pub dead: bool,
    /// Its leader refused it for a reason that the chain cannot show: the session had moved, or was about to be closed.
    pub refused: bool,
}

impl Step<'_> {
    /// Whether the whole of it was done: of a multi, every part.
    pub fn is_done(&self) -> bool {
        match &self.outcome {
            Ok(Reply::Multi(results)) => results.iter().all(Result::is_ok),
            Ok(_) => true,
            Err(_) => false,
        }
    }
}

/// The positions at which a session was opened and closed.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Where it was opened.
    pub opened: Vec<Position>,
    /// Where it was closed.
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
pub(crate) struct Read {
    pub request: usize,
    /// `None` when no committed state has that zxid.
    pub position: Option<Position>,
    /// What the reference answers instead, if it does not agree.
    pub instead: Option<Result<Reply, ErrorCode>>,
}

/// What stood behind a client's claim to be first.
#[derive(Clone, Debug)]
pub(crate) struct Precedence {
    /// Its place among the claims.
    pub acquired: usize,
    pub position: Position,
    /// The lowest sequential child of the directory then.
    pub lowest: Option<String>,
    /// Who owned the claimed node then.
    pub owner: SessionId,
}

/// A container or TTL node that the leader deleted: the node as it was, if it was there.
#[derive(Clone, Debug)]
pub(crate) struct Reaping<'r> {
    pub position: Position,
    pub path: &'r Path,
    pub node: Option<Mortal>,
}

/// The whole chain.
pub struct Chain<'r> {
    /// All of them.
    pub steps: Vec<Step<'r>>,
    /// The zxids of the steps.
    zxids: Vec<Zxid>,
    /// The state digest at each position.
    pub digests: Vec<StateDigest>,
    /// What they changed.
    pub changes: Changes,
    /// The sessions that they opened and closed.
    pub lives: BTreeMap<SessionId, Life>,
    pub(crate) reads: Vec<Read>,
    pub(crate) precedences: Vec<Precedence>,
    pub(crate) reapings: Vec<Reaping<'r>>,
    /// The first state that each client's write led to.
    by_request: BTreeMap<(SessionId, Xid), Position>,
    /// Where the initial history of an epoch ends, for replies that carry an epoch's own zxid.
    beginnings: BTreeMap<Zxid, Position>,
}

impl<'r> Chain<'r> {
    /// Follows the committed chain.
    pub(crate) fn follow(settings: &settings::Settings, replication: &Replication<'r>, clients: &Clients<'r>) -> Chain<'r> {
        let beginnings = replication
            .leaderships
            .iter()
            .filter(|leadership| leadership.established.is_some())
            .map(|leadership| (Zxid::new(leadership.epoch, 0), replication.histories.length(leadership.initial)))
            .collect();
        let committed = committed(replication);
        let mut chain = Chain {
            steps: Vec::with_capacity(committed.len()),
            zxids: committed.iter().map(|(txn, ..)| txn.zxid).collect(),
            digests: vec![],
            changes: Changes::new(clients),
            lives: BTreeMap::new(),
            reads: vec![],
            precedences: vec![],
            reapings: vec![],
            by_request: BTreeMap::new(),
            beginnings,
        };
        let expired = first_expiries(replication);
        let mut reads = chain.locate_reads(clients);
        let mut precedences = chain.locate_precedences(clients);
        let mut reference = Reference::of_ensemble(Settings::from(&settings.coordination), &settings.ensemble());
        // When the last reconfig was committed: another is refused until then.
        let mut reconfigured = None;
        chain.digests.push(reference.digest());
        chain.answer(&reference, 0, &mut reads, &mut precedences, clients);
        for (at, (txn, proposed, committed)) in committed.iter().enumerate() {
            let position = at as Position + 1;
            let dead = speaks_for_a_session(txn) && !reference.is_open(txn.session);
            let refused = match txn.error {
                Some(ErrorCode::SessionMoved) => true,
                Some(ErrorCode::SessionExpired) => !dead && expired.get(&txn.session).is_some_and(|note| note < proposed),
                Some(ErrorCode::ReconfigInProgress) => asks_reconfig(txn) && reconfigured.is_some_and(|committed| committed > *proposed),
                Some(ErrorCode::NewConfigNoQuorum) => asks_reconfig(txn) && reference.may_lack_a_quorum(txn),
                _ => false,
            };
            if asks_reconfig(txn) && txn.error.is_none() {
                reconfigured = Some(*committed);
            }
            if let (Request::Op(Op::DeleteContainer { path }), SessionId::NONE) = (&txn.request, txn.session) {
                chain.reapings.push(Reaping { position, path, node: reference.mortal(path) });
            }
            let outcome = match txn.error {
                Some(error) if refused => {
                    reference.skip();
                    Err(error)
                }
                _ => reference.apply(txn),
            };
            chain.remember(&reference, position, txn, dead);
            if txn.xid.0 != 0 {
                chain.by_request.entry((txn.session, txn.xid)).or_insert(position);
            }
            chain.steps.push(Step { txn, proposed: *proposed, committed: *committed, outcome, dead, refused });
            chain.digests.push(reference.digest());
            chain.answer(&reference, position, &mut reads, &mut precedences, clients);
        }
        chain
    }

    /// Answers the reads of this position, the next in order.
    fn answer(&mut self, reference: &Reference, position: Position, reads: &mut Located<usize>, precedences: &mut Located<usize>, clients: &Clients<'r>) {
        for read in reads.take(position) {
            let request = &clients.requests[self.reads[read].request];
            let answer = request.returned.expect("only answered reads are located").result;
            let answers = |ids| reference.read(request.op, request.session, ids).expect("only reads are located");
            let expected = answers(&request.ids);
            // Whether an auth was granted whose answer was lost is not known.
            if !same(answer, &expected) && !same(answer, &answers(&request.ids_most)) {
                self.reads[read].instead = Some(expected);
            }
        }
        for acquired in precedences.take(position) {
            let Acquired { directory, node, .. } = clients.recipes.acquired[acquired];
            let lowest = reference.children(directory).filter_map(|name| Some((sequence(name)?, name))).min().map(|(_, name)| join(directory, name));
            let owner = reference.stat(node).map_or(SessionId::NONE, |stat| stat.ephemeral_owner);
            self.precedences.push(Precedence { acquired, position, lowest, owner });
        }
    }

    fn remember(&mut self, reference: &Reference, position: Position, txn: &Transaction, dead: bool) {
        self.changes.note(position, reference);
        if let Some(Op::SetAcl { path, .. }) = txn.request.op()
            && let Some(list) = reference.acl(path)
        {
            self.changes.note_list(position, path, list);
        }
        match &txn.request {
            Request::CreateSession { .. } => self.lives.entry(txn.session).or_default().opened.push(position),
            Request::Op(Op::CloseSession) if !dead && txn.error.is_none() => self.lives.entry(txn.session).or_default().closed.push(position),
            Request::Op(_) | Request::Local(_) => {}
        }
    }

    fn locate_reads(&mut self, clients: &Clients<'r>) -> Located<usize> {
        let mut located = Located::new();
        for (at, request) in clients.requests.iter().enumerate() {
            let Some(returned) = request.returned.filter(|_| is_read(request.op)) else { continue };
            let position = self.position(returned.zxid);
            if let Some(position) = position {
                located.push(position, self.reads.len());
            }
            self.reads.push(Read { request: at, position, instead: None });
        }
        located.sort();
        located
    }

    fn locate_precedences(&self, clients: &Clients<'r>) -> Located<usize> {
        let mut located = Located::new();
        for (at, acquired) in clients.recipes.acquired.iter().enumerate() {
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

    /// The state that was committed by this note.
    pub fn committed_before(&self, note: NoteIndex) -> Position {
        self.steps.partition_point(|step| step.committed < note) as Position
    }

    /// Whether the transaction that led to this state ends a session.
    pub fn closes_a_session(&self, position: Position) -> bool {
        let step = position.checked_sub(1).and_then(|at| self.steps.get(at as usize));
        step.is_some_and(|step| matches!(step.txn.request, Request::Op(Op::CloseSession)))
    }

    /// Who created the node that is there in this state, if it is an ephemeral.
    pub fn ephemeral_owner(&self, path: &str, at: Position) -> Option<SessionId> {
        let step = &self.steps[self.changes.created(path, at).checked_sub(1)? as usize];
        let op = step.txn.request.op()?;
        let makes = |op: &Op| match op {
            Op::Create { path: asked, mode, .. } => mode.is_ephemeral() && (&**asked == path || mode.is_sequential() && path.starts_with(&**asked)),
            _ => false,
        };
        let made = match op {
            Op::Multi(ops) => ops.iter().any(makes),
            op => makes(op),
        };
        made.then_some(step.txn.session)
    }

    /// The state that a client's write led to, if it was committed.
    pub fn of_request(&self, session: SessionId, xid: Xid) -> Option<Position> {
        self.by_request.get(&(session, xid)).copied()
    }
}

/// Whether a transaction is a session's own: not an opening, nor a deletion of the leader's.
fn speaks_for_a_session(txn: &Transaction) -> bool {
    match &txn.request {
        // For a local session its replica speaks.
        Request::CreateSession { .. } | Request::Local(_) => false,
        Request::Op(Op::DeleteContainer { .. }) => txn.session != SessionId::NONE,
        Request::Op(_) => true,
    }
}

/// Whether a request is answered from a state alone. What a removeWatches finds is another's to say, and an auth looks at no state.
fn is_read(op: &Op) -> bool {
    !op.is_write() && !matches!(op, Op::RemoveWatches { .. } | Op::Auth { .. })
}

/// Whether two answers are the same. Who a connection is, is a set.
fn same(answer: &Result<Reply, ErrorCode>, expected: &Result<Reply, ErrorCode>) -> bool {
    match (answer, expected) {
        (Ok(Reply::Ids(answer)), Ok(Reply::Ids(expected))) => {
            let sorted = |ids: &[Id]| ids.iter().cloned().collect::<BTreeSet<_>>();
            answer.len() == expected.len() && sorted(answer) == sorted(expected)
        }
        (answer, expected) => answer == expected,
    }
}

/// Whether it is a reconfig.
fn asks_reconfig(txn: &Transaction) -> bool {
    matches!(txn.request.op(), Some(Op::Reconfig { .. }))
}

/// The committed transactions, up to the first that nobody proposed (which a rule reports).
fn committed<'r>(replication: &Replication<'r>) -> Vec<(&'r Transaction, NoteIndex, NoteIndex)> {
    let mut path = vec![];
    let mut history = replication.committed;
    while history != History::EMPTY {
        path.push(history);
        history = replication.histories.parent(history);
    }
    let described = path.iter().rev().map_while(|history| replication.histories.proposal(*history));
    described.enumerate().map(|(at, (txn, proposed))| (txn, proposed, replication.committed_at[at + 1])).collect()
}

/// When each session was first said to be expired.
fn first_expiries(replication: &Replication<'_>) -> BTreeMap<SessionId, NoteIndex> {
    let mut first = BTreeMap::new();
    for expiry in &replication.expiries {
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
