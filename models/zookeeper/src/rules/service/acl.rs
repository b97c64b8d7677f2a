//! Nobody gets what a node's list does not allow. It asks the lists alone, at the state that a request found, and knows nothing of the order of errors; nodes that are open to everybody are not counted.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{Acls, Id, Op, Perms, Reply};
use zookeeper_words::settings::Compat;

use super::parts;
use super::watch::report;
use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::evidence::watches::Wrong;
use crate::znode::{acl, path};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.acl",
    law: "No request succeeds, and no event is told, that the list of the node forbids to all identities of the connection; and no digest is shown to whoever may not administer its node.",
    source: "ZooKeeper programmer's guide, access control; CVE-2024-23944",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    finding.held(evidence.watches.closed + evidence.watches.withheld);
    report(evidence, finding, |mismatch| mismatch.wrong == Wrong::Forbidden);
    for (at, step) in evidence.chain.steps.iter().enumerate() {
        // What a multi came to, its client was told.
        let Some(op) = step.txn.request.op() else { continue };
        if step.txn.error.is_none()
            && let Some(holds) = is_allowed(evidence, op, &[], at as Position + 1, &step.txn.ids)
        {
            finding.judge(holds, || {
                let txn = step.txn;
                format!(
                    "{} is {op:?} of {} as {:?}, which the node does not allow (committed at {})",
                    txn.zxid,
                    txn.session,
                    txn.ids,
                    evidence.when(step.committed)
                )
            });
        }
    }
    for (request, returned) in evidence.clients.answered() {
        let (Ok(reply), Some(position)) = (returned.result, evidence.chain.position(returned.zxid)) else { continue };
        let siblings = if let Op::Multi(ops) = request.op { &ops[..] } else { &[] };
        for (op, reply) in parts(request.op, reply) {
            let Some(allowed) = is_allowed(evidence, op, siblings, position, &request.ids_most) else { continue };
            finding.judge(allowed && hides(evidence, op, reply, position, &request.ids_most), || {
                let when = evidence.when(returned.note);
                format!(
                    "{} at {when} gets {reply:?} from {} for {op:?} as {:?}, which the node does not allow",
                    request.machine, returned.zxid, request.ids_most
                )
            });
        }
    }
}

/// Whether the node's list allows an operation that led to this state, with these beside it in a multi, or read it; `None` where everybody may do everything, or no list is asked.
fn is_allowed(evidence: &Evidence<'_>, op: &Op, siblings: &[Op], position: Position, ids: &[Id]) -> Option<bool> {
    let (node, wanted) = wanted(evidence.view.plan.settings.coordination.compat, op)?;
    if !evidence.chain.changes.is_ever_closed(node) {
        return None;
    }
    let found = if op.is_write() { position.checked_sub(1)? } else { position };
    let lists: Vec<Option<Acls>> = match evidence.chain.changes.exists(path::key(node), found) {
        // Within a multi a node may be made again, or made only there.
        true if op.is_write() && evidence.chain.changes.created(node, position) == position => {
            vec![list(evidence, node, found), list(evidence, node, position)]
        }
        true => vec![list(evidence, node, found)],
        false => vec![list(evidence, node, position)],
    };
    if lists.iter().all(Option::is_none) {
        return None;
    }
    // A node that is made and made again within a multi has lists that no state shows.
    let is_given = siblings.iter().any(|sibling| match sibling {
        Op::Create { path, acl, .. } => **path == *node && acl::kept(acl, ids).is_ok_and(|list| acl::allows(&list, wanted, ids)),
        _ => false,
    });
    Some(is_given || lists.iter().any(|list| list.as_ref().is_none_or(|list| acl::allows(list, wanted, ids))))
}

fn list(evidence: &Evidence<'_>, node: &str, at: Position) -> Option<Acls> {
    evidence.chain.changes.closed(node, at)
}

/// What an operation asks of whose list.
fn wanted(compat: Compat, op: &Op) -> Option<(&str, Perms)> {
    match op {
        Op::Create { path, .. } => Some((path::parent(path)?, Perms::CREATE)),
        Op::Delete { path, .. } => Some((path::parent(path)?, Perms::DELETE)),
        Op::SetData { path, .. } => Some((path, Perms::WRITE)),
        Op::SetAcl { path, .. } => Some((path, Perms::ADMIN)),
        Op::GetAcl { path } => Some((path, Perms(Perms::READ.0 | Perms::ADMIN.0))),
        Op::Exists { path, .. } => match compat {
            Compat::V3_8 => None,
            Compat::V3_9 => Some((path, Perms::READ)),
        },
        Op::Check { path, .. } | Op::GetData { path, .. } | Op::GetChildren { path, .. } | Op::GetAllChildrenNumber { path } => Some((path, Perms::READ)),
        Op::Multi(_) | Op::MultiRead(_) | Op::GetEphemerals { .. } | Op::Sync { .. } | Op::WhoAmI | Op::Auth { .. } => None,
        Op::SetWatches { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => None,
        Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession => None,
    }
}

/// Whether a list is shown without its digests to somebody who may not administer the node.
fn hides(evidence: &Evidence<'_>, op: &Op, reply: &Reply, position: Position, ids: &[Id]) -> bool {
    let (Op::GetAcl { path }, Reply::Acl { acl: shown, .. }) = (op, reply) else { return true };
    let may_administer = list(evidence, path, position).is_none_or(|list| acl::allows(&list, Perms::ADMIN, ids));
    may_administer || shown.iter().all(|acl| &*acl.id.scheme != "digest" || acl.id.id.ends_with(":x"))
}
