//! Leader elections by Curator's LeaderLatch: it joins the row, leads for a while if it comes to that, leaves, and joins again. Never a row left with a create under way: its node would stay.

use contract::plant::Plants;
use zookeeper_client::curator::latch::{Config, LeaderLatch, OnReconnect, Outcome};
use zookeeper_client::curator::{Curator, Notice};
use zookeeper_words::Plan;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::Path;

use super::super::round::Progress;
use super::context::CuratorContext;

const DIRECTORY: &str = "/curator/latch";
/// How often a round joins the row at most.
const JOINS_MAX: u64 = 3;
/// How long it leads, in pauses between rounds: long enough to be suspended now and then.
const HOLD_THINKS: u64 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Idle,
    /// In the row.
    Waiting,
    /// It has led; until the alarm, whoever leads meanwhile.
    Leading,
    /// Out of the row, but a create is under way.
    Leaving,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Latches {
    config: Config,
    latch: Option<LeaderLatch>,
    step: Step,
    joins: u64,
}

/// What a client of the plan sets of its latch, by this directory.
pub(super) fn config(plan: &Plan, client: usize, directory: &str) -> Config {
    let asked = plan.settings.clients[client].curator;
    Config {
        directory: Path::from(directory),
        id: Some(format!("client {client}").as_bytes().into()),
        on_reconnect: if asked.keeps_node { OnReconnect::Check } else { OnReconnect::Reset },
        tolerates_suspended: asked.tolerates_suspended || Plants::among(&plan.plants).has(Plant::LatchKeepsOnSuspend),
        // As Curator does it.
        sweeps_twins: false,
    }
}

impl Latches {
    pub fn new(plan: &Plan, client: usize) -> Latches {
        Latches { config: config(plan, client, DIRECTORY), latch: None, step: Step::Idle, joins: 0 }
    }

    pub fn is_leading(&self) -> bool {
        self.latch.as_ref().is_some_and(|latch| latch.leads().is_some())
    }

    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        self.latch.as_ref().map_or(Ok(()), |latch| latch.check(curator))
    }

    pub fn begin(&mut self, context: &mut CuratorContext) -> Progress {
        self.joins = context.round.dice.between(1, JOINS_MAX);
        self.join(context)
    }

    fn join(&mut self, context: &mut CuratorContext) -> Progress {
        self.joins -= 1;
        let latch = self.latch.insert(LeaderLatch::new(self.config.clone()));
        latch.start(&mut context.curator);
        self.step = Step::Waiting;
        Progress::Going
    }

    pub fn on(&mut self, notice: &Notice, context: &mut CuratorContext) -> Progress {
        let Some(latch) = &mut self.latch else { return Progress::Going };
        for outcome in latch.on(notice, &mut context.curator) {
            match outcome {
                Outcome::Granted { .. } if self.step == Step::Waiting => {
                    self.step = Step::Leading;
                    let hold_ms = context.while_ms(HOLD_THINKS);
                    context.alarm_in(hold_ms);
                }
                Outcome::Granted { .. } | Outcome::Revoked { .. } => {}
            }
        }
        self.go_on(context)
    }

    pub fn on_alarm(&mut self, context: &mut CuratorContext) -> Progress {
        if self.step == Step::Leading || context.is_late() {
            if let Some(latch) = &mut self.latch {
                latch.close(&mut context.curator);
            }
            self.step = Step::Leaving;
        }
        self.go_on(context)
    }

    /// Whoever has left the row may join it again.
    fn go_on(&mut self, context: &mut CuratorContext) -> Progress {
        if self.step != Step::Leaving || self.latch.as_ref().is_some_and(|latch| !latch.is_quiet()) {
            return Progress::Going;
        }
        if self.joins > 0 && !context.is_late() {
            return self.join(context);
        }
        self.latch = None;
        self.step = Step::Idle;
        Progress::Done
    }
}
