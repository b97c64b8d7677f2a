//! The watches of a session as its client keeps them (ZKWatchManager), to have them again after a re-attachment. Never
//! what an application does about an event.

use std::collections::BTreeSet;

use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{AddWatchMode, ErrorCode, EventKind, Op, Path, Reply, WatchEvent, WatcherType};

/// A setWatches is full when its paths reach this length in bytes (ClientCnxn, SET_WATCHES_MAX_LENGTH): a request of
/// more than 1 MB would cost the connection.
pub const SET_WATCHES_BYTES_MAX: usize = 128 * 1024;

/// Watches by path; each path once, however often it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watches {
    data: BTreeSet<Path>,
    exist: BTreeSet<Path>,
    child: BTreeSet<Path>,
    persistent: BTreeSet<Path>,
    recursive: BTreeSet<Path>,
}

impl Watches {
    /// Takes note of the watch that a request left or took off, judging by its outcome.
    pub(super) fn register(&mut self, op: &Op, result: &Result<Reply, ErrorCode>) {
        match op {
            Op::Exists { path, watch: true } if *result == Err(ErrorCode::NoNode) => {
                self.exist.insert(path.clone());
            }
            Op::Exists { path, watch: true } | Op::GetData { path, watch: true } if result.is_ok() => {
                self.data.insert(path.clone());
            }
            Op::GetChildren { path, watch: true, .. } if result.is_ok() => {
                self.child.insert(path.clone());
            }
            Op::AddWatch { path, mode: AddWatchMode::Persistent } if result.is_ok() => {
                self.persistent.insert(path.clone());
            }
            Op::AddWatch { path, mode: AddWatchMode::PersistentRecursive } if result.is_ok() => {
                self.recursive.insert(path.clone());
            }
            Op::RemoveWatches { path, kind, only_ask: false } if result.is_ok() => self.remove(path, *kind),
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => {}
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::SetAcl { .. } | Op::Check { .. } | Op::Multi(_) => {}
            Op::GetAcl { .. } | Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::MultiRead(_) | Op::Sync { .. } | Op::WhoAmI => {}
            Op::SetWatches { .. } | Op::Auth { .. } | Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession => {}
        }
    }

    /// Forgets watches that were taken off.
    fn remove(&mut self, path: &Path, kind: WatcherType) {
        let any = kind == WatcherType::Any;
        if any || kind == WatcherType::Children {
            self.child.remove(path);
        }
        if any || kind == WatcherType::Data {
            self.data.remove(path);
            self.exist.remove(path);
        }
        if any || kind == WatcherType::Persistent {
            self.persistent.remove(path);
        }
        if any || kind == WatcherType::PersistentRecursive {
            self.recursive.remove(path);
        }
    }

    /// Forgets the watches that an event used up (ZKWatchManager.materialize); the lasting ones stay.
    pub(super) fn fire(&mut self, event: &WatchEvent) {
        match event.kind {
            EventKind::NodeCreated | EventKind::NodeDataChanged => {
                self.data.remove(&event.path);
                self.exist.remove(&event.path);
            }
            EventKind::NodeChildrenChanged => {
                self.child.remove(&event.path);
            }
            EventKind::NodeDeleted => {
                self.data.remove(&event.path);
                self.exist.remove(&event.path);
                self.child.remove(&event.path);
            }
        }
    }

    /// The setWatches that a re-attached session begins with: none without watches, several with the same zxid when the
    /// paths are long. One that carries a lasting watch is a setWatches2.
    pub(super) fn rearm(&self, seen: Zxid) -> Vec<Op> {
        let empty = || Chunk { relative: seen, lists: Default::default(), bytes: 0 };
        let (mut chunks, mut chunk) = (Vec::new(), empty());
        for (list, paths) in [&self.data, &self.exist, &self.child, &self.persistent, &self.recursive].into_iter().enumerate() {
            for path in paths {
                chunk.lists[list].push(path.clone());
                chunk.bytes += path.len();
                if chunk.bytes >= SET_WATCHES_BYTES_MAX {
                    chunks.push(std::mem::replace(&mut chunk, empty()).seal());
                }
            }
        }
        if chunk.bytes > 0 {
            chunks.push(chunk.seal());
        }
        // ClientCnxn puts each before what it has put there already.
        chunks.reverse();
        chunks
    }

    pub(super) fn look(&self) -> String {
        let list = |paths: &BTreeSet<Path>| paths.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
        let lasting = format!("persistent [{}], recursive [{}]", list(&self.persistent), list(&self.recursive));
        format!("data [{}], exist [{}], child [{}], {lasting}", list(&self.data), list(&self.exist), list(&self.child))
    }
}

/// A setWatches that is being filled.
struct Chunk {
    relative: Zxid,
    /// data, exist, child, persistent, recursive.
    lists: [Vec<Path>; 5],
    bytes: usize,
}

