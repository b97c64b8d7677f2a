//! State of operators as plain data: keyed by key group, with its timers; lists; broadcast. How it becomes files, and
//! is cut and merged when the parallelism changes. Never what it means.

pub mod deal;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use flink_words::ids::KeyGroup;
use flink_words::state::{GroupDigest, StateSummary, TimeDomain};
use outside::codec::{digest, encode};
use outside_words::data::{EventTime, Field};
use serde::{Deserialize, Serialize};

/// An operator's whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OperatorState {
    /// Keyed state and timers; groups without any are left out.
    pub groups: BTreeMap<KeyGroup, GroupState>,
    /// List state.
    pub list: Vec<Vec<u8>>,
    /// Union list state.
    pub union: Vec<Vec<u8>>,
    /// Broadcast state.
    pub broadcast: Option<Vec<u8>>,
    /// The watermark, of operators that store theirs.
    pub watermark: Option<EventTime>,
}

/// The keyed state of one key group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupState {
    /// By state's number and key (and namespace, where there is one): the value's bytes.
    pub entries: BTreeMap<(u8, Vec<Field>), Vec<u8>>,
    /// Timers.
    pub timers: BTreeSet<Timer>,
}

/// A timer: one a domain, time and key (InternalTimer).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timer {
    /// Of event time or processing time.
    pub domain: TimeDomain,
    /// When it fires, in ms.
    pub at: EventTime,
    /// The key that it is set for.
    pub key: Vec<Field>,
}

impl GroupState {
    /// Counts, and a digest over all of it, in order.
    pub fn digest(&self, group: KeyGroup) -> GroupDigest {
        GroupDigest { group, entries: self.entries.len() as u32, timers: self.timers.len() as u32, digest: digest(&encode(self)) }
    }
}

impl OperatorState {
    /// The same with the key groups of a range alone.
    pub fn cut(mut self, range: &RangeInclusive<u16>) -> OperatorState {
        self.groups.retain(|group, _| range.contains(&group.0));
        self
    }

    /// The state of several as one: all key groups, of which none may be in two; lists one after the other; of
    /// broadcast state any copy; the least watermark.
    pub fn merge(states: impl IntoIterator<Item = OperatorState>) -> OperatorState {
        let mut whole = OperatorState::default();
        for state in states {
            for (group, state) in state.groups {
                assert!(whole.groups.insert(group, state).is_none(), "key group {} must not have two owners", group.0);
            }
            whole.list.extend(state.list);
            whole.union.extend(state.union);
            whole.broadcast = whole.broadcast.or(state.broadcast);
            whole.watermark = whole.watermark.into_iter().chain(state.watermark).min();
        }
        whole
    }

    /// What a fact says of it: digests. Splits and committables are others' to add.
    pub fn summary(&self) -> StateSummary {
        StateSummary {
            groups: self.groups.iter().map(|(group, state)| state.digest(*group)).collect(),
            list: self.list.iter().map(|element| digest(element)).collect(),
            union: self.union.iter().map(|element| digest(element)).collect(),
            broadcast: self.broadcast.as_deref().map(digest),
            ..StateSummary::default()
        }
    }
}
