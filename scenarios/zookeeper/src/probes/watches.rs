//! Watches: fired, lasting, removed, and restored after a change of connection.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::Xid;
use zookeeper_words::service::{AddWatchMode, ErrorCode, EventKind, Op, Path, Reply, WatchEvent};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note};

/// A lasting watch of a connection.
struct Lasting {
    mode: AddWatchMode,
    fired: u32,
}

#[derive(Default)]
pub(super) struct Watches {
    /// setWatches under way, by client: on which connection.
    restoring: BTreeMap<MachineId, u32>,
    /// By client and connection.
    lasting: BTreeMap<(MachineId, u32), BTreeMap<Path, Lasting>>,
}

impl Watches {
    fn returned(&mut self, machine: MachineId, conn: u32, op: &Op, result: &Result<Reply, ErrorCode>, hits: &mut Hits<'_, '_>) {
        match (op, result) {
            (Op::AddWatch { path, mode }, Ok(_)) => {
                let before = self.lasting.entry((machine, conn)).or_default().insert(path.clone(), Lasting { mode: *mode, fired: 0 });
                hits.mark_if(Mark::WatchModes, before.is_some_and(|before| before.mode != *mode));
            }
            (Op::RemoveWatches { path, only_ask: false, .. }, Ok(_)) => {
                hits.mark(Mark::WatchesRemoved);
                self.lasting.entry((machine, conn)).or_default().remove(path);
            }
            (Op::RemoveWatches { .. }, Err(ErrorCode::NoWatcher)) => hits.mark(Mark::WatchesNone),
            (Op::SetWatches { persistent, recursive, .. }, Ok(_)) => {
                hits.mark_if(Mark::LastingRestored, !persistent.is_empty() || !recursive.is_empty());
                let lasting = self.lasting.entry((machine, conn)).or_default();
                lasting.extend(persistent.iter().map(|path| (path.clone(), Lasting { mode: AddWatchMode::Persistent, fired: 0 })));
                lasting.extend(recursive.iter().map(|path| (path.clone(), Lasting { mode: AddWatchMode::PersistentRecursive, fired: 0 })));
            }
            _ => {}
        }
    }

    fn watched(&mut self, machine: MachineId, conn: u32, event: &WatchEvent, hits: &mut Hits<'_, '_>) {
        hits.mark(Mark::WatchFired);
        hits.mark_if(Mark::WatchCreated, event.kind == EventKind::NodeCreated);
        // Nothing else can be watched yet on a connection that waits for its first answer.
        hits.mark_if(Mark::WatchCaughtUp, self.restoring.get(&machine) == Some(&conn));
        let Some(lasting) = self.lasting.get_mut(&(machine, conn)) else { return };
        if let Some(watch) = lasting.get_mut(&event.path) {
            watch.fired += 1;
            hits.mark_if(Mark::LastingFiredTwice, watch.fired == 2);
        }
        let is_below = |path: &str| event.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        hits.mark_if(Mark::RecursiveBelow, lasting.iter().any(|(path, watch)| watch.mode == AddWatchMode::PersistentRecursive && is_below(path)));
    }
}

impl Fold for Watches {
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let Heard::Said(Fact::Client(fact)) = note.what else { return };
        match fact {
            ClientFact::Invoked { conn, op, .. } => {
                if let Op::SetWatches { data, exist, child, .. } = &**op
                    && !(data.is_empty() && exist.is_empty() && child.is_empty())
                {
                    self.restoring.insert(note.machine, *conn);
                }
            }
            ClientFact::Returned { conn, xid, result, .. } => {
                if *xid == Xid::SET_WATCHES && result.is_ok() {
                    hits.mark_if(Mark::WatchesRestored, self.restoring.remove(&note.machine) == Some(*conn));
                }
                if let Some(op) = note.ends {
                    self.returned(note.machine, *conn, op, result, hits);
                }
            }
            ClientFact::Watched { conn, event, .. } => self.watched(note.machine, *conn, event, hits),
            ClientFact::Detached { conn, .. } => {
                self.lasting.remove(&(note.machine, *conn));
            }
            _ => {}
        }
    }
}
