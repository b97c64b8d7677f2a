//! Who leads by a latch. In the order of zxids there is one leader at a time, which `service.lock-exclusive` judges: each claim was made in a state in which the node was the lowest, and no other node is the lowest before that one is gone.
//!
//! A latch that takes its own node away for a newer one is waived, and counted: see `is_own_doing`.
//!
//! In real time two may believe to lead, as nobody can tell a leader at once that it is expired. So a belief is judged by what its owner knows: the state of its connection, and every reply that it gets.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::fact::ConnectionState;
use zookeeper_words::service::{EventKind, Op, Reply};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::evidence::clients::recipes::Acquired;
use crate::evidence::curators::{Said, Statement};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "curator.latch-exclusive",
    law: "A latch begins to lead on a connection, after it has read that its node is there and its own session's; and it leads no more from the step on in which it is LOST, or SUSPENDED unless it tolerates that, or shown a state in which its node is gone.",
    source: "Curator 5: LeaderLatch.handleStateChange, checkLeadership; CURATOR-696",
    scope: "curator",
    side: Side::Safety,
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

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut states: BTreeMap<MachineId, ConnectionState> = BTreeMap::new();
    let mut terms: BTreeMap<MachineId, Term<'_>> = BTreeMap::new();
    for Statement { note, machine, said } in &evidence.curators.statements {
        let Some(setting) = evidence.users.curator(*machine).filter(|setting| setting.has_latch) else { continue };
        let at_ns = evidence.at_ns(*note);
        match said {
            Said::Begins => {
                states.remove(machine);
                terms.remove(machine);
                continue;
            }
            Said::Paused | Said::Resumed => continue, // It says nothing, so it is not late.
            Said::Attached { .. } | Said::Expired | Said::Closes | Said::Tells(_) => {}
            Said::IsShown(_) | Said::Leads { .. } | Said::Resigns | Said::Other => {}
        }
        if let Some(term) = terms.get(machine)
            && let Some((due_ns, why)) = term.due.filter(|(ns, _)| at_ns > *ns)
        {
            finding.judge(false, || format!("{machine} leads on by {} at {}, though it {why} at {due_ns} ns", term.node, evidence.when(*note)));
            terms.remove(machine);
        }
        match said {
            Said::Tells(state) => {
                states.insert(*machine, *state);
                let why = match state {
                    ConnectionState::Connected | ConnectionState::Reconnected => continue,
                    ConnectionState::Suspended if setting.tolerates_suspended => continue,
                    ConnectionState::Suspended => "was SUSPENDED",
                    ConnectionState::Lost => "was LOST",
                };
                end(&mut terms, *machine, at_ns, why);
            }
            Said::IsShown(zxid) => {
                let shown = || evidence.chain.position(*zxid);
                let gone = terms.get(machine).and_then(|term| term.gone).filter(|gone| shown().is_some_and(|shown| shown >= *gone));
                if let (Some(gone), Some(term)) = (gone, terms.get_mut(machine))
                    && is_own_doing(evidence, *machine, gone)
                {
                    term.gone = None;
                    finding.waive();
                } else if gone.is_some() {
                    end(&mut terms, *machine, at_ns, "was shown that its node is gone");
                }
            }
            Said::Leads { claim } => {
                let state = states.get(machine);
                let claim = &evidence.clients.recipes.acquired[*claim];
                let (node, own) = (claim.node, own(evidence, claim));
                let is_connected = matches!(state, Some(ConnectionState::Connected | ConnectionState::Reconnected));
                finding.judge(is_connected && own.is_some(), || {
                    let read = if own.is_some() { "its own" } else { "not its own, or nothing that it had read" };
                    format!("{machine} begins to lead by {node} at {}, when it is {state:?} and the node is {read}", evidence.when(*note))
                });
                let gone = own.and_then(|from| evidence.chain.changes.data(node).find(|(position, kind)| *position > from && *kind == EventKind::NodeDeleted));
                terms.insert(*machine, Term { node, gone: gone.map(|(position, _)| position), due: None });
            }
            Said::Resigns => {
                // In time, or it would have ended above.
                finding.held(u64::from(terms.remove(machine).is_some()));
            }
            Said::Begins | Said::Paused | Said::Resumed => {}
            Said::Attached { .. } | Said::Expired | Said::Closes | Said::Other => {}
        }
    }
    for (machine, term) in &terms {
        let over = term.due.filter(|(ns, _)| evidence.view.end_ns > *ns);
        finding.judge(over.is_none(), || format!("{machine} leads by {} at the end; {over:?}", term.node));
    }
}

/// Whether the latch itself took its node away, for another one of its own: two of its resets were under way at once, and the create of the first came true after that of the second had led.
/// LeaderLatch.setNode deletes the one that leads and leads on; that is no promise of Curator's, and it is not judged.
fn is_own_doing(evidence: &Evidence<'_>, machine: MachineId, gone: Position) -> bool {
    let txn = evidence.chain.steps[gone as usize - 1].txn;
    let is_delete = matches!(txn.request.op(), Some(Op::Delete { .. }));
    is_delete && evidence.clients.find(txn.session, txn.xid).is_some_and(|request| request.machine == machine)
}

fn end(terms: &mut BTreeMap<MachineId, Term<'_>>, machine: MachineId, at_ns: u64, why: &'static str) {
    if let Some(term) = terms.get_mut(&machine) {
        term.due.get_or_insert((at_ns, why));
    }
}

/// The state in which the claimant had read that the node was there and its session's own, which was open then.
fn own(evidence: &Evidence<'_>, claim: &Acquired<'_>) -> Option<Position> {
    let request = &evidence.clients.requests[claim.own?];
    let returned = request.returned?;
    let position = evidence.chain.position(returned.zxid)?;
    let Ok(Reply::Data { stat, .. }) = returned.result else { return None };
    let is_open = evidence.chain.lives.get(&request.session).is_some_and(|life| life.is_open(position));
    (stat.ephemeral_owner == request.session && is_open).then_some(position)
}
