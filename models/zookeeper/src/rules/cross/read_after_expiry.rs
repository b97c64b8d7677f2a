//! Whoever sees that a rival is gone sees all that the rival did: an election over ephemerals rests on it. A client learns of it by an event, or by a read that no longer finds the rival's node.

use std::collections::{BTreeMap, BTreeSet};

use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{ErrorCode, EventKind, Op};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::{Chain, Position};
use crate::evidence::clients::{Clients, Item};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "x.read-after-expiry",
    law: "Once a session was shown that an ephemeral of another is gone, all that it reads is from states after that deletion, and is what they hold.",
    source: "ZooKeeper recipes, leader election; ZooKeeper (USENIX ATC 2010), section 2.3",
    scope: "cross",
    side: Side::Safety,
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

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let wrong: BTreeSet<usize> = evidence.chain.reads.iter().filter(|read| read.instead.is_some()).map(|read| read.request).collect();
    let mut shown: Vec<(NoteIndex, SessionId, Shown)> = vec![];
    for connection in &evidence.clients.connections {
        for item in &connection.items {
            match item {
                Item::Event { note, zxid, event } if event.kind == EventKind::NodeDeleted => {
                    let position = evidence.chain.position(*zxid);
                    let gone = position.and_then(|position| rival_gone(&evidence.chain, &event.path, position, connection.session));
                    shown.extend(gone.map(|gone| (*note, connection.session, Shown::Gone(gone))));
                }
                Item::Answered { request, .. } => shown.extend(read(&evidence.chain, &evidence.clients, *request, &wrong)),
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
                let request = &evidence.clients.requests[request];
                if let Some(since) = gone.get(&session) {
                    finding.judge(position >= *since && right, || {
                        let (from, since) = (evidence.chain.zxid(position), evidence.chain.zxid(*since));
                        format!("{} at {} reads {:?} from {from}, and had seen what {since} deleted be gone", request.machine, evidence.when(note), request.op)
                    });
                }
                if let (Op::Exists { path, .. }, Some(Err(ErrorCode::NoNode))) = (request.op, request.returned.map(|returned| returned.result))
                    && let Some(position) = rival_gone(&evidence.chain, path, position, session)
                {
                    let last = gone.entry(session).or_default();
                    *last = (*last).max(position);
                }
            }
        }
    }
}

fn read(chain: &Chain<'_>, clients: &Clients<'_>, request: usize, wrong: &BTreeSet<usize>) -> Option<(NoteIndex, SessionId, Shown)> {
    let at = request;
    let request = &clients.requests[request];
    let returned = request.returned.filter(|_| !request.op.is_write() && !matches!(request.op, Op::Auth { .. }))?;
    // A refusal is no read.
    if matches!(returned.result, Err(ErrorCode::SessionExpired | ErrorCode::SessionMoved | ErrorCode::NotReadOnly)) {
        return None;
    }
    Some((returned.note, request.session, Shown::Read(at, chain.position(returned.zxid)?, !wrong.contains(&at))))
}

/// The state in which the last node of this path was gone, if it had been an ephemeral of another session.
fn rival_gone(chain: &Chain<'_>, path: &str, at: Position, session: SessionId) -> Option<Position> {
    let (position, kind) = chain.changes.last_data(path, at)?;
    if kind != EventKind::NodeDeleted {
        return None;
    }
    let owner = chain.ephemeral_owner(path, position.checked_sub(1)?)?;
    (owner != session).then_some(position)
}
