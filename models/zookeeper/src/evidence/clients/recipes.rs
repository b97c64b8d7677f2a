//! What recipes said of themselves, each with the requests and states that it rests on. It lists; the rules judge.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::fact::{Conclusion, Mirror, RecipeFact, RequestId, Retry};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::Op;

/// A client said that its node is the lowest of a lock or an election.
#[derive(Clone, Copy, Debug)]
pub struct Acquired<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub directory: &'r str,
    pub node: &'r str,
    /// The read that told it.
    pub read: Option<usize>,
    /// Its last read of the node itself.
    pub own: Option<usize>,
}

/// A client moved a counter.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub path: &'r str,
    pub from: u64,
    pub to: u64,
    /// The write that did it.
    pub write: Option<usize>,
}

/// A client said what its cache shows.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub mirror: &'r Mirror,
    /// The latest state of which it had got a reply.
    pub seen: Zxid,
    /// The last state that a sync of its session had been answered from.
    pub synced: Option<Zxid>,
}

/// All of it.
#[derive(Default)]
pub struct Recipes<'r> {
    /// Claims to be first.
    pub acquired: Vec<Acquired<'r>>,
    /// Steps of counters.
    pub counted: Vec<Counted<'r>>,
    /// Elements that were taken from queues.
    pub taken: Vec<(NoteIndex, MachineId, &'r str)>,
    /// What authors took for true of writes whose outcome is unknown.
    pub concluded: Vec<(NoteIndex, MachineId, &'r Conclusion)>,
    /// Searches for what protected creates may have left, by the path of the create and the request that was answered.
    pub searched: Vec<(NoteIndex, MachineId, &'r str, RequestId)>,
    /// What caches showed.
    pub mirrored: Vec<Mirrored<'r>>,
    /// Requests that were sent once more.
    pub retried: Vec<(NoteIndex, MachineId, Retry)>,
    /// The later tries of a call, by its first.
    later: BTreeMap<RequestId, Vec<RequestId>>,
    /// By client and node: the last list of its children that came back well.
    last_list: BTreeMap<(MachineId, &'r str), usize>,
    /// The last setData.
    last_set: BTreeMap<(MachineId, &'r str), usize>,
    /// The last getData.
    last_get: BTreeMap<(MachineId, &'r str), usize>,
    /// By client: the latest state of which it had got a reply.
    seen: BTreeMap<MachineId, Zxid>,
    /// The state that its session's last sync was answered from.
    synced: BTreeMap<MachineId, Zxid>,
}

impl<'r> Recipes<'r> {
    /// A client got a new session.
    pub(super) fn began(&mut self, machine: MachineId) {
        self.synced.remove(&machine);
    }

    /// A request of a client was answered from a state.
    pub(super) fn answered(&mut self, machine: MachineId, request: usize, op: &'r Op, zxid: Zxid, is_ok: bool) {
        let seen = self.seen.entry(machine).or_default();
        *seen = (*seen).max(zxid);
        if !is_ok {
            return;
        }
        match op {
            Op::GetChildren { path, .. } => drop(self.last_list.insert((machine, path), request)),
            Op::SetData { path, .. } => drop(self.last_set.insert((machine, path), request)),
            Op::GetData { path, .. } => drop(self.last_get.insert((machine, path), request)),
            Op::Sync { .. } => drop(self.synced.insert(machine, zxid)),
            _ => {}
        }
    }

    /// A request was sent once more.
    pub(super) fn retried(&mut self, at: NoteIndex, machine: MachineId, retry: Retry) {
        self.retried.push((at, machine, retry));
        self.later.entry(retry.first).or_default().push(retry.again);
    }

    /// A recipe said something of itself.
    pub(super) fn said(&mut self, at: NoteIndex, machine: MachineId, fact: &'r RecipeFact) {
        match fact {
            RecipeFact::Acquired { path, node } => {
                let read = self.last_list.get(&(machine, path.as_str())).copied();
                let own = self.last_get.get(&(machine, node.as_str())).copied();
                self.acquired.push(Acquired { note: at, machine, directory: path, node, read, own });
            }
            RecipeFact::Counted { path, from, to } => {
                // A write confirms one step; the next step needs its own.
                let write = self.last_set.remove(&(machine, path.as_str()));
                self.counted.push(Counted { note: at, machine, path, from: *from, to: *to, write });
            }
            RecipeFact::Taken { node } => self.taken.push((at, machine, node)),
            RecipeFact::Concluded(conclusion) => self.concluded.push((at, machine, conclusion)),
            RecipeFact::Searched { path, request } => self.searched.push((at, machine, path, *request)),
            RecipeFact::Mirrored(mirror) => {
                let (seen, synced) = (self.seen.get(&machine).copied().unwrap_or_default(), self.synced.get(&machine).copied());
                self.mirrored.push(Mirrored { note: at, machine, mirror, seen, synced });
            }
            RecipeFact::Released { .. } | RecipeFact::Queued { .. } | RecipeFact::Passed { .. } => {}
        }
    }

    /// All tries of a call, by its first.
    pub fn tries(&self, first: RequestId) -> impl Iterator<Item = RequestId> {
        std::iter::once(first).chain(self.later.get(&first).into_iter().flatten().copied())
    }
}
