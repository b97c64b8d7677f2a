//! Reaping: containers and nodes with a time to live that a leader takes away.

use std::collections::{BTreeMap, BTreeSet};

use judging::Heard;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::ids::Epoch;
use zookeeper_words::service::{CreateMode, Op, Path, Transaction};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note};

/// A node that may be reaped.
#[derive(Clone, Copy)]
struct Mortal {
    is_container: bool,
    epoch: Epoch,
}

#[derive(Default)]
pub(super) struct Reaping {
    made: BTreeMap<Path, Mortal>,
    reaped: BTreeSet<Path>,
}

impl Reaping {
    fn proposed(&mut self, txn: &Transaction, hits: &mut Hits<'_, '_>) {
        match txn.request.op() {
            Some(Op::Create { path, mode, .. }) if txn.error.is_none() => {
                let is_container = *mode == CreateMode::Container;
                if is_container || matches!(mode, CreateMode::PersistentWithTtl(_)) {
                    self.made.insert(path.clone(), Mortal { is_container, epoch: txn.zxid.epoch() });
                    hits.mark_if(Mark::ContainerAgain, is_container && self.reaped.remove(path));
                }
            }
            Some(Op::DeleteContainer { path }) if txn.xid.0 == 0 => {
                if txn.error.is_some() {
                    return hits.mark(Mark::ReapRefused);
                }
                let Some(mortal) = self.made.remove(path) else { return };
                hits.mark(if mortal.is_container { Mark::ContainerReaped } else { Mark::TtlReaped });
                hits.mark_if(Mark::ReapedByNext, mortal.epoch < txn.zxid.epoch());
                self.reaped.insert(path.clone());
            }
            Some(_) | None => {}
        }
    }
}

impl Fold for Reaping {
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        if let Heard::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. })) = note.what {
            self.proposed(txn, hits);
        }
    }
}
