//! Reading handles so that nobody removes them (getAndLock, getAllAndLock): the own lock first, then the content. Never
//! a handle without a lock of this store; but a lock that an earlier session of it left dies with that session.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Reply};

use super::{LOCK_DATA, Release, StateHandleStore};
use crate::curator::{CallError, CallId, Notice, RecipeContext};

/// How often all handles are read again because some came or went meanwhile. Flink reads for ever.
pub const SCANS_MAX: u32 = 100;

/// How a read ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// The handle, which is locked now.
    Got {
        /// The node's content.
        data: Data,
    },
    /// There is none, or somebody is removing it (NotExistException).
    Missing,
    /// It could not be read.
    Failed(CallError),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Locking {
        call: CallId,
    },
    Reading {
        call: CallId,
    },
    /// What could not be read is not locked either.
    Releasing {
        release: Release,
        got: Got,
    },
}

/// The read of one handle at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetAndLock {
    store: StateHandleStore,
    name: String,
    step: Step,
}

impl GetAndLock {
    /// Begins to read one handle.
    pub fn start(store: &StateHandleStore, name: &str, context: &mut RecipeContext) -> GetAndLock {
        let (path, data) = (store.own_lock(name), Some(Arc::from(LOCK_DATA)));
        let lock = Op::Create { path, data, mode: CreateMode::Ephemeral, acl: zookeeper_words::service::acl::open(), stat: true };
        GetAndLock { store: store.clone(), name: name.into(), step: Step::Locking { call: context.call(store.fence.guard(lock)) } }
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Got> {
        if let Step::Releasing { release, got } = &mut self.step {
            // Flink fails with the first trouble, whatever becomes of the lock.
            return release.on(notice).map(|_| got.clone());
        }
        let Notice::Done { call: ended, answer } = notice else { return None };
        match &self.step {
            Step::Locking { call } if call == ended => match answer.result {
                // NodeExists: this store has locked it already.
                Ok(_) | Err(CallError::Refused(ErrorCode::NodeExists)) => {
                    self.step = Step::Reading { call: context.call(Op::GetData { path: self.store.path(&self.name), watch: false }) };
                    None
                }
                Err(CallError::Refused(ErrorCode::NoNode)) => Some(Got::Missing),
                Err(error) => Some(Got::Failed(error)),
            },
            Step::Reading { call } if call == ended => match &answer.result {
                Ok(Reply::Data { data, .. }) => Some(Got::Got { data: data.clone() }),
                Ok(reply) => unreachable!("getData was answered with {reply:?}"),
                Err(CallError::Refused(ErrorCode::NoNode)) => self.release(Got::Missing, context),
                Err(error) => self.release(Got::Failed(*error), context),
            },
            Step::Locking { .. } | Step::Reading { .. } | Step::Releasing { .. } => None,
        }
    }

    fn release(&mut self, got: Got, context: &mut RecipeContext) -> Option<Got> {
        self.step = Step::Releasing { release: Release::start(&self.store, &self.name, context), got };
        None
    }
}

/// How the read of all handles ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Everything {
    /// All that there are, by name: nothing came or went while they were read.
    All(BTreeMap<String, Data>),
    /// They could not be read, or, without an error, they changed [`SCANS_MAX`] times.
    Failed(Option<CallError>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scan {
    /// How many changes have there been below the directory? Before the read, or after it.
    Counting {
        call: CallId,
        before: Option<i32>,
    },
    Listing {
        call: CallId,
        before: i32,
    },
    Reading {
        get: GetAndLock,
        before: i32,
    },
}

/// The read of all handles at work (recovery after a failover).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetAllAndLock {
    store: StateHandleStore,
    scan: Scan,
    /// Still to be read, last first.
    names: Vec<Arc<str>>,
    all: BTreeMap<String, Data>,
    scans: u32,
    /// A handle that was listed and could not be locked, and how many changes there had been then.
    missing: (i32, BTreeSet<Arc<str>>),
}

impl GetAllAndLock {
    /// Begins to read all handles.
    pub fn start(store: &StateHandleStore, context: &mut RecipeContext) -> GetAllAndLock {
        let scan = Scan::Counting { call: count(store, context), before: None };
        GetAllAndLock { store: store.clone(), scan, names: Vec::new(), all: BTreeMap::new(), scans: 1, missing: (0, BTreeSet::new()) }
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Everything> {
        if let Scan::Reading { get, before } = &mut self.scan {
            let before = *before;
            return match get.on(notice, context)? {
                Got::Got { data } => {
                    let name = self.names.pop().expect("a handle is read by its name");
                    self.all.insert(name.to_string(), data);
                    self.read(before, context)
                }
                Got::Missing => self.miss(before, context),
                Got::Failed(error) => Some(Everything::Failed(Some(error))),
            };
        }
        let Notice::Done { call: ended, answer } = notice else { return None };
        match (&self.scan, &answer.result) {
            (Scan::Counting { call, .. } | Scan::Listing { call, .. }, _) if call != ended => None,
            (Scan::Counting { before: None, .. }, Ok(Reply::Stat(stat))) => {
                let call = context.call(Op::GetChildren { path: self.store.root.clone(), watch: false, stat: true });
                self.scan = Scan::Listing { call, before: stat.cversion };
                None
            }
            // Whoever has no directory has no handles.
            (Scan::Counting { before: None, .. }, Err(CallError::Refused(ErrorCode::NoNode))) => Some(Everything::All(BTreeMap::new())),
            (Scan::Counting { before: Some(before), .. }, Ok(Reply::Stat(stat))) if stat.cversion == *before => {
                Some(Everything::All(std::mem::take(&mut self.all)))
            }
            (Scan::Counting { before: Some(_), .. }, Ok(_) | Err(CallError::Refused(ErrorCode::NoNode))) => self.again(context),
            (Scan::Listing { before, .. }, Ok(Reply::Children { names, .. })) => {
                let before = *before;
                self.names = names.iter().rev().cloned().collect();
                self.read(before, context)
            }
            (Scan::Listing { .. }, Err(CallError::Refused(ErrorCode::NoNode))) => self.again(context),
            (Scan::Counting { .. } | Scan::Listing { .. } | Scan::Reading { .. }, Err(error)) => Some(Everything::Failed(Some(*error))),
            (scan, Ok(reply)) => unreachable!("{scan:?} was answered with {reply:?}"),
        }
    }

    /// Reads the next handle, or sees whether the list is still true.
    fn read(&mut self, before: i32, context: &mut RecipeContext) -> Option<Everything> {
        self.scan = match self.names.last() {
            Some(name) => Scan::Reading { get: GetAndLock::start(&self.store, name, context), before },
            None => Scan::Counting { call: count(&self.store, context), before: Some(before) },
        };
        None
    }

    /// A handle is being removed: once more. If nothing has changed since it was missed before, whoever removed it is
    /// gone and has left it half done: then it is none (FLINK-26987).
    fn miss(&mut self, before: i32, context: &mut RecipeContext) -> Option<Everything> {
        let name = self.names.last().expect("a handle is read by its name").clone();
        if self.missing.0 != before {
            self.missing = (before, BTreeSet::new());
        }
        if !self.missing.1.insert(name) {
            self.names.pop();
            return self.read(before, context);
        }
        self.again(context)
    }

    /// Something came or went: once more. What is locked stays so, as it will be read again.
    fn again(&mut self, context: &mut RecipeContext) -> Option<Everything> {
        if self.scans >= SCANS_MAX {
            return Some(Everything::Failed(None));
        }
        let scans = self.scans + 1;
        let missing = std::mem::take(&mut self.missing);
        *self = GetAllAndLock { scans, missing, ..GetAllAndLock::start(&self.store, context) };
        None
    }
}

fn count(store: &StateHandleStore, context: &mut RecipeContext) -> CallId {
    context.call(Op::Exists { path: store.root.clone(), watch: false })
}
