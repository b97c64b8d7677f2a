//! Flink's checkpoint id counter, and a shared value that several clients set: each round takes a few ids, or sets the value, from whatever version its client has seen last. Never a set without a version.

use std::collections::BTreeMap;

use contract::plant::Plants;
use zookeeper_client::curator::Notice;
use zookeeper_client::curator::counter::{self, CheckpointIdCounter};
use zookeeper_client::curator::value::{self, Asked, SharedValue};
use zookeeper_words::Plan;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{Data, Path};

use super::super::round::Progress;
use super::context::CuratorContext;

/// How many counters all clients share, and one value besides.
const COUNTERS: u64 = 2;
/// How many ids a round takes at most.
const IDS_MAX: u64 = 4;

/// What a node is used as.
#[derive(Clone, Debug)]
enum Use {
    Counter(CheckpointIdCounter),
    Value(SharedValue),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Started,
    /// An id, or the value is set, or others were faster.
    Ended,
    /// Nobody knows, or it cannot be used.
    Failed,
}

#[derive(Clone, Debug)]
struct Slot {
    used: Use,
    is_started: bool,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    is_blind: bool,
    slots: BTreeMap<u64, Slot>,
    /// The one at work, and how much is still to be done.
    work: Option<(u64, u64)>,
}

impl Counters {
    pub fn new(plan: &Plan) -> Counters {
        Counters { is_blind: Plants::among(&plan.plants).has(Plant::CounterBlindSet), slots: BTreeMap::new(), work: None }
    }

    pub fn begin(&mut self, context: &mut CuratorContext) -> Progress {
        let number = context.round.dice.below(COUNTERS + 1);
        self.work = Some((number, context.round.dice.between(1, IDS_MAX)));
        if self.slots.get(&number).is_some_and(|slot| slot.is_started) {
            return self.act(context);
        }
        let mut used = self.make(number);
        match &mut used {
            Use::Counter(counter) => counter.start(&mut context.curator),
            Use::Value(value) => value.start(&mut context.curator),
        }
        self.slots.insert(number, Slot { used, is_started: false });
        Progress::Going
    }

    pub fn on(&mut self, notice: &Notice, context: &mut CuratorContext) -> Progress {
        let mut heard = Vec::new();
        for (number, slot) in &mut self.slots {
            let outcome = match &mut slot.used {
                Use::Counter(counter) => counter.on(notice, &mut context.curator).map(of_counter),
                Use::Value(value) => value.on(notice, &mut context.curator).and_then(of_value),
            };
            heard.extend(outcome.map(|outcome| (*number, outcome)));
        }
        // Each call is one slot's, so at most one of them has ended.
        match heard.pop() {
            Some((number, outcome)) => self.on_outcome(number, outcome, context),
            None => Progress::Going,
        }
    }

    fn on_outcome(&mut self, number: u64, outcome: Outcome, context: &mut CuratorContext) -> Progress {
        let Some((_, left)) = self.work.filter(|(at_work, _)| *at_work == number) else { return Progress::Going };
        let slot = self.slots.get_mut(&number).expect("only what is used has an outcome");
        match outcome {
            Outcome::Started => {
                slot.is_started = true;
                self.act(context)
            }
            Outcome::Ended if left > 1 => {
                self.work = Some((number, left - 1));
                self.act(context)
            }
            Outcome::Failed if !slot.is_started => {
                self.slots.remove(&number);
                self.end()
            }
            Outcome::Ended | Outcome::Failed => self.end(),
        }
    }

    fn act(&mut self, context: &mut CuratorContext) -> Progress {
        let (number, _) = self.work.expect("who acts is at work");
        let slot = self.slots.get_mut(&number).expect("what is at work is used");
        let at_once = match &mut slot.used {
            Use::Counter(counter) => counter.get_and_increment(&mut context.curator).map(of_counter),
            Use::Value(value) => {
                let (from, data) = (value.current().clone(), Some(context.round.dice.between(0, u64::MAX).to_le_bytes().into()));
                match value.try_set(&from, data, &mut context.curator) {
                    Asked::Yes => None,
                    Asked::Stale => unreachable!("the present value is not stale"),
                    Asked::Unversioned => Some(Outcome::Failed),
                }
            }
        };
        match at_once {
            Some(outcome) => self.on_outcome(number, outcome, context),
            None => Progress::Going,
        }
    }

    fn end(&mut self) -> Progress {
        self.work = None;
        Progress::Done
    }

    fn make(&self, number: u64) -> Use {
        if number < COUNTERS {
            let counter = CheckpointIdCounter::new(format!("/curator/jobs/{number}/checkpoint_id_counter").into());
            Use::Counter(if self.is_blind { counter.blind() } else { counter })
        } else {
            let value = SharedValue::new(Path::from("/curator/value"), Data::default());
            Use::Value(if self.is_blind { value.blind() } else { value })
        }
    }
}

fn of_counter(outcome: counter::Outcome) -> Outcome {
    match outcome {
        counter::Outcome::Started | counter::Outcome::Raised => Outcome::Started,
        counter::Outcome::Next(_) => Outcome::Ended,
        counter::Outcome::NotStarted(_) | counter::Outcome::Failed(_) => Outcome::Failed,
    }
}

fn of_value(outcome: value::Outcome) -> Option<Outcome> {
    match outcome {
        value::Outcome::Started => Some(Outcome::Started),
        value::Outcome::Set { .. } | value::Outcome::Superseded { .. } => Some(Outcome::Ended),
        value::Outcome::NotStarted(_) | value::Outcome::Failed { .. } => Some(Outcome::Failed),
        value::Outcome::Changed => None,
    }
}
