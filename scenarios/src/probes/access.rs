//! Access: lists of who may do what, and who clients show to be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vocab::fact::{ClientFact, Fact};
use vocab::ids::{MachineId, SessionId, Xid};
use vocab::recording::Note;
use vocab::service::{ErrorCode, Op, Reply};

use super::ensemble::Ensemble;
use super::table::Mark;
use super::{Fold, Hits};

#[derive(Default)]
pub(super) struct Access {
    pending: BTreeMap<(MachineId, u32, Xid), Arc<Op>>,
    /// The connection on which a session last showed who it is.
    shown: BTreeMap<SessionId, u32>,
    /// Sessions that pass all lists by.
    supers: BTreeSet<SessionId>,
}

impl Access {
    fn returned(op: &Op, result: &Result<Reply, ErrorCode>, hits: &mut Hits) {
        match (op, result) {
            (op, Err(ErrorCode::NoAuth)) => hits.mark(if op.is_write() { Mark::AclRefusedWrite } else { Mark::AclRefusedRead }),
            (_, Err(ErrorCode::InvalidAcl)) => hits.mark(Mark::AclInvalid),
            (Op::SetAcl { .. }, Ok(_)) => hits.mark(Mark::AclChanged),
            (Op::Multi(_), Ok(Reply::Multi(results))) => hits.mark_if(Mark::AclRefusedMulti, results.contains(&Err(ErrorCode::NoAuth))),
            (Op::MultiRead(_), Ok(Reply::Multi(results))) => {
                hits.mark(Mark::MultiRead);
                hits.mark_if(Mark::MultiReadMixed, results.iter().any(Result::is_ok) && results.iter().any(Result::is_err));
            }
            (Op::GetAcl { .. }, Ok(Reply::Acl { acl, .. })) => {
                hits.mark_if(Mark::AclHidden, acl.iter().any(|acl| &*acl.id.scheme == "digest" && acl.id.id.ends_with(":x")));
            }
            (Op::Auth { .. }, Ok(_)) => hits.mark(Mark::AuthShown),
            (Op::Auth { .. }, Err(_)) => hits.mark(Mark::AuthFailed),
            (Op::WhoAmI, Ok(Reply::Ids(ids))) => hits.mark_if(Mark::SeveralUsers, ids.len() > 2),
            (Op::GetEphemerals { .. }, Ok(Reply::Ephemerals(paths))) => hits.mark_if(Mark::EphemeralsListed, !paths.is_empty()),
            (Op::Create { mode, .. }, Err(ErrorCode::Unimplemented)) => hits.mark_if(Mark::TtlRefused, !mode.is_ephemeral()),
            _ => {}
        }
    }
}

impl Fold for Access {
    fn see(&mut self, note: &Note<Fact>, _: &Ensemble<'_>, hits: &mut Hits) {
        let Fact::Client(fact) = &note.fact else { return };
        match fact {
            ClientFact::Invoked { session, conn, xid, op } => {
                if let Op::Auth { .. } = **op {
                    let before = self.shown.insert(*session, *conn);
                    hits.mark_if(Mark::AuthAgain, before.is_some_and(|before| before != *conn));
                }
                self.pending.insert((note.machine, *conn, *xid), op.clone());
            }
            ClientFact::Returned { session, conn, xid, result, .. } => {
                if let Some(op) = self.pending.remove(&(note.machine, *conn, *xid)) {
                    match &*op {
                        Op::Auth { auth, .. } if auth.starts_with("super:") && result.is_ok() => drop(self.supers.insert(*session)),
                        Op::SetData { path, .. } | Op::Delete { path, .. } | Op::SetAcl { path, .. } if result.is_ok() && self.supers.contains(session) => {
                            // The vault of the client that is super is the first.
                            hits.mark_if(Mark::SuperPassed, path.starts_with("/vaults/") && !path.starts_with("/vaults/0"));
                        }
                        _ => {}
                    }
                    Access::returned(&op, result, hits);
                }
            }
            _ => {}
        }
    }
}
