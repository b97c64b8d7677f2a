//! Keyed state with its timers: by key and namespace, ordered by key group, with a note of what has changed. Never what
//! a value means.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use flink_words::ids::KeyGroup;
use flink_words::state::{GroupDigest, TimeDomain};
use outside::codec::{decode, encode};
use outside_words::data::{EventTime, Field};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::job::Placement;
use crate::job::partition::{group_of, range_of};
use crate::state::{GroupState, Timer};

/// Every operator keeps one value a key and namespace: state number 0.
const ONLY_STATE: u8 = 0;

/// Timers of one kind of time: when, whose, in which namespace; the group is a function of the key.
type Timers = BTreeSet<(EventTime, Field, i64, KeyGroup)>;

/// The keyed state of an operator's subtask.
#[derive(Clone, Debug)]
pub(super) struct Keyed<V> {
    max_parallelism: u16,
    owned: RangeInclusive<u16>,
    values: BTreeMap<(KeyGroup, Field, i64), V>,
    event_timers: Timers,
    processing_timers: Timers,
    /// Since the last [`Keyed::mark_saved`].
    changed: BTreeSet<KeyGroup>,
    /// Since the last [`Keyed::digests`].
    undigested: BTreeSet<KeyGroup>,
    digests: BTreeMap<KeyGroup, GroupDigest>,
    /// The group that was noted last, if it is in both of these sets: a record touches one group several times.
    noted: Option<KeyGroup>,
    /// A group of somebody else's that was touched: a record went astray.
    stray: Option<KeyGroup>,
}

impl<V: Clone + Default + Serialize + DeserializeOwned> Keyed<V> {
    pub fn new(placement: Placement) -> Keyed<V> {
        Keyed {
            max_parallelism: placement.max_parallelism,
            owned: range_of(placement.index, placement.parallelism, placement.max_parallelism),
            values: BTreeMap::new(),
            event_timers: Timers::new(),
            processing_timers: Timers::new(),
            changed: BTreeSet::new(),
            undigested: BTreeSet::new(),
            digests: BTreeMap::new(),
            noted: None,
            stray: None,
        }
    }

    /// The group of a key that is about to change.
    fn touch(&mut self, key: &Field) -> KeyGroup {
        let group = group_of(std::slice::from_ref(key), self.max_parallelism);
        self.note(group);
        group
    }

    fn note(&mut self, group: KeyGroup) {
        if !self.owned.contains(&group.0) {
            self.stray = Some(group);
        }
        if self.noted != Some(group) {
            self.noted = Some(group);
            self.changed.insert(group);
            self.undigested.insert(group);
        }
    }

    /// The value of a key in a namespace, to be changed; a fresh one if there is none.
    pub fn entry(&mut self, key: &Field, space: i64) -> &mut V {
        let group = self.touch(key);
        self.values.entry((group, key.clone(), space)).or_default()
    }

    /// The same, where a fresh value comes with an event-time timer.
    pub fn entry_until(&mut self, key: &Field, space: i64, at: EventTime) -> &mut V {
        let group = self.touch(key);
        match self.values.entry((group, key.clone(), space)) {
            Entry::Occupied(value) => value.into_mut(),
            Entry::Vacant(place) => {
                self.event_timers.insert((at, key.clone(), space, group));
                place.insert(V::default())
            }
        }
    }

    /// The value of a key in a namespace, to be changed, if there is one.
    pub fn existing(&mut self, key: &Field, space: i64) -> Option<&mut V> {
        let group = self.touch(key);
        self.values.get_mut(&(group, key.clone(), space))
    }

    /// Takes a value away.
    pub fn take(&mut self, key: &Field, space: i64) -> Option<V> {
        let group = self.touch(key);
        self.values.remove(&(group, key.clone(), space))
    }

    fn timers(&mut self, domain: TimeDomain) -> &mut Timers {
        match domain {
            TimeDomain::EventTime => &mut self.event_timers,
            TimeDomain::ProcessingTime => &mut self.processing_timers,
        }
    }

    /// Sets a timer; the same one twice is one.
    pub fn set_timer(&mut self, domain: TimeDomain, at: EventTime, key: &Field, space: i64) {
        let group = self.touch(key);
        self.timers(domain).insert((at, key.clone(), space, group));
    }

    /// Takes a timer back.
    pub fn delete_timer(&mut self, domain: TimeDomain, at: EventTime, key: &Field, space: i64) {
        let group = self.touch(key);
        self.timers(domain).remove(&(at, key.clone(), space, group));
    }

