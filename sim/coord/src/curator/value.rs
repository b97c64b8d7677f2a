//! A value that several clients share, set only by whoever has seen its latest version (SharedValue). Never an older value after a newer one.

use std::collections::BTreeMap;
use std::sync::Arc;

use vocab::fact::{Belief, ConnectionState};
use vocab::ids::Zxid;
use vocab::service::{CreateMode, Data, ErrorCode, Op, Path, Reply, Stat};

use super::create::{self, Creation, Parents, Spec};
use super::store::Fence;
use super::{Answer, CallId, Failure, Told, Tries, Turn};

/// A value with the version by which it can be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The transaction that set it; none for a seed that nobody has read back.
    pub zxid: Option<Zxid>,
    /// The node's data version. -1 would match any, so that such a value cannot be replaced.
    pub version: i32,
    /// The content.
    pub data: Data,
}

/// What the application learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The node is there and its value is known.
    Started,
    /// The node cannot be made or read.
    NotStarted(Failure),
    /// The value was set.
    Set {
        /// What it replaced.
        from: Versioned,
    },
    /// It was not: another version is there, which is the present value now. With unknown tries it may be this one's own (trySetVersion returns false all the same).
    Superseded {
        /// The tries.
        tries: Tries,
    },
    /// Nobody knows, or the node is gone.
    Failed {
        /// Why.
        failure: Failure,
        /// The tries.
        tries: Tries,
    },
    /// A watch or a reconnection has shown a newer value.
    Changed,
}

/// Whether a value can be set at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The request is under way.
    Yes,
    /// There is a newer value than the one to be replaced; nothing was sent.
    Stale,
    /// Its version is -1, which would match any (IllegalTrySetVersionException; ZOOKEEPER-4743).
    Unversioned,
}

/// Why a call was made.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Errand {
    /// The create, behind a fence.
    Make,
    /// The first read.
    Start,
    /// A set, and what it replaces.
    Set { from: Versioned, data: Data },
    /// The read after a set that lost.
    Lost { tries: Tries },
    /// The read after an event or a reconnection.
    Refresh,
}

/// The value.
#[derive(Clone, Debug)]
pub struct SharedValue {
    path: Path,
    current: Versioned,
    creation: Option<Creation>,
    errands: BTreeMap<CallId, Errand>,
    is_closed: bool,
    /// A plant: sets match any version.
    is_blind: bool,
    /// What a write checks first.
    fence: Fence,
}

impl SharedValue {
    /// A value that is `seed` where there is no node yet.
    pub fn new(path: Path, seed: Data) -> SharedValue {
        SharedValue {
            path,
            current: Versioned { zxid: None, version: -1, data: seed },
            creation: None,
            errands: BTreeMap::new(),
            is_closed: false,
            is_blind: false,
            fence: Fence::None,
        }
    }

    /// Lets every write check this first. The node is then made without its parents, which must be there.
    pub fn fenced(mut self, fence: Fence) -> SharedValue {
        self.fence = fence;
        self
    }

    /// Sets whatever the version is: a plant, by which updates are lost.
    pub fn blind(mut self) -> SharedValue {
        self.is_blind = true;
        self
    }

    /// Makes the node if need be, with containers for its parents, and reads it.
    pub fn start(&mut self, turn: &mut Turn) {
        let data = self.current.data.clone();
        if let Fence::Everything(_) = self.fence {
            let call = turn.call(self.fence.guard(Op::create(self.path.clone(), data, CreateMode::Persistent)));
            self.errands.insert(call, Errand::Make);
            return;
        }
        let spec = Spec { path: self.path.clone(), data, mode: CreateMode::Persistent, protection: None, parents: Parents::Containers };
        self.creation = Some(Creation::start(spec, turn));
    }

    /// What is known of the value.
    pub fn current(&self) -> &Versioned {
        &self.current
    }

    /// Its node.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts `data` in the place of `from`, if that is still there. Panics while another set is under way: this blocks its caller in Curator.
    pub fn try_set(&mut self, from: &Versioned, data: Data, turn: &mut Turn) -> Asked {
        assert!(!self.is_setting(), "one set must end before the next");
        if from.zxid != self.current.zxid || from.data != self.current.data {
            return Asked::Stale;
        }
        if from.version == -1 {
            return Asked::Unversioned;
        }
        let version = if self.is_blind { -1 } else { from.version };
        let call = turn.call(self.fence.guard(Op::SetData { path: self.path.clone(), data: data.clone(), version }));
        self.errands.insert(call, Errand::Set { from: from.clone(), data });
        Asked::Yes
    }

    /// Whether a set is under way.
    pub fn is_setting(&self) -> bool {
        self.errands.values().any(|errand| matches!(errand, Errand::Set { .. } | Errand::Lost { .. }))
    }

