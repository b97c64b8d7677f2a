//! Keyed state as files: all of it anew, or what has changed since a checkpoint that is known to be complete, with the
//! older files referred to again. Never a file of a checkpoint that may have come to nothing (INC-PLACEHOLDER).

use std::collections::BTreeMap;

use flink_words::ids::KeyGroup;
use outside::codec::{digest, encode};
use outside_words::ids::CheckpointId;

use crate::snapshot::{Handle, KeyedFile};
use crate::state::GroupState;

/// How many files make up a state at most; more are written as one anew.
const FILES_MAX: usize = 8;

/// The files of a checkpoint, and what each group's state in them is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The files.
    pub files: Vec<KeyedFile>,
    /// A digest of each group's state.
    pub groups: BTreeMap<KeyGroup, u64>,
}

impl Base {
    /// What of it the snapshots after it refer to as well, in the same files. RocksDB's files are so by nature: one
    /// that is compacted away never comes back.
    pub fn without_changed(&self, later: &[&Base]) -> Base {
        let mut base = self.clone();
        base.groups.retain(|group, _| later.iter().all(|snapshot| snapshot.file_of(*group) == self.file_of(*group)));
        base
    }

    fn file_of(&self, group: KeyGroup) -> Option<&Handle> {
        self.files.iter().find(|file| file.groups.contains(&group)).map(|file| &file.handle)
    }
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The groups in it.
    pub groups: Vec<KeyGroup>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The digest of each group's state.
pub fn digests(groups: &BTreeMap<KeyGroup, GroupState>) -> BTreeMap<KeyGroup, u64> {
    groups.iter().map(|(group, state)| (*group, digest(&encode(state)))).collect()
}

/// The older files that still hold something, and what is not in them. Without a base everything is written.
pub fn difference(groups: &BTreeMap<KeyGroup, GroupState>, now: &BTreeMap<KeyGroup, u64>, base: Option<&Base>) -> (Vec<KeyedFile>, Option<Written>) {
    let mut kept: Vec<KeyedFile> = Vec::new();
    if let Some(base) = base {
        let is_same = |group: &KeyGroup| now.contains_key(group) && now.get(group) == base.groups.get(group);
        for file in &base.files {
            let groups: Vec<KeyGroup> = file.groups.iter().copied().filter(is_same).collect();
            if !groups.is_empty() {
                kept.push(KeyedFile { groups, ..file.clone() });
            }
        }
    }
    if kept.len() >= FILES_MAX {
        kept.clear();
    }
    let is_kept = |group: &KeyGroup| kept.iter().any(|file| file.groups.contains(group));
    let changed: BTreeMap<KeyGroup, &GroupState> = groups.iter().filter(|(group, _)| !is_kept(group)).map(|(group, state)| (*group, state)).collect();
    let written = (!changed.is_empty()).then(|| Written { groups: changed.keys().copied().collect(), bytes: encode(&changed) });
    (kept, written)
}

/// A file of keyed state.
pub fn file(groups: Vec<KeyGroup>, handle: Handle, created: CheckpointId, shared: bool) -> KeyedFile {
    KeyedFile { groups, handle, created, shared }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(values: &[(u16, u8)]) -> BTreeMap<KeyGroup, GroupState> {
        let group = |value: u8| GroupState { entries: [((0, vec![]), vec![value])].into(), ..GroupState::default() };
        values.iter().map(|(number, value)| (KeyGroup(*number), group(*value))).collect()
    }

    #[test]
    fn a_file_that_a_later_snapshot_has_left_is_not_referred_to() {
        let groups = state(&[(1, 1), (2, 2)]);
        let of = |name: &str, checkpoint| {
            let handle = Handle::Blob { name: name.into(), bytes: 1, digest: 1 };
            Base { files: vec![file(vec![KeyGroup(1), KeyGroup(2)], handle, CheckpointId(checkpoint), true)], groups: digests(&groups) }
        };
        let base = of("first", 1);
        assert_eq!(base.without_changed(&[&of("first", 1)]), base);
        // The second was begun before the first was known to be complete, and has a file of its own with the same
        // content.
        assert!(base.without_changed(&[&of("first", 1), &of("second", 2)]).groups.is_empty());
    }

    #[test]
    fn what_has_not_changed_is_referred_to_and_what_is_gone_is_not() {
        let before = state(&[(1, 1), (2, 2), (3, 3)]);
        let now_before = digests(&before);
        let (kept, written) = difference(&before, &now_before, None);
        let written = written.expect("everything is new");
        assert_eq!((kept.len(), written.groups.len()), (0, 3));
        let first = file(written.groups, Handle::Inline(written.bytes.into()), CheckpointId(1), true);
        let base = Base { files: vec![first], groups: now_before };
        let after = state(&[(1, 1), (2, 7)]);
        let (kept, written) = difference(&after, &digests(&after), Some(&base));
        assert_eq!(kept[0].groups, [KeyGroup(1)]);
        assert_eq!(written.expect("one has changed").groups, [KeyGroup(2)]);
    }
}
