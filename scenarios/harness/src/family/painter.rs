//! The painter: draws the faults of one class over a plan, whatever its system: times, spells, machines, events to wait
//! for. Never what a class of faults consists of.

use contract::dice::Dice;
use contract::fault::{Fault, Moment, Target, What, When};
use contract::ids::MachineId;
use contract::kinds::Kinds;
use contract::plan::{Plan, Settings};

use super::weighted;

/// The most faults of one class in a plan: people read plans, and shrinking takes them out one by one.
pub const FAULTS_MAX: u64 = 40;
/// A message or file that faults wait for comes so often at most, as far as anybody knows.
const OFTEN: u64 = 200;

/// Draws the faults of one class.
pub struct Painter<'p, X> {
    /// The class's own dice.
    pub dice: Dice,
    /// The plan whose storm is drawn.
    pub plan: &'p mut Plan<X>,
}

impl<X: Settings> Painter<'_, X> {
    /// Adds a fault, unless it would come after the storm.
    pub fn fault(&mut self, when: When, what: What) {
        if matches!(when, When::At { ms } if ms >= self.plan.heal.at_ms) {
            return;
        }
        self.plan.faults.push(Fault { when, what });
    }

    /// How many faults of a class there are when `thin` classes strike at once: one in so many seconds, from one in 1 s
    /// to one in 10 s, alike over the orders of magnitude.
    pub fn count(&mut self, thin: u64) -> u64 {
        let gap_ms = weighted(&mut self.dice, &[((1_000, 2_000), 2), ((2_000, 4_000), 4), ((4_000, 10_000), 3)]);
        let gap_ms = self.dice.between(gap_ms.0, gap_ms.1) * thin;
        (self.plan.heal.at_ms / gap_ms).clamp(1, FAULTS_MAX)
    }

    /// A time in the storm.
    pub fn at(&mut self) -> When {
        When::At { ms: self.dice.below(self.plan.heal.at_ms) }
    }

    /// How long a fault holds, in ms: a blink, a while, or long.
    pub fn spell_ms(&mut self) -> u64 {
        let (low, high) = weighted(&mut self.dice, &[((5, 200), 3), ((200, 2_000), 4), ((2_000, 10_000), 2)]);
        self.dice.between(low, high).min(self.plan.heal.at_ms / 2)
    }

    /// Some machine.
    pub fn machine(&mut self) -> MachineId {
        MachineId(self.dice.below(u64::from(self.plan.machines())) as u16)
    }

    /// From `low` to `high` different machines, as many as there are at most, in random order.
    pub fn machines(&mut self, low: u64, high: u64) -> Vec<MachineId> {
        let mut all: Vec<MachineId> = (0..self.plan.machines()).map(MachineId).collect();
        self.dice.shuffle(&mut all);
        all.truncate(self.dice.between(low, high.max(low)) as usize);
        all
    }

    /// The names of the system that faults can speak of, if it tells them.
    pub fn kinds(&self) -> Option<Kinds> {
        X::kinds()
    }

    /// A moment and the machine that it befalls: some machine at some time, or, where the system tells what its
    /// messages are called, whoever sends or takes one of them.
    pub fn caught(&mut self) -> (When, Target) {
        let messages = self.kinds().map(|kinds| kinds.messages).unwrap_or_default();
        if messages.is_empty() || self.dice.chance(500_000) {
            return (self.at(), Target::Machine(self.machine()));
        }
        let kind = (*self.dice.pick(&messages)).into();
        let moment = *self.dice.pick(&[Moment::Send, Moment::Deliver]);
        let after_ms = if self.dice.chance(700_000) { 0 } else { self.dice.between(1, 300) };
        (When::On { moment, kind, machine: None, nth: self.dice.between(1, OFTEN) as u32, after_ms }, Target::Subject)
    }
}
