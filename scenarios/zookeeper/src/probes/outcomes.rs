//! Outcomes: what became of requests whose reply was lost.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use contract::recording::Ending;
use judging::Heard;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Op, Path};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note};

type Asked = (SessionId, Xid);

#[derive(Default)]
pub(super) struct Outcomes {
    /// Writes that a leader proposed.
    proposed: BTreeMap<Zxid, Asked>,
    /// All writes that were ever proposed, or committed.
    reached: BTreeSet<Asked>,
    done: BTreeSet<Asked>,
    /// Writes of unknown outcome.
    unknown: BTreeSet<Asked>,
    /// Creates of unknown outcome, by client and place.
    dark: BTreeSet<(MachineId, Path)>,
}

impl Outcomes {
    fn committed(&mut self, asked: Asked, hits: &mut Hits<'_, '_>) {
        self.done.insert(asked);
        hits.mark_if(Mark::UnknownLate, self.unknown.contains(&asked));
    }

    fn replica(&mut self, fact: &ReplicaFact, hits: &mut Hits<'_, '_>) {
        match fact {
            ReplicaFact::Proposed { txn, .. } if txn.xid.0 > 0 => {
                self.reached.insert((txn.session, txn.xid));
                self.proposed.insert(txn.zxid, (txn.session, txn.xid));
            }
            ReplicaFact::Committed { zxid, .. } => {
                if let Some(asked) = self.proposed.remove(zxid) {
                    self.committed(asked, hits);
                }
            }
            // Later leaders have none of these in their histories, or they have and say so when they deliver them.
            ReplicaFact::Delivered { zxid, .. } => {
                if let Some(asked) = self.proposed.remove(zxid) {
                    self.committed(asked, hits);
                }
            }
            ReplicaFact::Truncated { to, .. } => {
                let cut = self.proposed.range((std::ops::Bound::Excluded(*to), std::ops::Bound::Unbounded));
                hits.mark_if(Mark::UnknownVanished, cut.into_iter().any(|(_, asked)| self.unknown.contains(asked) && !self.done.contains(asked)));
            }
            _ => {}
        }
    }

    /// A write of a client's has ended.
    fn ended(&mut self, client: MachineId, op: &Op, fact: &ClientFact, hits: &mut Hits<'_, '_>) {
        match fact {
            ClientFact::Returned { result: Err(ErrorCode::NodeExists), .. } => {
                if let Op::Create { path, .. } = op {
                    hits.mark_if(Mark::ExistsAfterUnknown, self.dark.contains(&(client, path.clone())));
                }
            }
            ClientFact::Unknown { session, xid } => {
                let asked = (*session, *xid);
                hits.mark_if(Mark::UnknownDone, self.done.contains(&asked));
                self.unknown.insert(asked);
                if let Op::Create { path, .. } = op {
                    self.dark.insert((client, path.clone()));
                }
            }
            _ => {}
        }
    }

    /// What was never proposed by the end never will be.
    pub(super) fn end(&self, ending: &Ending, hits: &mut Hits<'_, '_>) {
        let never = self.unknown.iter().any(|asked| !self.reached.contains(asked));
        hits.mark_if(Mark::UnknownNever, never && *ending == Ending::Finished);
    }
}

impl Fold for Outcomes {
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::World(_) | Heard::Else => {}
            Heard::Said(Fact::Replica(fact)) => self.replica(fact, hits),
            Heard::Said(Fact::Client(fact)) => {
                if let Some(op) = note.ends.filter(|op| op.is_write()) {
                    self.ended(note.machine, op, fact, hits);
                }
            }
        }
    }
}
