//! Which checkpoint used a shared file last (SharedStateRegistry). Never a file given up that a checkpoint which may
//! still be restored needs, nor one of another grant's registry (FLINK-7268).

use std::collections::BTreeMap;

use outside_words::ids::{BlobName, CheckpointId};

use crate::snapshot::SubtaskSnapshot;

/// What is known of shared files under one grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::master) struct Registry {
    /// The last checkpoint that a file was acknowledged for, complete or not: a task may go on using what it uploaded
    /// for a checkpoint that came to nothing (FLINK-24611).
    used: BTreeMap<BlobName, CheckpointId>,
}

impl Registry {
    /// A subtask's part of a checkpoint was acknowledged, or was found at recovery.
    pub fn register(&mut self, checkpoint: CheckpointId, state: &SubtaskSnapshot) {
        for name in shared(state) {
            let used = self.used.entry(name.clone()).or_insert(checkpoint);
            *used = checkpoint.max(*used);
        }
    }

    /// Nothing before `lowest` will ever be restored: the files that nobody has used since are given up
    /// (unregisterUnusedState).
    pub fn give_up_before(&mut self, lowest: CheckpointId) -> Vec<BlobName> {
        let unused: Vec<BlobName> = self.used.iter().filter(|(_, used)| **used < lowest).map(|(name, _)| name.clone()).collect();
        for name in &unused {
            self.used.remove(name);
        }
        unused
    }

    /// The job is over: all files are given up.
    pub fn give_up_all(&mut self) -> Vec<BlobName> {
        std::mem::take(&mut self.used).into_keys().collect()
    }
}

/// The shared files of a subtask's state.
pub(in crate::master) fn shared(state: &SubtaskSnapshot) -> impl Iterator<Item = &BlobName> {
    state.keyed.iter().filter(|file| file.shared).filter_map(|file| file.handle.blob())
}

/// The files that belong to one checkpoint alone.
pub(in crate::master) fn private(state: &SubtaskSnapshot) -> Vec<BlobName> {
    let is_shared: Vec<&BlobName> = shared(state).collect();
    state.handles().filter_map(|handle| handle.blob()).filter(|name| !is_shared.contains(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Handle, KeyedFile};

    fn state(names: &[&str]) -> SubtaskSnapshot {
        let file = |name: &&str| KeyedFile {
            groups: Vec::new(),
            handle: Handle::Blob { name: (*name).into(), bytes: 1, digest: 0 },
            created: CheckpointId(1),
            shared: true,
        };
        SubtaskSnapshot { keyed: names.iter().map(file).collect(), ..SubtaskSnapshot::default() }
    }

    #[test]
    fn a_file_is_given_up_when_no_restorable_checkpoint_uses_it() {
        let check = |uses: &[(u64, &[&str])], lowest: u64, expected: &[&str]| {
            let mut registry = Registry::default();
            for (checkpoint, names) in uses {
                registry.register(CheckpointId(*checkpoint), &state(names));
            }
            let given_up: Vec<String> = registry.give_up_before(CheckpointId(lowest)).iter().map(ToString::to_string).collect();
            assert_eq!(given_up, expected, "{uses:?} before {lowest}");
            assert_eq!(registry.give_up_before(CheckpointId(lowest)), Vec::<BlobName>::new());
        };
        check(&[(1, &["a"]), (2, &["b"])], 2, &["a"]);
        check(&[(1, &["a"]), (2, &["a", "b"])], 2, &[]);
        check(&[(1, &["a"]), (2, &["b"]), (3, &["a"])], 3, &["b"]);
        check(&[(2, &["a"]), (1, &["a"])], 2, &[]); // Acknowledgements of two checkpoints may cross.
    }
}
