//! Who leads by a latch. In the order of zxids there is one leader at a time, which `service.lock-exclusive` judges: each claim was made in a state in which the node was the lowest, and no other node is the lowest before that one is gone.
//!
//! A latch that takes its own node away for a newer one is waived, and counted: see `is_own_doing`.
//!
//! In real time two may believe to lead, as nobody can tell a leader at once that it is expired. So a belief is judged by what its owner knows: the state of its connection, and every reply that it gets.

use std::collections::BTreeMap;

use vocab::fact::{ClientFact, ConnectionState, Fact, RecipeFact};
use vocab::ids::MachineId;
use vocab::service::{EventKind, Op, Reply};

use super::{begins_anew, setting_of};
use crate::case::Case;
use crate::case::clients::Acquired;
use crate::case::course::Position;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "curator.latch-exclusive",
    law: "A latch begins to lead on a connection, after it has read that its node is there and its own session's; and it leads no more from the step on in which it is LOST, or SUSPENDED unless it tolerates that, or shown a state in which its node is gone.",
    source: "Curator 5: LeaderLatch.handleStateChange, checkLeadership; CURATOR-696; catalogue, HA-ONE-LEADER and HA-SUSPEND",
    footing: Footing::Chain,
    check,
};

/// A latch that leads.
#[derive(Clone, Copy, Debug)]
struct Term<'r> {
    node: &'r str,
    /// The state in which its node is gone, if it ever is.
    gone: Option<Position>,
    /// It must end in the step at this time, and why.
    due: Option<(u64, &'static str)>,
}

fn check(case: &Case<'_>, finding: &mut Finding) {
    let claims: BTreeMap<u32, &Acquired<'_>> = case.clients.acquired.iter().map(|acquired| (acquired.note, acquired)).collect();
    let mut states: BTreeMap<MachineId, ConnectionState> = BTreeMap::new();
    let mut terms: BTreeMap<MachineId, Term<'_>> = BTreeMap::new();
    for (at, note) in case.recording.notes.iter().enumerate() {
        let Some(setting) = setting_of(case, note.machine).filter(|setting| setting.has_latch) else { continue };
        if begins_anew(&note.fact) {
            states.remove(&note.machine);
            terms.remove(&note.machine);
            continue;
        }
        let Fact::Client(fact) = &note.fact else { continue };
        if let Some(term) = terms.get(&note.machine)
            && let Some((due_ns, why)) = term.due.filter(|(ns, _)| note.at_ns > *ns)
        {
            finding.judge(false, || format!("{} leads on by {} at {}, though it {why} at {} ns", note.machine, term.node, case.when(at as u32), due_ns));
            terms.remove(&note.machine);
        }
        match fact {
            ClientFact::Connection(state) => {
                states.insert(note.machine, *state);
                let why = match state {
                    ConnectionState::Connected | ConnectionState::Reconnected => continue,
                    ConnectionState::Suspended if setting.tolerates_suspended => continue,
                    ConnectionState::Suspended => "was SUSPENDED",
                    ConnectionState::Lost => "was LOST",
                };
                end(&mut terms, note.machine, note.at_ns, why);
            }
            ClientFact::Returned { zxid, .. } => {
                let shown = || case.course.position(*zxid);
                let gone = terms.get(&note.machine).and_then(|term| term.gone).filter(|gone| shown().is_some_and(|shown| shown >= *gone));
                if let (Some(gone), Some(term)) = (gone, terms.get_mut(&note.machine))
                    && is_own_doing(case, note.machine, gone)
                {
                    term.gone = None;
                    finding.waive();
                } else if gone.is_some() {
                    end(&mut terms, note.machine, note.at_ns, "was shown that its node is gone");
                }
            }
            ClientFact::Recipe(RecipeFact::Acquired { node, .. }) => {
                let state = states.get(&note.machine);
                let claim = claims.get(&(at as u32)).copied();
                let own = claim.and_then(|claim| own(case, claim));
                let is_connected = matches!(state, Some(ConnectionState::Connected | ConnectionState::Reconnected));
                finding.judge(is_connected && own.is_some(), || {
                    let read = if own.is_some() { "its own" } else { "not its own, or nothing that it had read" };
                    format!("{} begins to lead by {node} at {}, when it is {state:?} and the node is {read}", note.machine, case.when(at as u32))
                });
                let gone = own.and_then(|from| case.course.changes.data(node).find(|(position, kind)| *position > from && *kind == EventKind::NodeDeleted));
                terms.insert(note.machine, Term { node, gone: gone.map(|(position, _)| position), due: None });
            }
            ClientFact::Recipe(RecipeFact::Released { .. }) => {
                // In time, or it would have ended above.
                finding.held(u64::from(terms.remove(&note.machine).is_some()));
            }
            _ => {}
        }
    }
    for (machine, term) in &terms {
        let over = term.due.filter(|(ns, _)| case.recording.end_ns > *ns);
        finding.judge(over.is_none(), || format!("{machine} leads by {} at the end; {over:?}", term.node));
    }
}

/// Whether the latch itself took its node away, for another one of its own: two of its resets were under way at once, and the create of the first came true after that of the second had led.
/// LeaderLatch.setNode deletes the one that leads and leads on; that is no promise of Curator's, and it is not judged.
fn is_own_doing(case: &Case<'_>, machine: MachineId, gone: Position) -> bool {
    let txn = case.course.steps[gone as usize - 1].txn;
    let is_delete = matches!(txn.request.op(), Some(Op::Delete { .. }));
    is_delete && case.clients.find(txn.session, txn.xid).is_some_and(|request| request.machine == machine)
}

fn end(terms: &mut BTreeMap<MachineId, Term<'_>>, machine: MachineId, at_ns: u64, why: &'static str) {
    if let Some(term) = terms.get_mut(&machine) {
        term.due.get_or_insert((at_ns, why));
    }
}

/// The state in which the claimant had read that the node was there and its session's own, which was open then.
fn own(case: &Case<'_>, claim: &Acquired<'_>) -> Option<Position> {
    let request = &case.clients.requests[claim.own?];
    let returned = request.returned?;
    let position = case.course.position(returned.zxid)?;
    let Ok(Reply::Data { stat, .. }) = returned.result else { return None };
    let is_open = case.course.lives.get(&request.session).is_some_and(|life| life.is_open(position));
    (stat.ephemeral_owner == request.session && is_open).then_some(position)
}
