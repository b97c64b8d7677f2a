//! State of operators as plain data: keyed by key group, with its timers; lists; broadcast. How it becomes files, and is cut and merged when the parallelism changes. Never what it means.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vocab::stream::data::{EventTime, Field};
use vocab::stream::ids::KeyGroup;
use vocab::stream::state::TimeDomain;

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
    /// Of which time.
    pub domain: TimeDomain,
    /// When, in ms.
    pub at: EventTime,
    /// Whose.
    pub key: Vec<Field>,
}
