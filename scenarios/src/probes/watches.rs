//! Watches: fired, and restored after a change of connection.

use std::collections::BTreeMap;

use vocab::fact::{ClientFact, Fact};
use vocab::ids::{MachineId, Xid};
use vocab::recording::Note;
use vocab::service::{EventKind, Op};

use super::ensemble::Ensemble;
use super::table::Mark;
use super::{Fold, Hits};

#[derive(Default)]
pub(super) struct Watches {
    /// setWatches under way, by client: on which connection.
    restoring: BTreeMap<MachineId, u32>,
}

impl Fold for Watches {
    fn see(&mut self, note: &Note<Fact>, _: &Ensemble<'_>, hits: &mut Hits) {
        let Fact::Client(fact) = &note.fact else { return };
        match fact {
            ClientFact::Invoked { conn, op, .. } => {
                if let Op::SetWatches { data, exist, child, .. } = &**op
                    && !(data.is_empty() && exist.is_empty() && child.is_empty())
                {
                    self.restoring.insert(note.machine, *conn);
                }
            }
            ClientFact::Returned { conn, xid: Xid::SET_WATCHES, result: Ok(_), .. } => {
                hits.mark_if(Mark::WatchesRestored, self.restoring.remove(&note.machine) == Some(*conn));
            }
            ClientFact::Watched { conn, event, .. } => {
                hits.mark(Mark::WatchFired);
                hits.mark_if(Mark::WatchCreated, event.kind == EventKind::NodeCreated);
                // Nothing else can be watched yet on a connection that waits for its first answer.
                hits.mark_if(Mark::WatchCaughtUp, self.restoring.get(&note.machine) == Some(conn));
            }
            _ => {}
        }
    }
}
