//! Curator's create (CreateBuilderImpl): with protection, so that a node whose reply was lost is found by its UUID and
//! not made twice; with parents made where they are missing. Never a claim about a node that it did not find: after the
//! last retry a protected node is searched for and deleted.

use std::sync::Arc;

use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::path::{join, own_node, prefix, split};
use super::retry::Retries;
use super::{CallError, CallId, Notice, RecipeContext, Tries, Uuid};

/// What is made of parents that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parents {
    /// Nothing: the create fails.
    Expected,
    /// They are made where they are missing (creatingParentsIfNeeded).
    Persistent,
    /// They are made where they are missing, as containers (creatingParentContainersIfNeeded).
    Containers,
}

/// A node to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Where, without protection's prefix.
    pub path: Path,
    /// The content.
    pub data: Data,
    /// What kind of node.
    pub mode: CreateMode,
    /// By what the node is found again (withProtection).
    pub protection: Option<Uuid>,
    /// What if a parent is missing.
    pub parents: Parents,
}

/// How a create ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The node is there, and it is this create's own.
    Created {
        /// Its path, with the prefix and the number.
        path: Path,
        /// It was found after a lost reply.
        found: bool,
        /// The tries.
        tries: Tries,
    },
    /// It is not, or nobody knows.
    Failed {
        /// What went wrong with the last try.
        error: CallError,
        /// The tries.
        tries: Tries,
    },
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The search for a node that an earlier try may have left.
    Finding,
    /// The create itself; with `parents`, for the second time after they were made.
    Creating { parents: bool },
    /// Which parents are there? From the node up to the root (ZKPaths.mkdirs).
    Asking { at: usize },
    /// The missing ones, from the top down.
    Making { at: usize },
}

/// A create at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    spec: Spec,
    /// The path as it is asked for.
    path: Path,
    step: Step,
    call: CallId,
    /// Of the create alone.
    tries: Tries,
    /// One loop for all that belongs to the create.
    retries: Retries,
    /// The session of the first try, or the one in which it was last looked for: an ephemeral of another one is about
    /// to go.
    session: Option<SessionId>,
}

impl Creation {
    /// Begins a create.
    pub fn start(spec: Spec, context: &mut RecipeContext) -> Creation {
        let path = match spec.protection {
            Some(uuid) => {
                let (parent, name) = split(&spec.path);
                join(parent, &format!("{}{name}", prefix(uuid)))
            }
            None => spec.path.clone(),
        };
        let (tries, retries) = (Tries::default(), Retries::new(context.retry()));
        let mut creation = Creation { spec, path, step: Step::Creating { parents: false }, call: CallId(0), tries, retries, session: None };
        creation.create(false, 0, context);
        creation
    }

    /// The path as it is asked for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the create up: what it may have made is searched for and deleted, if it is protected.
    pub(super) fn abandon(self, context: &mut RecipeContext) {
        if let Some(uuid) = self.spec.protection {
            context.find_and_delete(split(&self.path).0.into(), uuid);
        }
    }

