//! Who leads, as one master knows it: Curator's latch and a fresh grant each time (DefaultLeaderElectionService). Never a grant of an earlier time used again.

use coord::curator::latch::{Config, LeaderLatch, OnReconnect, Outcome};
use coord::curator::{Curator, Told};
use vocab::service::Path;
use vocab::stream::ids::LeaderId;

use super::desk::Desk;
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
    pub fn start(&mut self, desk: &mut Desk) {
        let latch = &mut self.latch;
        desk.turn(|turn| latch.start(turn));
    }

    /// Takes what Curator told.
    pub fn on(&mut self, told: &Told, desk: &mut Desk) -> Vec<Change> {
        if let Some(info) = &mut self.info {
            info.on(told, desk);
        }
        let latch = &mut self.latch;
        let outcomes = desk.turn(|turn| latch.on(told, turn));
        outcomes.into_iter().map(|outcome| self.change(outcome, desk)).collect()
    }

    fn change(&mut self, outcome: Outcome, desk: &mut Desk) -> Change {
        match outcome {
            Outcome::Granted { node } => {
                let leader = LeaderId(desk.lots.uuid().0);
                let data = Some(bytes(&(desk.config.me, leader)));
                self.info = Some(Info::start(self.root.path("leader/resource_manager/connection_info"), data, desk));
                Change::Granted(leader, node)
            }
            Outcome::Revoked { .. } => {
                self.info = None;
                Change::Revoked
            }
        }
    }

    /// What the time demands.
    pub fn on_time(&mut self, desk: &mut Desk) {
        if let Some(info) = &mut self.info {
            info.on_time(desk);
        }
    }

    /// When [`Election::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        self.info.as_ref().and_then(Info::wake_ns)
    }

    /// What holds between steps.
    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        self.latch.check(curator)
    }
}
