//! Reconfigurations: read the configuration, ask for another one. Replicas leave, come back, change their roles, one or many at a time, and now and then form groups. Never fewer than three voters, so that the
//! ensemble survives what a storm does to one.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::dice::Dice;
use contract::ids::MachineId;
use zookeeper_replica::quorum::text;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::service::{Data, Op, Reply};

use super::context::{Signal, WorkloadContext};
use super::round::Progress;

/// Where the configuration stands.
const CONFIG: &str = "/zookeeper/config";
/// The fewest voters that are asked for.
const VOTERS_MIN: usize = 3;

/// Where a round is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Idle,
    Reading,
    Changing,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Reconfigs {
    known: BTreeSet<MachineId>,
    step: Step,
}

impl Reconfigs {
    /// So many replicas there are.
    pub fn new(replicas: u16) -> Reconfigs {
        Reconfigs { known: (0..replicas).map(MachineId).collect(), step: Step::Idle }
    }

    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                let watch = context.round.dice.chance(200_000);
                context.ask(Op::GetData { path: CONFIG.into(), watch });
                self.step = Step::Reading;
                Progress::Going
            }
            Signal::Answer { outcome, .. } => match (std::mem::take(&mut self.step), outcome) {
                (Step::Reading, Ok(Reply::Data { data, .. })) => match self.change(data, &mut context.round.dice) {
                    Some(op) => {
                        context.ask(op);
                        self.step = Step::Changing;
                        Progress::Going
                    }
                    None => Progress::Done,
                },
                (Step::Idle | Step::Reading | Step::Changing, _) => Progress::Done,
            },
            Signal::Watch(_) | Signal::Detached | Signal::Attached | Signal::Alarm => Progress::Going,
        }
    }

    /// What to ask for when this is the configuration.
    fn change(&self, data: &Data, dice: &mut Dice) -> Option<Op> {
        let now = text::read(std::str::from_utf8(data.as_deref()?).ok()?, &self.known)?;
        let from = if dice.chance(700_000) { now.version.0 as i64 } else { -1 };
        let mut next = now.clone();
        for _ in 0..if dice.chance(700_000) { 1 } else { dice.between(2, self.known.len() as u64) } {
            self.move_one(&mut next, dice);
        }
        let groups = next.voters.len() >= 2 * VOTERS_MIN && dice.chance(300_000);
        if !now.groups.is_empty() || groups || dice.chance(150_000) {
            regroup(&mut next, groups);
            return Some(Op::Reconfig { joining: None, leaving: None, members: Some(listed(&next)), from });
        }
        let leaving: Vec<String> = self.known.iter().filter(|machine| !is_member(&next, **machine)).map(|machine| machine.0.to_string()).collect();
        let joins = |machine: &&MachineId| {
            next.voters.contains(machine) != now.voters.contains(machine) || next.observers.contains(machine) != now.observers.contains(machine)
        };
        let joining: Vec<String> = self.known.iter().filter(joins).filter_map(|machine| entry(&next, *machine)).collect();
        let given = |list: Vec<String>| (!list.is_empty()).then(|| Arc::from(list.join(",")));
        Some(Op::Reconfig { joining: given(joining), leaving: given(leaving), members: None, from })
    }

    /// Some replica gets some role, if enough voters are left.
    fn move_one(&self, ensemble: &mut Ensemble, dice: &mut Dice) {
        let machine = MachineId(dice.below(self.known.len() as u64) as u16);
        let role = dice.below(5);
        if role >= 3 && ensemble.voters.contains(&machine) && ensemble.voters.len() <= VOTERS_MIN {
            return;
        }
        ensemble.voters.remove(&machine);
        ensemble.observers.remove(&machine);
        match role {
            0..3 => drop(ensemble.voters.insert(machine)),
            3 => drop(ensemble.observers.insert(machine)),
            _ => {} // It leaves.
        }
    }
}

fn is_member(ensemble: &Ensemble, machine: MachineId) -> bool {
    ensemble.voters.contains(&machine) || ensemble.observers.contains(&machine)
}

/// The voters in three groups, or in none.
fn regroup(ensemble: &mut Ensemble, grouped: bool) {
    ensemble.weights.clear();
    ensemble.groups.clear();
    if grouped {
        let voters: Vec<MachineId> = ensemble.voters.iter().copied().collect();
        ensemble.groups = (0..3).map(|group| voters.iter().copied().skip(group).step_by(3).collect()).collect();
    }
}

/// All members, as a reconfig lists them: the version is for the service to give.
fn listed(ensemble: &Ensemble) -> Arc<str> {
    text::write(ensemble).lines().filter(|line| !line.starts_with("version=")).collect::<Vec<_>>().join(",").into()
}

/// One member's entry.
fn entry(ensemble: &Ensemble, machine: MachineId) -> Option<String> {
    let prefix = format!("server.{}=", machine.0);
    text::write(ensemble).lines().find(|line| line.starts_with(&prefix)).map(str::to_owned)
}
