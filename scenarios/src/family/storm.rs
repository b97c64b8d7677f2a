//! The brush with which blows are drawn: times, spells, machines, scenes. Never what a class of faults consists of.

use vocab::dice::Dice;
use vocab::ids::MachineId;
use vocab::plan::{Fault, Plan, Target, What, When};

use super::moment::Scene;
use super::{PlanDice, Purpose, weighted};

/// The most blows of one class in a plan: people read plans, and shrinking takes them out one by one.
const BLOWS_MAX: u64 = 40;

/// A plan whose storm is being drawn.
pub(super) struct Storm<'p> {
    plan: &'p mut Plan,
    dice: PlanDice,
}

impl<'p> Storm<'p> {
    /// A storm without blows yet.
    pub(super) fn new(plan: &'p mut Plan, dice: PlanDice) -> Self {
        Storm { plan, dice }
    }

    /// The brush for one class of faults, with a stream of its own: one class more or less leaves the others alone.
    pub(super) fn brush(&mut self, class: Purpose) -> Brush<'_> {
        Brush { dice: self.dice.stream(class, 0), plan: self.plan }
    }

    /// A stream for choices among the classes.
    pub(super) fn dice(&self, purpose: Purpose) -> Dice {
        self.dice.stream(purpose, 0)
    }
}

/// Draws the blows of one class.
pub(super) struct Brush<'s> {
    /// The class's own dice.
    pub(super) dice: Dice,
    pub(super) plan: &'s mut Plan,
}

impl Brush<'_> {
    /// Adds a blow, unless it would come after the storm.
    pub(super) fn blow(&mut self, when: When, what: What) {
        if matches!(when, When::At { ms } if ms >= self.plan.heal.at_ms) {
            return;
        }
        self.plan.faults.push(Fault { when, what });
    }

    /// How many blows of a class fall when there are `thin` classes at once: one in so many seconds, from one in 1 s to one in 10 s, alike over the orders of magnitude.
    pub(super) fn count(&mut self, thin: u64) -> u64 {
        let gap_ms = weighted(&mut self.dice, &[((1_000, 2_000), 2), ((2_000, 4_000), 4), ((4_000, 10_000), 3)]);
        let gap_ms = self.dice.between(gap_ms.0, gap_ms.1) * thin;
        (self.plan.heal.at_ms / gap_ms).clamp(1, BLOWS_MAX)
    }

    /// Some of `kinds`, at least one: a seed that leaves a kind out gives the others room (swarm testing).
    pub(super) fn swarm<T: Copy>(&mut self, kinds: &[(T, u32)]) -> Vec<(T, u32)> {
        let kept: Vec<(T, u32)> = kinds.iter().copied().filter(|_| self.dice.chance(600_000)).collect();
        if kept.is_empty() { vec![*self.dice.pick(kinds)] } else { kept }
    }

    /// One of what [`Brush::swarm`] kept.
    pub(super) fn one<T: Copy>(&mut self, kinds: &[(T, u32)]) -> T {
        weighted(&mut self.dice, kinds)
    }

    /// A time in the storm; seldom in its first two seconds, when there is nothing yet to lose.
    pub(super) fn time(&mut self) -> u64 {
        let from = if self.dice.chance(50_000) { 0 } else { 2_000 };
        self.dice.between(from, self.plan.heal.at_ms - 1)
    }

    /// [`Brush::time`] as a condition.
    pub(super) fn at(&mut self) -> When {
        When::At { ms: self.time() }
    }

    /// One of these scenes as a condition: mostly at once, else a little later.
    pub(super) fn on(&mut self, scenes: &[Scene]) -> When {
        let scene = *self.dice.pick(scenes);
        let after_ms = if self.dice.chance(700_000) { 0 } else { self.dice.between(1, 300) };
        scene.when(after_ms, &mut self.dice)
    }

    /// One of these scenes, at the very moment.
    pub(super) fn at_once_on(&mut self, scenes: &[Scene]) -> When {
        self.dice.pick(scenes).when(0, &mut self.dice)
    }

    /// How long a blow lasts, in ms: a blink, around the patience of leaders and learners, around a session's, or long.
    pub(super) fn spell(&mut self) -> u64 {
        let tick = self.tick_ms();
        let patience = tick * u64::from(self.plan.coordination.sync_limit);
        let session = self.session_ms();
        let (low, high) = weighted(
            &mut self.dice,
            &[
                ((5, 200), 2),
                ((tick / 2, 3 * tick), 2),
                ((patience * 8 / 10, patience * 2), 3),
                ((session * 6 / 10, session * 2), 2),
                ((patience, 4 * patience), 1),
            ],
        );
        self.dice.between(low, high).min(self.plan.heal.at_ms / 2)
    }

    /// The length of a tick in ms.
    pub(super) fn tick_ms(&self) -> u64 {
        u64::from(self.plan.coordination.tick_ms)
    }

    /// Some client's session timeout in ms.
    pub(super) fn session_ms(&mut self) -> u64 {
        u64::from(self.dice.pick(&self.plan.clients).session_timeout_ms)
    }

    /// The replicas.
    pub(super) fn replicas(&self) -> Vec<MachineId> {
        (0..self.plan.replicas()).map(MachineId).collect()
    }

    /// The clients' machines.
    pub(super) fn clients(&self) -> Vec<MachineId> {
        (self.plan.replicas()..).map(MachineId).take(self.plan.clients.len()).collect()
    }

    /// Some replica.
    pub(super) fn replica(&mut self) -> MachineId {
        MachineId(self.dice.below(u64::from(self.plan.replicas())) as u16)
    }

    /// Some client's machine.
    pub(super) fn client(&mut self) -> MachineId {
        let clients = self.clients();
        *self.dice.pick(&clients)
    }

    /// Two different replicas.
    pub(super) fn two_replicas(&mut self) -> (MachineId, MachineId) {
        let chosen = self.some_replicas(2, 2);
        (chosen[0], chosen[1])
    }

    /// From `low` to `high` different replicas, as many as there are at most, in random order.
    pub(super) fn some_replicas(&mut self, low: u64, high: u64) -> Vec<MachineId> {
        let mut all = self.replicas();
        self.dice.shuffle(&mut all);
        all.truncate(self.dice.between(low, high) as usize);
        all
    }

    /// Each client with an even chance.
    pub(super) fn some_clients(&mut self) -> Vec<MachineId> {
        let clients = self.clients();
        clients.into_iter().filter(|_| self.dice.chance(500_000)).collect()
    }

    /// A strict minority of the replicas, at least one.
    pub(super) fn minority(&mut self) -> Vec<MachineId> {
        let most = u64::from(self.plan.voters() / 2).max(1);
        self.some_replicas(1, most)
    }

    /// A moment and whom to hit at it: some replica at some time, or one that is caught in a scene of the protocol.
    pub(super) fn replica_caught(&mut self, scenes: &[&[Scene]], on_ppm: u32) -> (When, Target) {
        if !self.dice.chance(on_ppm) {
            return (self.at(), Target::Machine(self.replica()));
        }
        let scenes = *self.dice.pick(scenes);
        (self.on(scenes), Target::Subject)
    }
}