    /// Takes a notice of the owner's Curator; says how the create ended, once it has.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Outcome> {
        let Notice::Done { call, answer } = notice else { return None };
        if *call != self.call {
            return None;
        }
        if matches!(self.step, Step::Creating { .. }) {
            self.tries = answer.tries;
            self.session = self.session.or(self.tries.first.map(|first| first.session));
        }
        match (self.step.clone(), &answer.result) {
            (Step::Creating { .. }, Ok(Reply::Created { path, .. })) => Some(Outcome::Created { path: path.clone(), found: false, tries: self.tries }),
            (Step::Creating { parents: false }, Err(CallError::Refused(ErrorCode::NoNode))) if self.spec.parents != Parents::Expected => {
                self.ask(self.path.len(), context)
            }
            (Step::Finding, Ok(Reply::Children { names, .. })) => {
                context.searched(&self.path, &answer.tries);
                self.on_children(names, context)
            }
            (Step::Finding, Err(CallError::Refused(ErrorCode::NoNode))) => {
                context.searched(&self.path, &answer.tries);
                self.create(false, 0, context)
            }
            (Step::Asking { at }, Ok(_)) => self.make(at, context),
            (Step::Asking { at }, Err(CallError::Refused(ErrorCode::NoNode))) => match self.path[..at].rfind('/') {
                Some(0) | None => self.make(0, context),
                Some(up) => self.ask(up, context),
            },
            (Step::Making { at }, Ok(_) | Err(CallError::Refused(ErrorCode::NodeExists))) => self.make(at, context),
            (Step::Creating { .. } | Step::Finding | Step::Asking { .. } | Step::Making { .. }, Err(error)) => self.fail(*error, context),
            (step, Ok(reply)) => unreachable!("{step:?} was answered with {reply:?}"),
        }
    }

    /// Whether the node is there already. An ephemeral of an earlier session is none of this one's
    /// (ProtectedMode.validateFoundNode): it is deleted and another one made.
    fn on_children(&mut self, names: &[Arc<str>], context: &mut RecipeContext) -> Option<Outcome> {
        let uuid = self.spec.protection.expect("only a protected node is searched for");
        let (parent, _) = split(&self.path);
        let found = own_node(names, parent, uuid);
        let is_strange = self.spec.mode.is_ephemeral() && self.session.is_some_and(|session| session != context.session());
        if is_strange {
            self.session = Some(context.session());
        }
        match found {
            Some(path) if is_strange => {
                context.delete_guaranteed(path);
                self.create(false, 0, context)
            }
            Some(path) => Some(Outcome::Created { path, found: true, tries: self.tries }),
            None => self.create(false, 0, context),
        }
    }

    fn create(&mut self, parents: bool, delay_ms: u64, context: &mut RecipeContext) -> Option<Outcome> {
        let Spec { data, mode, .. } = &self.spec;
        // The builder asks for the stat (create2) whether anybody wants it or not.
        let op = Op::Create { path: self.path.clone(), data: data.clone(), mode: *mode, acl: zookeeper_words::service::acl::open(), stat: true };
        self.call = context.attempt(op, self.tries, delay_ms);
        self.step = Step::Creating { parents };
        None
    }

    fn ask(&mut self, at: usize, context: &mut RecipeContext) -> Option<Outcome> {
        self.call = context.attempt(Op::Exists { path: self.path[..at].into(), watch: false }, Tries::default(), 0);
        self.step = Step::Asking { at };
        None
    }

    /// Makes the next missing parent below `at`, or, when all are there, the node.
    fn make(&mut self, at: usize, context: &mut RecipeContext) -> Option<Outcome> {
        let next = self.path.get(at + 1..).and_then(|rest| rest.find('/')).map(|slash| at + 1 + slash);
        let Some(at) = next else { return self.create(true, 0, context) };
        let mode = if self.spec.parents == Parents::Containers { CreateMode::Container } else { CreateMode::Persistent };
        self.call = context.attempt(Op::create(self.path[..at].into(), Some(Arc::from([])), mode), Tries::default(), 0);
        self.step = Step::Making { at };
        None
    }

    /// Begins again with the search, if the error is one to retry; if not, or not any more, a protected node must not
    /// stay behind.
    fn fail(&mut self, error: CallError, context: &mut RecipeContext) -> Option<Outcome> {
        let lot = context.lot();
        let (parent, _) = split(&self.path);
        match (self.retries.next_ms(error, lot), self.spec.protection) {
            (Some(delay_ms), Some(_)) => {
                self.call = context.attempt(Op::GetChildren { path: parent.into(), watch: false, stat: false }, Tries::default(), delay_ms);
                self.step = Step::Finding;
                None
            }
            (Some(delay_ms), None) => self.create(false, delay_ms, context),
            (None, protection) => {
                if let Some(uuid) = protection.filter(|_| error.is_retryable()) {
                    context.find_and_delete(parent.into(), uuid);
                }
                Some(Outcome::Failed { error, tries: self.tries })
            }
        }
    }
}
