//! Leader elections by Curator's LeaderLatch: it joins the row, leads for a while if it comes to that, leaves, and joins again. Never a row left with a create under way: its node would stay.

use coord::curator::latch::{Config, LeaderLatch, OnReconnect, Outcome};
use coord::curator::{Curator, Told};
use vocab::plan::{Plan, Plant};
use vocab::service::Path;

use super::super::desk::Progress;
use super::desk::Desk;

const DIRECTORY: &str = "/curator/latch";
/// How often a round joins the row at most.
const TURNS_MAX: u64 = 3;
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
    turns: u64,
}

/// What a client of the plan sets of its latch, by this directory.
pub(super) fn config(plan: &Plan, client: usize, directory: &str) -> Config {
    let asked = plan.clients[client].curator;
    Config {
        directory: Path::from(directory),
        id: Some(format!("client {client}").as_bytes().into()),
        on_reconnect: if asked.keeps_node { OnReconnect::Check } else { OnReconnect::Reset },
        tolerates_suspended: asked.tolerates_suspended || plan.coordination.plant == Some(Plant::LatchKeepsOnSuspend),
        // As Curator does it.
        sweeps_twins: false,
    }
}

impl Latches {
    pub fn new(plan: &Plan, client: usize) -> Latches {
        Latches { config: config(plan, client, DIRECTORY), latch: None, step: Step::Idle, turns: 0 }
    }

    pub fn is_leading(&self) -> bool {
        self.latch.as_ref().is_some_and(|latch| latch.leads().is_some())
    }

    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        self.latch.as_ref().map_or(Ok(()), |latch| latch.check(curator))
    }

    pub fn begin(&mut self, desk: &mut Desk) -> Progress {
        self.turns = desk.round.dice.between(1, TURNS_MAX);
        self.join(desk)
    }

    fn join(&mut self, desk: &mut Desk) -> Progress {
        self.turns -= 1;
        let latch = self.latch.insert(LeaderLatch::new(self.config.clone()));
        latch.start(&mut desk.turn);
        self.step = Step::Waiting;
        Progress::Going
    }

    pub fn on(&mut self, told: &Told, desk: &mut Desk) -> Progress {
        let Some(latch) = &mut self.latch else { return Progress::Going };
        for outcome in latch.on(told, &mut desk.turn) {
            match outcome {
                Outcome::Granted { .. } if self.step == Step::Waiting => {
                    self.step = Step::Leading;
                    let hold_ms = desk.while_ms(HOLD_THINKS);
                    desk.alarm_in(hold_ms);
                }
                Outcome::Granted { .. } | Outcome::Revoked { .. } => {}
            }
        }
        self.go_on(desk)
    }

    pub fn on_alarm(&mut self, desk: &mut Desk) -> Progress {
        if self.step == Step::Leading || desk.is_late() {
            if let Some(latch) = &mut self.latch {
                latch.close(&mut desk.turn);
            }
            self.step = Step::Leaving;
        }
        self.go_on(desk)
    }

    /// Whoever has left the row may join it again.
    fn go_on(&mut self, desk: &mut Desk) -> Progress {
        if self.step != Step::Leaving || self.latch.as_ref().is_some_and(|latch| !latch.is_quiet()) {
            return Progress::Going;
        }
        if self.turns > 0 && !desk.is_late() {
            return self.join(desk);
        }
        self.latch = None;
        self.step = Step::Idle;
        Progress::Done
    }
}
