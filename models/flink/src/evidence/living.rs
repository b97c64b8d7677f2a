//! Which nodes of checkpoints and plans are there at a note, who has locked them, and which blobs they need. It follows
//! the chain as the notes go by.

use std::collections::{BTreeMap, BTreeSet};

use judging::NoteIndex;
use outside_words::ids::{BlobName, CheckpointId, JobId};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{EventKind, Path};

use super::nodes::{self, Deed, Place};
use super::stream::Stream;

/// A node that refers to blobs: a checkpoint's, or a plan's.
pub type Holder = (JobId, Option<CheckpointId>);

/// What is there.
pub struct Living<'c, 'r> {
    stream: &'c Stream<'r>,
    next: usize,
    /// Locks by holder: each with the session that made it.
    pub locks: BTreeMap<Holder, BTreeMap<Path, SessionId>>,
    /// The nodes that are there.
    pub there: BTreeSet<Holder>,
    /// The blobs to which nodes point.
    pub handles: BTreeMap<Holder, BlobName>,
    /// Who needs a blob.
    needs: BTreeMap<&'r str, BTreeSet<Holder>>,
}

impl<'c, 'r> Living<'c, 'r> {
    /// Nothing yet.
    pub fn new(stream: &'c Stream<'r>) -> Living<'c, 'r> {
        Living { stream, next: 0, locks: BTreeMap::new(), there: BTreeSet::new(), handles: BTreeMap::new(), needs: BTreeMap::new() }
    }

    /// Takes in what was committed before a note; what came to be there, and when, is given back.
    pub fn advance(&mut self, note: NoteIndex) -> Vec<(Holder, NoteIndex)> {
        let mut born = vec![];
        while let Some(deed) = self.stream.nodes.deeds.get(self.next).filter(|deed| deed.committed < note) {
            self.next += 1;
            self.take(deed, &mut born);
        }
        born
    }

    fn take(&mut self, deed: &Deed, born: &mut Vec<(Holder, NoteIndex)>) {
        let holder = match deed.place {
            Place::Plan(job) => (job, None),
            Place::Checkpoint(job, id) => (job, Some(id)),
            Place::Lock(job, id) => {
                let locks = self.locks.entry((job, id)).or_default();
                match (deed.kind, deed.by) {
                    (EventKind::NodeCreated, Some(session)) => drop(locks.insert(Path::clone(&deed.path), session)),
                    (EventKind::NodeDeleted, _) => drop(locks.remove(&deed.path)),
                    _ => {}
                }
                return;
            }
            // Without its node of locks it is marked for deletion: nobody locks or restores it any more (FLINK-26284).
            Place::Directory if deed.kind == EventKind::NodeDeleted => match nodes::of_locks(&deed.path) {
                Some((job, id)) => (job, Some(id)),
                None => return,
            },
            Place::Latch | Place::Counter(_) | Place::Directory | Place::Other => return,
        };
        match deed.kind {
            EventKind::NodeCreated => {
                self.there.insert(holder);
                self.handles.extend(deed.handle.clone().map(|handle| (holder, handle)));
                born.push((holder, deed.committed));
                for name in self.blobs(holder) {
                    self.needs.entry(name).or_default().insert(holder);
                }
            }
            EventKind::NodeDeleted => {
                self.there.remove(&holder);
                for name in self.blobs(holder) {
                    self.needs.entry(name).or_default().remove(&holder);
                }
            }
            EventKind::NodeDataChanged | EventKind::NodeChildrenChanged => {}
        }
    }

    /// The blobs that a checkpoint's node refers to, by its metadata.
    pub fn blobs(&self, holder: Holder) -> Vec<&'r str> {
        let finalized = holder.1.and_then(|id| self.stream.checkpoint(holder.0, id)).and_then(|checkpoint| checkpoint.finalized);
        finalized.into_iter().flat_map(|(_, metadata, blobs)| std::iter::once(&**metadata).chain(blobs.iter().map(|name| &**name))).collect()
    }

    /// The nodes that need a blob.
    pub fn who_needs(&self, name: &str) -> impl Iterator<Item = Holder> {
        self.needs.get(name).into_iter().flatten().copied()
    }
}
