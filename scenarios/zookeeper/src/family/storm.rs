//! The brush with which faults are drawn: times, spells, machines, scenes. It knows the machines of the service,
//! whatever system contains it; never what a class of faults consists of.

use contract::dice::Dice;
use contract::fault::{Fault, Target, What, When};
use contract::ids::MachineId;
use contract::plan::Plan;
use harness::family::{FAULTS_MAX, PlanDice, some_of, weighted};
use zookeeper_words::settings::{HasService, Settings};

use super::moment::Scene;

/// A class of faults, over plans whose settings are `X`.
pub struct Class<X = Settings> {
    /// The number by which its dice are named.
    pub dice: u64,
    /// Draws its faults: fewer of them, the more classes strike at once.
    pub faults: fn(&mut Brush<'_, X>, u64),
}

/// A plan whose storm is being drawn.
pub struct Storm<'p, X = Settings> {
    plan: &'p mut Plan<X>,
    dice: PlanDice,
}

impl<'p, X: HasService> Storm<'p, X> {
    /// A storm without faults yet.
    pub fn new(plan: &'p mut Plan<X>, dice: PlanDice) -> Self {
        Storm { plan, dice }
    }

    /// Draws the faults of each of these classes, as if `thin` classes struck at once. Each has a stream of its own:
    /// one class more or less leaves the others alone.
    pub fn paint<'c>(&mut self, classes: impl IntoIterator<Item = &'c Class<X>>, thin: u64) {
        for class in classes {
            (class.faults)(&mut Brush { dice: self.dice.stream(class.dice, 0), plan: self.plan }, thin);
        }
    }

    /// Draws the faults of all these classes, and of no others.
    pub fn paint_all(&mut self, classes: &[&Class<X>]) {
        self.paint(classes.iter().copied(), classes.len() as u64);
    }

    /// The stream of a purpose, for choices among the classes.
    pub fn dice(&self, purpose: u64) -> Dice {
        self.dice.stream(purpose, 0)
    }
}

/// Draws the faults of one class.
pub struct Brush<'s, X = Settings> {
    /// The class's own dice.
    pub dice: Dice,
    /// The plan whose storm is drawn.
    pub plan: &'s mut Plan<X>,
}

impl<X: HasService> Brush<'_, X> {
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

    /// Some of `kinds`, at least one: a seed that leaves a kind out gives the others room (swarm testing).
    pub fn swarm<T: Copy>(&mut self, kinds: &[(T, u32)]) -> Vec<(T, u32)> {
        some_of(&mut self.dice, kinds, 600_000).into_iter().copied().collect()
    }

    /// One of what [`Brush::swarm`] kept.
    pub fn one<T: Copy>(&mut self, kinds: &[(T, u32)]) -> T {
        weighted(&mut self.dice, kinds)
    }

    /// A time in the storm; seldom in its first two seconds, when there is nothing yet to lose.
    pub fn time(&mut self) -> u64 {
        let from = if self.dice.chance(50_000) { 0 } else { 2_000 };
        self.dice.between(from, self.plan.heal.at_ms - 1)
    }

    /// [`Brush::time`] as a condition.
    pub fn at(&mut self) -> When {
        When::At { ms: self.time() }
    }

    /// One of these scenes as a condition: mostly at once, else a little later.
    pub fn on(&mut self, scenes: &[Scene]) -> When {
        let scene = *self.dice.pick(scenes);
        let after_ms = if self.dice.chance(700_000) { 0 } else { self.dice.between(1, 300) };
        scene.when(after_ms, &mut self.dice)
    }

    /// One of these scenes, at the very moment.
    pub fn at_once_on(&mut self, scenes: &[Scene]) -> When {
        self.dice.pick(scenes).when(0, &mut self.dice)
    }

    /// How long a fault lasts, in ms: a blink, around the patience of leaders and learners, around a session's, or
    /// long.
    pub fn spell(&mut self) -> u64 {
        let tick = self.tick_ms();
        let patience = tick * u64::from(self.service().coordination.sync_limit);
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

    fn service(&self) -> &Settings {
        self.plan.settings.service()
    }

    /// The length of a tick in ms.
    pub fn tick_ms(&self) -> u64 {
        u64::from(self.service().coordination.tick_ms)
    }

    /// Some client's session timeout in ms.
    pub fn session_ms(&mut self) -> u64 {
        u64::from(self.dice.pick(&self.plan.settings.service().clients).session_timeout_ms)
    }

    /// The replicas.
    pub fn replicas(&self) -> Vec<MachineId> {
        (0..self.service().replicas()).map(MachineId).collect()
    }

    /// The clients' machines.
    pub fn clients(&self) -> Vec<MachineId> {
        (self.service().replicas()..).map(MachineId).take(self.service().clients.len()).collect()
    }

    /// Some replica.
    pub fn replica(&mut self) -> MachineId {
        MachineId(self.dice.below(u64::from(self.service().replicas())) as u16)
    }

    /// Some client's machine.
    pub fn client(&mut self) -> MachineId {
        let clients = self.clients();
        *self.dice.pick(&clients)
    }

    /// Two different replicas.
    pub fn two_replicas(&mut self) -> (MachineId, MachineId) {
        let chosen = self.some_replicas(2, 2);
        (chosen[0], chosen[1])
    }

    /// From `low` to `high` different replicas, as many as there are at most, in random order.
    pub fn some_replicas(&mut self, low: u64, high: u64) -> Vec<MachineId> {
        let mut all = self.replicas();
        self.dice.shuffle(&mut all);
        all.truncate(self.dice.between(low, high) as usize);
        all
    }

    /// Each client with an even chance.
    pub fn some_clients(&mut self) -> Vec<MachineId> {
        let clients = self.clients();
        clients.into_iter().filter(|_| self.dice.chance(500_000)).collect()
    }

    /// A strict minority of the replicas, at least one.
    pub fn minority(&mut self) -> Vec<MachineId> {
        let most = u64::from(self.service().voters() / 2).max(1);
        self.some_replicas(1, most)
    }

    /// A moment and whom to hit at it: some replica at some time, or one that is caught in a scene of the protocol.
    pub fn replica_caught(&mut self, scenes: &[&[Scene]], on_ppm: u32) -> (When, Target) {
        if !self.dice.chance(on_ppm) {
            return (self.at(), Target::Machine(self.replica()));
        }
        let scenes = *self.dice.pick(scenes);
        (self.on(scenes), Target::Subject)
    }
}