    /// Nothing is heard any more.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Takes what the owner was told.
    pub fn on(&mut self, told: &Told, turn: &mut Turn) -> Option<Outcome> {
        match told {
            Told::Done { call, answer } => match self.errands.remove(call) {
                Some(errand) if !self.is_closed => self.on_errand(errand, answer, turn),
                Some(_) => None,
                None => self.on_creation(told, turn),
            },
            Told::Watched(event) if event.path == self.path && !self.is_closed => self.read(Errand::Refresh, turn),
            Told::Connection(ConnectionState::Connected | ConnectionState::Reconnected) if self.is_started() => self.read(Errand::Refresh, turn),
            Told::Watched(_) | Told::Connection(_) | Told::Closed => None,
        }
    }

    fn is_started(&self) -> bool {
        self.current.zxid.is_some() && !self.is_closed
    }

    fn on_creation(&mut self, told: &Told, turn: &mut Turn) -> Option<Outcome> {
        let outcome = self.creation.as_mut()?.on(told, turn)?;
        self.creation = None;
        match outcome {
            create::Outcome::Created { tries, .. } => turn.conclude(&self.path, &tries, Belief::Applied),
            // Whoever made it, it is there.
            create::Outcome::Failed { failure: Failure::Error(ErrorCode::NodeExists), tries } => turn.conclude(&self.path, &tries, Belief::Superseded),
            create::Outcome::Failed { failure, tries } => {
                turn.conclude(&self.path, &tries, Belief::Undecided);
                return Some(Outcome::NotStarted(failure));
            }
        }
        self.read(Errand::Start, turn)
    }

    fn on_errand(&mut self, errand: Errand, answer: &Answer, turn: &mut Turn) -> Option<Outcome> {
        // Behind a fence the answer is the last of two.
        let result = match &answer.result {
            Ok(Reply::Multi(results)) => Ok(results.last().and_then(|last| last.as_ref().ok()).expect("a multi that succeeded has a reply an operation")),
            result => result.as_ref(),
        };
        let seen = match result {
            Ok(Reply::Data { data, stat }) => self.update(stat, data),
            Ok(_) | Err(_) => false,
        };
        match (errand, result) {
            (Errand::Make, Ok(_) | Err(Failure::Error(ErrorCode::NodeExists))) => self.read(Errand::Start, turn),
            (Errand::Make, Err(failure)) => Some(Outcome::NotStarted(*failure)),
            (Errand::Start, Ok(_)) => Some(Outcome::Started),
            (Errand::Start, Err(failure)) => Some(Outcome::NotStarted(*failure)),
            (Errand::Set { from, data }, Ok(Reply::Stat(stat))) => {
                turn.conclude(&self.path, &answer.tries, Belief::Applied);
                self.update(stat, &data);
                Some(Outcome::Set { from })
            }
            (Errand::Set { .. }, Err(Failure::Error(ErrorCode::BadVersion))) => {
                turn.conclude(&self.path, &answer.tries, Belief::Superseded);
                self.read(Errand::Lost { tries: answer.tries }, turn)
            }
            (Errand::Set { .. }, Err(failure)) => {
                turn.conclude(&self.path, &answer.tries, Belief::Undecided);
                Some(Outcome::Failed { failure: *failure, tries: answer.tries })
            }
            (Errand::Lost { tries }, Ok(_)) => Some(Outcome::Superseded { tries }),
            (Errand::Lost { tries }, Err(failure)) => Some(Outcome::Failed { failure: *failure, tries }),
            // What a refresh could not read is read after the next reconnection.
            (Errand::Refresh, _) => seen.then_some(Outcome::Changed),
            (Errand::Set { .. }, Ok(reply)) => unreachable!("setData was answered with {reply:?}"),
        }
    }

    fn read(&mut self, errand: Errand, turn: &mut Turn) -> Option<Outcome> {
        let call = turn.call(Op::GetData { path: self.path.clone(), watch: true });
        self.errands.insert(call, errand);
        None
    }

    /// Takes a newer value for the present one; says whether it is.
    fn update(&mut self, stat: &Stat, data: &Data) -> bool {
        let is_newer = self.current.zxid.is_none_or(|zxid| stat.mzxid > zxid);
        if is_newer {
            self.current = Versioned { zxid: Some(stat.mzxid), version: stat.version, data: data.clone() };
        }
        is_newer
    }
}

/// A number as SharedCount keeps it: four bytes, big-endian.
pub fn count_data(count: i32) -> Data {
    Some(Arc::from(count.to_be_bytes()))
}

/// The number in a node, if it is one.
pub fn count_of(data: &Data) -> Option<i32> {
    data.as_deref().and_then(|data| data.try_into().ok()).map(i32::from_be_bytes)
}