impl Chunk {
    fn seal(self) -> Op {
        let [data, exist, child, persistent, recursive] = self.lists;
        Op::SetWatches { relative: self.relative, data, exist, child, persistent, recursive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of the five lists of each setWatches.
    fn lengths(watches: &Watches) -> Vec<[usize; 5]> {
        let of = |op: Op| {
            let Op::SetWatches { relative, data, exist, child, persistent, recursive } = op else { panic!("{} re-arms nothing", op.name()) };
            assert_eq!(relative, Zxid(5), "every chunk must ask for the same past");
            [data.len(), exist.len(), child.len(), persistent.len(), recursive.len()]
        };
        watches.rearm(Zxid(5)).into_iter().map(of).collect()
    }

    #[test]
    fn watches_are_kept_by_outcome_and_taken_off_by_kind() {
        let check = |ops: &[(Op, bool)], expected: &[[usize; 5]]| {
            let mut watches = Watches::default();
            ops.iter().for_each(|(op, succeeds)| watches.register(op, &if *succeeds { Ok(Reply::Done) } else { Err(ErrorCode::NoNode) }));
            assert_eq!(lengths(&watches), expected);
        };
        let exists = || Op::Exists { path: "/a".into(), watch: true };
        let children = || Op::GetChildren { path: "/a".into(), watch: true, stat: false };
        let add = |mode| Op::AddWatch { path: "/a".into(), mode };
        let remove = |kind, only_ask| Op::RemoveWatches { path: "/a".into(), kind, only_ask };
        let all = || {
            vec![(exists(), false), (exists(), true), (children(), true), (add(AddWatchMode::Persistent), true), (add(AddWatchMode::PersistentRecursive), true)]
        };
        let but = |kind| [all(), vec![(remove(kind, false), true)]].concat();
        check(&[], &[]);
        check(&all(), &[[1, 1, 1, 1, 1]]);
        check(&[(children(), false), (add(AddWatchMode::Persistent), false)], &[]); // Neither left a watch.
        check(&but(WatcherType::Children), &[[1, 1, 0, 1, 1]]);
        check(&but(WatcherType::Data), &[[0, 0, 1, 1, 1]]); // Watches on missing nodes are data watches too.
        check(&but(WatcherType::Persistent), &[[1, 1, 1, 0, 1]]);
        check(&but(WatcherType::PersistentRecursive), &[[1, 1, 1, 1, 0]]);
        check(&but(WatcherType::Any), &[]);
        check(&[(exists(), true), (remove(WatcherType::Any, true), true)], &[[1, 0, 0, 0, 0]]); // checkWatches takes nothing off.
        check(&[(exists(), true), (remove(WatcherType::Any, false), false)], &[[1, 0, 0, 0, 0]]); // NoWatcher.
    }

    #[test]
    fn an_event_uses_up_what_fires_once() {
        let check = |kind: EventKind, expected: [usize; 5]| {
            let one = || BTreeSet::from(["/a".into()]);
            let mut watches = Watches { data: one(), exist: one(), child: one(), persistent: one(), recursive: one() };
            watches.fire(&WatchEvent { kind, path: "/a".into() });
            assert_eq!(lengths(&watches), [expected]);
        };
        check(EventKind::NodeCreated, [0, 0, 1, 1, 1]);
        check(EventKind::NodeDataChanged, [0, 0, 1, 1, 1]);
        check(EventKind::NodeChildrenChanged, [1, 1, 0, 1, 1]);
        check(EventKind::NodeDeleted, [0, 0, 0, 1, 1]);
    }

    #[test]
    fn long_paths_are_armed_again_in_several_requests() {
        let check = |watches: usize, length: usize, expected: &[usize]| {
            let data = (0..watches).map(|n| Path::from(format!("/{n:0>width$}", width = length - 1))).collect();
            let chunks = Watches { data, ..Watches::default() }.rearm(Zxid(5));
            assert!(chunks.iter().all(|chunk| chunk.name() == "setWatches"));
            assert_eq!(lengths(&Watches { data: chunks.iter().flat_map(paths).collect(), ..Watches::default() }), lengths_of(expected));
        };
        fn paths(op: &Op) -> Vec<Path> {
            let Op::SetWatches { data, .. } = op else { panic!("{} re-arms nothing", op.name()) };
            data.clone()
        }
        fn lengths_of(data: &[usize]) -> Vec<[usize; 5]> {
            data.iter().map(|data| [*data, 0, 0, 0, 0]).collect()
        }
        check(3, 1_000, &[3]);
        check(128, 1_024, &[128]); // Full, and nothing is left.
        check(129, 1_024, &[1, 128]); // The later ones come first.
        check(300, 1_024, &[44, 128, 128]);
    }

    #[test]
    fn lasting_watches_alone_need_set_watches_2() {
        let check = |mode: Option<AddWatchMode>, name: &str| {
            let mut watches = Watches { data: BTreeSet::from(["/a".into()]), ..Watches::default() };
            mode.into_iter().for_each(|mode| watches.register(&Op::AddWatch { path: "/b".into(), mode }, &Ok(Reply::Done)));
            assert_eq!(watches.rearm(Zxid(5)).iter().map(Op::name).collect::<Vec<_>>(), [name]);
        };
        check(None, "setWatches");
        check(Some(AddWatchMode::Persistent), "setWatches2");
        check(Some(AddWatchMode::PersistentRecursive), "setWatches2");
    }
}
