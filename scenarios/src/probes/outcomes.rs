//! Outcomes: what became of requests whose reply was lost.

use std::collections::{BTreeMap, BTreeSet};

use vocab::fact::{ClientFact, Fact, ReplicaFact};
use vocab::ids::{MachineId, SessionId, Xid, Zxid};
use vocab::recording::{Ending, Note, Recording};
use vocab::service::{ErrorCode, Op, Path};

use super::ensemble::Ensemble;
use super::table::Mark;
use super::{Fold, Hits};

type Asked = (SessionId, Xid);

#[derive(Default)]
pub(super) struct Outcomes {
    /// Writes under way, and where a create among them was to be.
    pending: BTreeMap<Asked, Option<Path>>,
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
    fn committed(&mut self, asked: Asked, hits: &mut Hits) {
        self.done.insert(asked);
        hits.mark_if(Mark::UnknownLate, self.unknown.contains(&asked));
    }

    fn replica(&mut self, fact: &ReplicaFact, hits: &mut Hits) {
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

    fn client(&mut self, client: MachineId, fact: &ClientFact, hits: &mut Hits) {
        match fact {
            ClientFact::Invoked { session, xid, op, .. } if op.is_write() => {
                let place = if let Op::Create { path, .. } = &**op { Some(path.clone()) } else { None };
                self.pending.insert((*session, *xid), place);
            }
            ClientFact::Returned { session, xid, result, .. } => {
                let Some(place) = self.pending.remove(&(*session, *xid)) else { return };
                if let (Err(ErrorCode::NodeExists), Some(path)) = (result, place) {
                    hits.mark_if(Mark::ExistsAfterUnknown, self.dark.contains(&(client, path)));
                }
            }
            ClientFact::Unknown { session, xid } => {
                let asked = (*session, *xid);
                let Some(place) = self.pending.remove(&asked) else { return };
                hits.mark_if(Mark::UnknownDone, self.done.contains(&asked));
                self.unknown.insert(asked);
                if let Some(path) = place {
                    self.dark.insert((client, path));
                }
            }
            _ => {}
        }
    }

    /// What was never proposed by the end never will be.
    pub(super) fn end(&self, recording: &Recording, hits: &mut Hits) {
        let never = self.unknown.iter().any(|asked| !self.reached.contains(asked));
        hits.mark_if(Mark::UnknownNever, never && recording.ending == Ending::Finished);
    }
}

impl Fold for Outcomes {
    fn see(&mut self, note: &Note<Fact>, _: &Ensemble<'_>, hits: &mut Hits) {
        match &note.fact {
            Fact::World(_) | Fact::Stream(_) => {}
            Fact::Replica(fact) => self.replica(fact, hits),
            Fact::Client(fact) => self.client(note.machine, fact, hits),
        }
    }
}
