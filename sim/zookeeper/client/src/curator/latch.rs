//! Leader election as Curator 5 does it (LeaderLatch): a protected ephemeral sequential node, the lowest leads, every
//! other one watches the one before it. Never a leader without a connection, unless it is told to tolerate that.
//!
//! Curator grants the leadership by the answer about a node even if that node was given up meanwhile; this latch does
//! not, as a judge could not tell it from two leaders.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use zookeeper_words::fact::{Belief, ConnectionState, RecipeFact};
use zookeeper_words::service::{CreateMode, Data, ErrorCode, EventKind, Op, Path, Reply, WatcherType};

use super::create::{self, Creation, Parents, Spec};
use super::path::{join, split};
use super::{Answer, CallError, CallId, Curator, Notice, RecipeContext};

/// What every node's name contains; what follows decides the order.
const LOCK_NAME: &str = "latch-";
/// Creates that may be under way at once. Each reset begins one, and a connection that comes and goes keeps them from
/// ending; of so many the oldest is given up.
const CREATIONS_MAX: usize = 16;

/// What a latch does when it is reconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReconnect {
    /// It gives its node up and makes another at the end of the row (Curator before 5.4, and seen with Flink 2.3.0).
    Reset,
    /// It looks whether its node is still there (since CURATOR-644).
    Check,
}

/// What the application sets of a latch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The directory of the latch; its parents are made as containers.
    pub directory: Path,
    /// The content of the node.
    pub id: Data,
    /// What happens on RECONNECTED.
    pub on_reconnect: OnReconnect,
    /// Leadership outlasts SUSPENDED and ends with LOST (Flink's tolerate-suspended-connections).
    pub tolerates_suspended: bool,
    /// Nodes of earlier creates of its own that stand in the row are deleted: a create that was sent again because a
    /// search had not seen the first leaves a twin, which nobody else may remove and behind which all wait as long as
    /// the session lives. Curator does not do that.
    pub sweeps_twins: bool,
}

/// How many creates of its own a latch remembers, to know their twins.
const PROTECTIONS_MAX: usize = 64;

/// What the application learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It leads.
    Granted {
        /// By this node.
        node: Path,
    },
    /// It leads no more.
    Revoked {
        /// The node by which it led.
        node: Path,
    },
}

/// Why a call was made.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// Who is in the row?
    List,
    /// Is the own node, the lowest, of this session?
    Own { node: Path },
    /// The watch on the node before.
    Before { node: Path },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Latent,
    /// Started before there was a connection (AfterConnectionEstablished).
    Awaiting,
    Started,
    Closed,
}

/// The latch.
#[derive(Clone, Debug)]
pub struct LeaderLatch {
    config: Config,
    phase: Phase,
    creations: Vec<Creation>,
    purposes: BTreeMap<CallId, Purpose>,
    /// The own node (ourPath).
    node: Option<Path>,
    /// The node by which it leads.
    leads: Option<Path>,
    watched: BTreeSet<Path>,
    /// The protections of its creates, if it sweeps.
    protections: VecDeque<String>,
}

impl LeaderLatch {
    /// A latch that is not started.
    pub fn new(config: Config) -> LeaderLatch {
        LeaderLatch {
            config,
            phase: Phase::Latent,
            creations: Vec::new(),
            purposes: BTreeMap::new(),
            node: None,
            leads: None,
            watched: BTreeSet::new(),
            protections: VecDeque::new(),
        }
    }

    /// Joins the row, as soon as there is a connection. Panics when called twice.
    pub fn start(&mut self, context: &mut RecipeContext) {
        assert!(self.phase == Phase::Latent, "a latch can be started once");
        self.phase = Phase::Awaiting;
        if context.is_connected() {
            self.phase = Phase::Started;
            self.reset(context, &mut Vec::new());
        }
    }

