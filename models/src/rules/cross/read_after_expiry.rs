//! Whoever sees that a rival is gone sees all that the rival did: an election over ephemerals rests on it. A client learns of it by an event, or by a read that no longer finds the rival's node.

use std::collections::{BTreeMap, BTreeSet};

use vocab::ids::SessionId;
use vocab::service::{ErrorCode, EventKind, Op};

use crate::case::Case;
use crate::case::clients::{Clients, Item};
use crate::case::course::{Course, Position};
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "x.read-after-expiry",
    law: "Once a session was shown that an ephemeral of another is gone, all that it reads is from states after that deletion, and is what they hold.",
    source: "catalogue, X-READ-AFTER-EXPIRY; reference zk_protocol, section 5",
    footing: Footing::Chain,
    check,
};

/// What a session is shown, in time.
enum Shown {
    /// An ephemeral that was deleted by this state.
    Gone(Position),
    /// A read from this state, as the reference has it or not.
    Read(usize, Position, bool),
}

fn check(case: &Case<'_>, finding: &mut Finding) {
    let wrong: BTreeSet<usize> = case.course.reads.iter().filter(|read| read.instead.is_some()).map(|read| read.request).collect();
    let mut shown: Vec<(NoteIndex, SessionId, Shown)> = vec![];
    for connection in &case.clients.connections {
        for item in &connection.items {
            match item {
                Item::Event { note, zxid, event } if event.kind == EventKind::NodeDeleted => {
                    let position = case.course.position(*zxid);
                    let gone = position.and_then(|position| rival_gone(&case.course, &event.path, position, connection.session));
                    shown.extend(gone.map(|gone| (*note, connection.session, Shown::Gone(gone))));
                }
                Item::Answered { request, .. } => shown.extend(read(&case.course, &case.clients, *request, &wrong)),
                Item::Event { .. } | Item::Sent(_) | Item::Unasked { .. } => {}
            }
        }
    }
    shown.sort_by_key(|(note, ..)| *note);
    let mut gone: BTreeMap<SessionId, Position> = BTreeMap::new();
    for (note, session, shown) in shown {
        match shown {
            Shown::Gone(position) => {
                let last = gone.entry(session).or_default();
                *last = (*last).max(position);
            }
            Shown::Read(request, position, right) => {
                let request = &case.clients.requests[request];
                if let Some(since) = gone.get(&session) {
                    finding.judge(position >= *since && right, || {
                        let (from, since) = (case.course.zxid(position), case.course.zxid(*since));
                        format!("{} at {} reads {:?} from {from}, and had seen what {since} deleted be gone", request.machine, case.when(note), request.op)
                    });
                }
                if let (Op::Exists { path, .. }, Some(Err(ErrorCode::NoNode))) = (request.op, request.returned.map(|returned| returned.result))
                    && let Some(position) = rival_gone(&case.course, path, position, session)
                {
                    let last = gone.entry(session).or_default();
                    *last = (*last).max(position);
                }
            }
        }
    }
}

fn read(course: &Course<'_>, clients: &Clients<'_>, request: usize, wrong: &BTreeSet<usize>) -> Option<(NoteIndex, SessionId, Shown)> {
    let at = request;
    let request = &clients.requests[request];
    let returned = request.returned.filter(|_| !request.op.is_write() && !matches!(request.op, Op::Auth { .. }))?;
    // A refusal is no read.
    if matches!(returned.result, Err(ErrorCode::SessionExpired | ErrorCode::SessionMoved | ErrorCode::NotReadOnly)) {
        return None;
    }
    Some((returned.note, request.session, Shown::Read(at, course.position(returned.zxid)?, !wrong.contains(&at))))
}

/// The state in which the last node of this path was gone, if it had been an ephemeral of another session.
fn rival_gone(course: &Course<'_>, path: &str, at: Position, session: SessionId) -> Option<Position> {
    let (position, kind) = course.changes.last_data(path, at)?;
    if kind != EventKind::NodeDeleted {
        return None;
    }
    let owner = course.ephemeral_owner(path, position.checked_sub(1)?)?;
    (owner != session).then_some(position)
}
