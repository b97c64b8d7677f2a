//! A value that several clients share, set only by whoever has seen its latest version (SharedValue). Never an older
//! value after a newer one.

use std::collections::BTreeMap;
use std::sync::Arc;

use zookeeper_words::fact::{Belief, ConnectionState};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply, Stat};

use super::create::{self, Creation, Parents, Spec};
use super::store::Fence;
use super::{Answer, CallError, CallId, Notice, RecipeContext, Tries};

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
    NotStarted(CallError),
    /// The value was set.
    Set {
        /// What it replaced.
        from: Versioned,
    },
    /// It was not: another version is there, which is the present value now. With unknown tries it may be this one's
    /// own (trySetVersion returns false all the same).
    Superseded {
        /// The tries.
        tries: Tries,
    },
    /// Nobody knows, or the node is gone.
    Failed {
        /// What went wrong with the last try.
        error: CallError,
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
enum Purpose {
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
    purposes: BTreeMap<CallId, Purpose>,
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
            purposes: BTreeMap::new(),
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
    pub fn start(&mut self, context: &mut RecipeContext) {
        let data = self.current.data.clone();
        if let Fence::Everything(_) = self.fence {
            let call = context.call(self.fence.guard(Op::create(self.path.clone(), data, CreateMode::Persistent)));
            self.purposes.insert(call, Purpose::Make);
            return;
        }
        let spec = Spec { path: self.path.clone(), data, mode: CreateMode::Persistent, protection: None, parents: Parents::Containers };
        self.creation = Some(Creation::start(spec, context));
    }

    /// What is known of the value.
    pub fn current(&self) -> &Versioned {
        &self.current
    }

    /// Its node.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts `data` in the place of `from`, if that is still there. Panics while another set is under way: this blocks
    /// its caller in Curator.
    pub fn try_set(&mut self, from: &Versioned, data: Data, context: &mut RecipeContext) -> Asked {
        assert!(!self.is_setting(), "one set must end before the next");
        if from.zxid != self.current.zxid || from.data != self.current.data {
            return Asked::Stale;
        }
        if from.version == -1 {
            return Asked::Unversioned;
        }
        let version = if self.is_blind { -1 } else { from.version };
        let call = context.call(self.fence.guard(Op::SetData { path: self.path.clone(), data: data.clone(), version }));
        self.purposes.insert(call, Purpose::Set { from: from.clone(), data });
        Asked::Yes
    }

    /// Whether a set is under way.
    pub fn is_setting(&self) -> bool {
        self.purposes.values().any(|purpose| matches!(purpose, Purpose::Set { .. } | Purpose::Lost { .. }))
    }

    /// Nothing is heard any more.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Outcome> {
        match notice {
            Notice::Done { call, answer } => match self.purposes.remove(call) {
                Some(purpose) if !self.is_closed => self.on_answer(purpose, answer, context),
                Some(_) => None,
                None => self.on_creation(notice, context),
            },
            Notice::Watched(event) if event.path == self.path && !self.is_closed => self.read(Purpose::Refresh, context),
            Notice::Connection(ConnectionState::Connected | ConnectionState::Reconnected) if self.is_started() => self.read(Purpose::Refresh, context),
            Notice::Watched(_) | Notice::Connection(_) | Notice::Closed => None,
        }
    }

    fn is_started(&self) -> bool {
        self.current.zxid.is_some() && !self.is_closed
    }

    fn on_creation(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Outcome> {
        let outcome = self.creation.as_mut()?.on(notice, context)?;
        self.creation = None;
        match outcome {
            create::Outcome::Created { tries, .. } => context.conclude(&self.path, &tries, Belief::Applied),
            // Whoever made it, it is there.
            create::Outcome::Failed { error: CallError::Refused(ErrorCode::NodeExists), tries } => context.conclude(&self.path, &tries, Belief::Superseded),
            create::Outcome::Failed { error, tries } => {
                context.conclude(&self.path, &tries, Belief::Undecided);
                return Some(Outcome::NotStarted(error));
            }
        }
        self.read(Purpose::Start, context)
    }

    fn on_answer(&mut self, purpose: Purpose, answer: &Answer, context: &mut RecipeContext) -> Option<Outcome> {
        // Behind a fence the answer is the last of two.
        let result = match &answer.result {
            Ok(Reply::Multi(results)) => Ok(results.last().and_then(|last| last.as_ref().ok()).expect("a multi that succeeded has a reply an operation")),
            result => result.as_ref(),
        };
        let seen = match result {
            Ok(Reply::Data { data, stat }) => self.update(stat, data),
            Ok(_) | Err(_) => false,
        };
        match (purpose, result) {
            (Purpose::Make, Ok(_) | Err(CallError::Refused(ErrorCode::NodeExists))) => self.read(Purpose::Start, context),
            (Purpose::Make, Err(error)) => Some(Outcome::NotStarted(*error)),
            (Purpose::Start, Ok(_)) => Some(Outcome::Started),
            (Purpose::Start, Err(error)) => Some(Outcome::NotStarted(*error)),
            (Purpose::Set { from, data }, Ok(Reply::Stat(stat))) => {
                context.conclude(&self.path, &answer.tries, Belief::Applied);
                self.update(stat, &data);
                Some(Outcome::Set { from })
            }
            (Purpose::Set { .. }, Err(CallError::Refused(ErrorCode::BadVersion))) => {
                context.conclude(&self.path, &answer.tries, Belief::Superseded);
                self.read(Purpose::Lost { tries: answer.tries }, context)
            }
            (Purpose::Set { .. }, Err(error)) => {
                context.conclude(&self.path, &answer.tries, Belief::Undecided);
                Some(Outcome::Failed { error: *error, tries: answer.tries })
            }
            (Purpose::Lost { tries }, Ok(_)) => Some(Outcome::Superseded { tries }),
            (Purpose::Lost { tries }, Err(error)) => Some(Outcome::Failed { error: *error, tries }),
            // What a refresh could not read is read after the next reconnection.
            (Purpose::Refresh, _) => seen.then_some(Outcome::Changed),
            (Purpose::Set { .. }, Ok(reply)) => unreachable!("setData was answered with {reply:?}"),
        }
    }

    fn read(&mut self, purpose: Purpose, context: &mut RecipeContext) -> Option<Outcome> {
        let call = context.call(Op::GetData { path: self.path.clone(), watch: true });
        self.purposes.insert(call, purpose);
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
