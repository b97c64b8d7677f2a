//! A session is served while it lives and no longer, and its client is told that it is over only when it is.

use std::collections::BTreeMap;

use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Op};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::evidence::clients::Item;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.session-alive",
    law: "Nothing is answered, and no event told, from a state in which the session is closed, but the closing itself; and a client is told that its session is no more only after its closing was proposed, or a leader had decided it.",
    source: "ZooKeeper: FinalRequestProcessor (closeSession), Learner.validateSession, SessionTrackerImpl",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let closed = |session: &SessionId| evidence.chain.lives.get(session).and_then(|life| life.closed.first().copied());
    for connection in &evidence.clients.connections {
        let Some(end) = closed(&connection.session) else {
            finding.held(connection.items.len() as u64);
            continue;
        };
        for item in &connection.items {
            let (note, zxid, is_end) = match item {
                Item::Answered { request, .. } => {
                    let request = &evidence.clients.requests[*request];
                    let Some(returned) = request.returned.filter(|_| request.xid != Xid::AUTH) else { continue };
                    let is_over = matches!(returned.result, Err(ErrorCode::SessionExpired | ErrorCode::SessionMoved));
                    (returned.note, returned.zxid, is_over || *request.op == Op::CloseSession)
                }
                Item::Event { note, zxid, .. } => (*note, *zxid, false),
                Item::Sent(_) | Item::Unasked { .. } => continue,
            };
            let Some(position) = evidence.chain.position(zxid) else { continue };
            // What its own end does a connection may still be told.
            let is_event = matches!(item, Item::Event { .. });
            finding.judge(position < end || is_end || is_event && position == end, || {
                let end = evidence.chain.zxid(end);
                format!(
                    "{} in {} is told something from {zxid} at {}, and {end} had closed that session",
                    connection.machine,
                    connection.session,
                    evidence.when(note)
                )
            });
        }
    }
    let seen = Seen::of(evidence);
    for (note, machine, session) in &evidence.clients.expired {
        match verdict(evidence, *session, *note, &seen) {
            None => finding.waive(),
            Some(is_over) => finding.judge(is_over, || format!("{machine} is told at {} that {session} is no more; it lives", evidence.when(*note))),
        }
    }
}

/// Whether a session was over, or about to be, at this note; `None` where whoever said so may not have heard of its beginning.
fn verdict(evidence: &Evidence<'_>, session: SessionId, note: NoteIndex, seen: &Seen) -> Option<bool> {
    let life = evidence.chain.lives.get(&session)?;
    let step = |position: Position| &evidence.chain.steps[position as usize - 1];
    let opened = *life.opened.first()?;
    if is_ending(evidence, session, note) {
        return Some(true);
    }
    // Who has seen what came after the beginning is refused by whoever has not.
    (step(opened).committed < note && seen.before(session, note) >= evidence.chain.zxid(opened)).then_some(false)
}

/// Whether a leader had reason by this note to take a session for over: it had declared it dead, or the client had asked for its end, or that was in the chain.
pub(super) fn is_ending(evidence: &Evidence<'_>, session: SessionId, note: NoteIndex) -> bool {
    let closed = evidence.chain.lives.get(&session).and_then(|life| life.closed.first());
    closed.is_some_and(|closed| evidence.chain.steps[*closed as usize - 1].proposed < note)
        || evidence.replication.expiries.iter().any(|expiry| expiry.session == session && expiry.note < note)
        || evidence.clients.requests.iter().any(|request| request.session == session && *request.op == Op::CloseSession && request.invoked < note)
}

/// What each session had seen by its replies.
struct Seen(BTreeMap<SessionId, Vec<(NoteIndex, Zxid)>>);

impl Seen {
    fn of(evidence: &Evidence<'_>) -> Seen {
        let mut seen: BTreeMap<SessionId, Vec<(NoteIndex, Zxid)>> = BTreeMap::new();
        if !evidence.clients.expired.is_empty() {
            evidence.clients.answered().for_each(|(request, returned)| seen.entry(request.session).or_default().push((returned.note, returned.zxid)));
        }
        Seen(seen)
    }

    fn before(&self, session: SessionId, note: NoteIndex) -> Zxid {
        self.0.get(&session).into_iter().flatten().filter(|(at, _)| *at < note).map(|(_, zxid)| *zxid).max().unwrap_or_default()
    }
}