    /// Leaves the row: the node is deleted in the background.
    pub fn close(&mut self, context: &mut RecipeContext) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        if matches!(self.phase, Phase::Awaiting | Phase::Started) {
            self.phase = Phase::Closed;
            self.set_node(None, context);
            // Curator asks with checkWatches, which leaves the watch where it is.
            for path in std::mem::take(&mut self.watched) {
                context.call(Op::RemoveWatches { path, kind: WatcherType::Any, only_ask: true });
            }
            self.revoke(context, &mut outcomes);
        }
        outcomes
    }

    /// The node by which it believes to lead.
    pub fn leads(&self) -> Option<&Path> {
        self.leads.as_ref()
    }

    /// The own node, if it has one.
    pub fn node(&self) -> Option<&Path> {
        self.node.as_ref()
    }

    /// Whether no create is under way: once it is closed, none will leave a node behind.
    pub fn is_quiet(&self) -> bool {
        self.creations.is_empty()
    }

    /// What holds between steps.
    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        let may_lead = curator.is_connected() || self.config.tolerates_suspended;
        if self.leads.is_some() && !may_lead {
            return Err(format!("the latch at {} leads without a connection", self.config.directory));
        }
        Ok(())
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        match notice {
            Notice::Connection(state) => self.on_connection(*state, context, &mut outcomes),
            Notice::Done { call, answer } => match self.purposes.remove(call) {
                Some(purpose) if self.phase == Phase::Started => self.on_answer(purpose, answer, context, &mut outcomes),
                Some(_) => {}
                None => self.on_creations(notice, context),
            },
            Notice::Watched(event) => {
                // Any event uses the watch up; only the end of the node before is of interest.
                let is_mine = self.watched.remove(&event.path);
                if is_mine && self.phase == Phase::Started && event.kind == EventKind::NodeDeleted {
                    self.list(context);
                }
            }
            Notice::Closed => self.revoke(context, &mut outcomes),
        }
        outcomes
    }

    fn on_connection(&mut self, state: ConnectionState, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        match (state, self.phase) {
            (ConnectionState::Connected | ConnectionState::Reconnected, Phase::Awaiting) => {
                self.phase = Phase::Started;
                self.reset(context, outcomes);
            }
            (ConnectionState::Reconnected, Phase::Started) => match self.config.on_reconnect {
                OnReconnect::Reset => self.reset(context, outcomes),
                OnReconnect::Check => self.list(context),
            },
            (ConnectionState::Suspended, _) if self.config.tolerates_suspended => {}
            (ConnectionState::Suspended, _) => self.revoke(context, outcomes),
            (ConnectionState::Lost, _) => {
                self.watched.clear();
                self.revoke(context, outcomes);
            }
            (ConnectionState::Connected | ConnectionState::Reconnected, Phase::Latent | Phase::Started | Phase::Closed) => {}
        }
    }

    /// Begins anew: the leadership and the node are given up, and another node is made.
    fn reset(&mut self, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        self.revoke(context, outcomes);
        self.set_node(None, context);
        if self.creations.len() >= CREATIONS_MAX {
            self.creations.remove(0).abandon(context);
        }
        let protection = context.uuid();
        if self.config.sweeps_twins {
            self.protections.push_back(protection.to_string());
            if self.protections.len() > PROTECTIONS_MAX {
                self.protections.pop_front();
            }
        }
        let spec = Spec {
            path: join(&self.config.directory, LOCK_NAME),
            data: self.config.id.clone(),
            mode: CreateMode::EphemeralSequential,
            protection: Some(protection),
            parents: Parents::Containers,
        };
        self.creations.push(Creation::start(spec, context));
    }

    fn on_creations(&mut self, notice: &Notice, context: &mut RecipeContext) {
        let Some((place, outcome)) = self.creations.iter_mut().enumerate().find_map(|(place, creation)| Some((place, creation.on(notice, context)?))) else {
            return;
        };
        let creation = self.creations.remove(place);
        match outcome {
            create::Outcome::Created { path, tries, .. } => {
                context.conclude(&path, &tries, Belief::Applied);
                if self.phase == Phase::Closed {
                    return context.delete_guaranteed(path);
                }
                self.set_node(Some(path), context);
                self.list(context);
            }
            // Curator logs it and waits for the next reconnection; a node that was made all the same is searched for
            // and deleted.
            create::Outcome::Failed { tries, .. } => context.conclude(creation.path(), &tries, Belief::NotApplied),
        }
    }

    fn on_answer(&mut self, purpose: Purpose, answer: &Answer, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        match (purpose, &answer.result) {
            (Purpose::List, Ok(Reply::Children { names, .. })) => self.check_leadership(names, context, outcomes),
            // CURATOR-724: the whole directory is gone.
            (Purpose::List, Err(CallError::Refused(ErrorCode::NoNode))) => self.reset(context, outcomes),
            (Purpose::Own { node }, result) => {
                let owner = if let Ok(Reply::Data { stat, .. }) = result { Some(stat.ephemeral_owner) } else { None };
                if owner != Some(context.session()) {
                    // CURATOR-696: it is gone, or another session's, which is about to end.
                    self.reset(context, outcomes);
                } else if self.node.as_ref() == Some(&node) && self.leads.is_none() {
                    context.note(RecipeFact::Acquired { path: self.config.directory.to_string(), node: node.to_string() });
                    self.leads = Some(node.clone());
                    outcomes.push(Outcome::Granted { node });
                }
            }
            (Purpose::Before { .. }, Err(CallError::Refused(ErrorCode::NoNode))) => self.list(context),
            (Purpose::Before { node }, Ok(_)) => {
                self.watched.insert(node);
            }
            // Curator logs it, and waits for the next reconnection.
            (Purpose::List | Purpose::Before { .. }, _) => {}
        }
    }

    /// Where is the own node in the row?
    fn check_leadership(&mut self, names: &[Arc<str>], context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        let mut row: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        row.sort_unstable_by_key(|name| (place(name), *name));
        let own = self.node.clone();
        if self.creations.is_empty() {
            let is_own = |name: &str| own.as_ref().is_some_and(|own| split(own).1 == name);
            for twin in row.iter().filter(|name| !is_own(name) && self.protections.iter().any(|protection| name.contains(&**protection))) {
                context.delete_guaranteed(join(&self.config.directory, twin));
            }
        }
        match own.as_ref().and_then(|own| row.iter().position(|name| *name == split(own).1)).zip(own) {
            None => self.reset(context, outcomes),
            Some((0, node)) => {
                let call = context.call(Op::GetData { path: node.clone(), watch: false });
                self.purposes.insert(call, Purpose::Own { node });
            }
            Some((index, _)) => {
                self.revoke(context, outcomes);
                let node = join(&self.config.directory, row[index - 1]);
                // getData leaves no watch on a node that is gone; exists would.
                let call = context.call(Op::GetData { path: node.clone(), watch: true });
                self.purposes.insert(call, Purpose::Before { node });
            }
        }
    }

    fn list(&mut self, context: &mut RecipeContext) {
        let call = context.call(Op::GetChildren { path: self.config.directory.clone(), watch: false, stat: true });
        self.purposes.insert(call, Purpose::List);
    }

    /// Takes another node for its own; the one before is deleted.
    fn set_node(&mut self, node: Option<Path>, context: &mut RecipeContext) {
        if let Some(old) = std::mem::replace(&mut self.node, node) {
            context.delete_guaranteed(old);
        }
    }

    fn revoke(&mut self, context: &mut RecipeContext, outcomes: &mut Vec<Outcome>) {
        if let Some(node) = self.leads.take() {
            context.note(RecipeFact::Released { path: self.config.directory.to_string(), node: node.to_string() });
            outcomes.push(Outcome::Revoked { node });
        }
    }
}

/// What a name is sorted by: what follows the lock's name (LockInternals.getSortedChildren).
fn place(name: &str) -> &str {
    name.rsplit_once(LOCK_NAME).map_or(name, |(_, number)| number)
}