    /// Takes the first timer that is due, if one is: in the order of times, then of keys.
    pub fn take_due(&mut self, domain: TimeDomain, until: EventTime) -> Option<(EventTime, Field, i64)> {
        if self.timers(domain).first()?.0 > until {
            return None;
        }
        let (at, key, space, group) = self.timers(domain).pop_first()?;
        self.note(group);
        Some((at, key, space))
    }

    /// When the first timer is due.
    pub fn next_timer(&self, domain: TimeDomain) -> Option<EventTime> {
        let timers = match domain {
            TimeDomain::EventTime => &self.event_timers,
            TimeDomain::ProcessingTime => &self.processing_timers,
        };
        timers.first().map(|(at, ..)| *at)
    }

    /// All keys with a timer of this kind, in the order of the timers.
    pub fn keys_with_timers(&self, domain: TimeDomain) -> Vec<(EventTime, Field, i64)> {
        let timers = match domain {
            TimeDomain::EventTime => &self.event_timers,
            TimeDomain::ProcessingTime => &self.processing_timers,
        };
        timers.iter().map(|(at, key, space, _)| (*at, key.clone(), *space)).collect()
    }

    /// The state of all groups, or of some, as it is saved. Groups without any are left out.
    pub fn groups(&self, only: Option<&BTreeSet<KeyGroup>>) -> BTreeMap<KeyGroup, GroupState> {
        let wanted = |group: &KeyGroup| only.is_none_or(|only| only.contains(group));
        let mut groups: BTreeMap<KeyGroup, GroupState> = BTreeMap::new();
        for ((group, key, space), value) in self.values.iter().filter(|((group, ..), _)| wanted(group)) {
            let entry = (ONLY_STATE, vec![key.clone(), Field::Int(*space)]);
            groups.entry(*group).or_default().entries.insert(entry, encode(value));
        }
        for (domain, timers) in [(TimeDomain::EventTime, &self.event_timers), (TimeDomain::ProcessingTime, &self.processing_timers)] {
            for (at, key, space, group) in timers.iter().filter(|(.., group)| wanted(group)) {
                let timer = Timer { domain, at: *at, key: vec![key.clone(), Field::Int(*space)] };
                groups.entry(*group).or_default().timers.insert(timer);
            }
        }
        groups
    }

    /// Takes saved state. Groups of somebody else's are a mistake of the caller's, which [`Keyed::check`] tells.
    pub fn restore(&mut self, groups: BTreeMap<KeyGroup, GroupState>) {
        for (group, state) in groups {
            self.note(group);
            for ((_, key), bytes) in state.entries {
                let (key, space) = key_of(key);
                self.values.insert((group, key, space), decode(&bytes).expect("state is restored as its operator saved it"));
            }
            for Timer { domain, at, key } in state.timers {
                let (key, space) = key_of(key);
                self.timers(domain).insert((at, key, space, group));
            }
        }
        // What was restored is written already.
        self.mark_saved();
    }

    pub fn changed(&self) -> &BTreeSet<KeyGroup> {
        &self.changed
    }

    pub fn mark_saved(&mut self) {
        self.noted = None;
        self.changed.clear();
    }

    pub fn mark_changed(&mut self, groups: &BTreeSet<KeyGroup>) {
        self.changed.extend(groups);
    }

    /// A digest of each group that has state; only what has changed is computed anew.
    pub fn digests(&mut self) -> Vec<GroupDigest> {
        self.noted = None;
        let undigested = std::mem::take(&mut self.undigested);
        let mut fresh = self.groups(Some(&undigested));
        for group in undigested {
            match fresh.remove(&group) {
                Some(state) => self.digests.insert(group, state.digest(group)),
                None => self.digests.remove(&group),
            };
        }
        self.digests.values().copied().collect()
    }

    /// Every group that was ever touched is its own.
    pub fn check(&self) -> Result<(), String> {
        match self.stray {
            Some(group) => Err(format!("a key of group {} was touched, where {:?} are owned", group.0, self.owned)),
            None => Ok(()),
        }
    }
}

/// A key and its namespace, as [`Keyed::groups`] wrote them.
fn key_of(fields: Vec<Field>) -> (Field, i64) {
    match <[Field; 2]>::try_from(fields) {
        Ok([key, Field::Int(space)]) => (key, space),
        Ok([_, Field::Text(_)]) | Err(_) => panic!("state must be restored as its operator saved it: a key and a namespace"),
    }
}
