//! Access: lists of who may do what, and who clients show to be.

use std::collections::{BTreeMap, BTreeSet};

use judging::Heard;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{ErrorCode, Op, Reply};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note};

#[derive(Default)]
pub(super) struct Access {
    /// The connection on which a session last showed who it is.
    shown: BTreeMap<SessionId, u32>,
    /// Sessions that pass all lists by.
    supers: BTreeSet<SessionId>,
}

impl Access {
    fn returned(op: &Op, result: &Result<Reply, ErrorCode>, hits: &mut Hits<'_, '_>) {
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
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let Heard::Said(Fact::Client(fact)) = note.what else { return };
        match fact {
            ClientFact::Invoked { session, conn, op, .. } => {
                if let Op::Auth { .. } = **op {
                    let before = self.shown.insert(*session, *conn);
                    hits.mark_if(Mark::AuthAgain, before.is_some_and(|before| before != *conn));
                }
            }
            ClientFact::Returned { session, result, .. } => {
                if let Some(op) = note.ends {
                    match op {
                        Op::Auth { auth, .. } if auth.starts_with("super:") && result.is_ok() => drop(self.supers.insert(*session)),
                        Op::SetData { path, .. } | Op::Delete { path, .. } | Op::SetAcl { path, .. } if result.is_ok() && self.supers.contains(session) => {
                            // The vault of the client that is super is the first.
                            hits.mark_if(Mark::SuperPassed, path.starts_with("/vaults/") && !path.starts_with("/vaults/0"));
                        }
                        _ => {}
                    }
                    Access::returned(op, result, hits);
                }
            }
            _ => {}
        }
    }
}
