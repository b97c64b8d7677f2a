//! A run: a plan's processes in a world, the storm, the healing phase, the recording, the judgement. Never a rule, and
//! no chance but the dice of the plan.

use contract::recording::{Ending, RECORDING_FORMAT};
use contract::time::MILLISECOND;
use contract::verdict::Judgement;
use judging::{Hits, Outcome, Probes, Rules, judge};
use world::World;

use crate::system::{Account, Plan, Recording, System};

/// How often the driver looks, in the healing phase, whether all is done.
const SLICE_MS: u64 = 100;

/// A world with all machines and faults of the plan, before its first event.
pub fn world_of<S: System>(plan: &Plan<S>) -> World<S::Process> {
    let mut world = World::new(plan.seed.0, &plan.weather);
    for (process, start_ns) in S::processes(plan) {
        world.add(process, start_ns);
    }
    assert_eq!(world.machines(), plan.machines(), "a system has a process for each machine of its roster");
    world.load(&plan.faults, &plan.heal, plan.budget, plan.supervisor_ms);
    world
}

/// Runs a plan, hosted on a fresh thread.
pub fn run<S: System>(plan: &Plan<S>) -> Recording<S> {
    world::host(plan.seed.0, || {
        let mut world = world_of::<S>(plan);
        drive::<S>(&mut world, plan);
        record::<S>(world, plan)
    })
}

/// The two phases: the storm, which nothing cuts short, and the healing, which ends when all is done or its bound has
/// passed.
pub fn drive<S: System>(world: &mut World<S::Process>, plan: &Plan<S>) {
    world.run_until(plan.heal.at_ms * MILLISECOND);
    let deadline_ns = (plan.heal.at_ms + plan.heal.bound_ms) * MILLISECOND;
    while world.ending().is_none() {
        if S::is_done(world, plan) {
            world.end(Ending::Finished);
        } else if world.now_ns() >= deadline_ns {
            world.end(Ending::Deadline { waiting: S::waiting(world, plan) });
        } else {
            world.run_until((world.now_ns() + SLICE_MS * MILLISECOND).min(deadline_ns));
        }
    }
}

/// The recording of a world that has ended.
pub fn record<S: System>(mut world: World<S::Process>, plan: &Plan<S>) -> Recording<S> {
    let ending = world.ending().expect("the driver goes on until the run has ended").clone();
    Recording::<S> {
        format: RECORDING_FORMAT,
        plan: plan.clone(),
        notes: world.take_notes(),
        ending,
        events: world.events(),
        end_ns: world.now_ns(),
        hash: world.hash(),
    }
}

/// Runs a plan and judges what happened.
pub fn judged<S: System>(plan: &Plan<S>) -> (Recording<S>, Judgement) {
    let recording = run::<S>(plan);
    let judgement = Judge::<S>::new().look(&recording, Wanted::VERDICT).judgement;
    (recording, judgement)
}

/// A system's rules and probes, made once for many runs.
pub struct Judge<S: System> {
    rules: Rules<S::Law>,
    probes: Probes<S::Law>,
}

/// What is wanted of a recording beside its verdict. Each costs a pass over the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which probes were hit.
    pub probes: bool,
    /// What a report tells in the system's own terms.
    pub account: bool,
}

impl Wanted {
    /// The verdict alone.
    pub const VERDICT: Wanted = Wanted { probes: false, account: false };
    /// For many runs that are told together.
    pub const PROBES: Wanted = Wanted { probes: true, account: false };
    /// For a run that is told by itself.
    pub const ACCOUNT: Wanted = Wanted { probes: false, account: true };
}

/// What is seen in a recording.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The verdict, with what stands behind it.
    pub judgement: Judgement,
    /// The probes that were hit; none, if they are not wanted.
    pub hits: Hits,
    /// What a report tells in the system's own terms; nothing, if it is not wanted.
    pub account: Account,
}

impl<S: System> Judge<S> {
    /// All rules and probes of the system.
    pub fn new() -> Judge<S> {
        Judge { rules: S::rules(), probes: S::probes() }
    }

    /// The rules.
    pub fn rules(&self) -> &Rules<S::Law> {
        &self.rules
    }

    /// The probes.
    pub fn probes(&self) -> &Probes<S::Law> {
        &self.probes
    }

    /// Reads a recording once, and looks at it with all rules, and with what else is wanted.
    pub fn look(&self, recording: &Recording<S>, wanted: Wanted) -> Seen {
        let evidence = S::evidence(recording);
        let outcome = Outcome { ending: &recording.ending, events: recording.events, bound_ms: recording.plan.heal.bound_ms };
        Seen {
            judgement: judge(&self.rules, &evidence, outcome),
            hits: if wanted.probes { self.probes.hits(&evidence) } else { Hits::default() },
            account: if wanted.account { S::account(&evidence) } else { Account::default() },
        }
    }
}

impl<S: System> Default for Judge<S> {
    fn default() -> Self {
        Judge::new()
    }
}
