//! Who leads, as one master knows it: Curator's latch and a fresh grant each time (DefaultLeaderElectionService). Never
//! a grant of an earlier time used again.

use outside_words::ids::LeaderId;
use zookeeper_client::curator::latch::{Config, LeaderLatch, OnReconnect, Outcome};
use zookeeper_client::curator::{Curator, Notice};
use zookeeper_words::service::Path;

use super::context::MasterContext;
use super::info::Info;
use super::store::{Root, bytes};

/// What a master learns of the election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It leads, by this node.
    Granted(LeaderId, Path),
    /// It leads no more.
    Revoked,
}

/// A master's part in the election.
#[derive(Clone, Debug)]
pub(super) struct Election {
    root: Root,
    latch: LeaderLatch,
    info: Option<Info>,
}

impl Election {
    /// Not in the row yet.
    pub fn new(root: Root, tolerates_suspended: bool) -> Election {
        let config = Config { directory: root.path("leader/latch"), id: None, on_reconnect: OnReconnect::Reset, tolerates_suspended, sweeps_twins: true };
        Election { root, latch: LeaderLatch::new(config), info: None }
    }

    /// Joins the row.
    pub fn start(&mut self, context: &mut MasterContext) {
        let latch = &mut self.latch;
        context.recipe(|recipe| latch.start(recipe));
    }

    /// Takes a notice of Curator's.
    pub fn on(&mut self, notice: &Notice, context: &mut MasterContext) -> Vec<Change> {
        if let Some(info) = &mut self.info {
            info.on(notice, context);
        }
        let latch = &mut self.latch;
        let outcomes = context.recipe(|recipe| latch.on(notice, recipe));
        outcomes.into_iter().map(|outcome| self.change(outcome, context)).collect()
    }

    fn change(&mut self, outcome: Outcome, context: &mut MasterContext) -> Change {
        match outcome {
            Outcome::Granted { node } => {
                let leader = LeaderId(context.lots.uuid().0);
                let data = Some(bytes(&(context.config.me, leader)));
                self.info = Some(Info::start(self.root.path("leader/resource_manager/connection_info"), data, context));
                Change::Granted(leader, node)
            }
            Outcome::Revoked { .. } => {
                self.info = None;
                Change::Revoked
            }
        }
    }

    /// Does what is due by now.
    pub fn on_time(&mut self, context: &mut MasterContext) {
        if let Some(info) = &mut self.info {
            info.on_time(context);
        }
    }

    /// When [`Election::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        self.info.as_ref().and_then(Info::wake_ns)
    }

    /// What must hold between steps.
    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        self.latch.check(curator)
    }
}
