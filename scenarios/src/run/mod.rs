//! The wiring of a run: replicas and clients into a world, the storm, the healing phase, the recording. Never a rule, and no chance but the dice of the plan.

mod machine;
mod whole;

use vocab::fact::Fact;
use vocab::fact::StateDigest;
use vocab::ids::{MachineId, Zxid};
use vocab::plan::Plan;
use vocab::process::Process;
use vocab::recording::{Ending, RECORDING_FORMAT, Recording};
use vocab::time::MILLISECOND;
use vocab::verdict::Judgement;
use world::World;

pub use machine::Machine;
pub use whole::Whole;

/// How often the driver looks, in the healing phase, whether all is done.
const SLICE_MS: u64 = 100;
/// Machines are started within so long of each other, as a person or a script would.
const START_SPREAD_MS: u64 = 200;

/// What runs on the machines of a run, as its driver sees it.
pub trait Hosted: Process<Fact = Fact> {
    /// All machines' processes in the order of the machines, with when each starts, in ns.
    fn all(plan: &Plan) -> Vec<(Self, u64)>;

    /// How far this one is with what the plan wants of it.
    fn standing(&self) -> Standing;
}

/// How far a machine is with what the plan wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A replica.
    Replica {
        /// It leads.
        leads: bool,
        /// The state that it serves, if it does.
        served: Option<(Zxid, StateDigest)>,
    },
    /// Somebody with work of his own.
    AtWork {
        /// Who, in a word.
        what: &'static str,
        /// It is done.
        finished: bool,
    },
    /// A master: one of them must have done all that is wanted.
    Master {
        /// It has.
        done: bool,
    },
    /// Nothing is wanted of it but that it is there.
    InSupport,
}

/// A world with all machines and faults of the plan, before its first event.
pub fn world_of<P: Hosted>(plan: &Plan) -> World<P> {
    let mut world = World::new(plan.seed.0, &plan.weather);
    for (process, start_ns) in P::all(plan) {
        world.add(process, start_ns);
    }
    assert_eq!(world.machines(), plan.machines(), "the plan counts the machines that it has");
    world.load(&plan.faults, &plan.heal, plan.budget, plan.cluster.supervisor_ms);
    world
}

/// Runs a plan, hosted on a fresh thread.
pub fn run(plan: &Plan) -> Recording {
    match plan.stream {
        None => run_with::<Machine>(plan),
        Some(_) => run_with::<Whole>(plan),
    }
}

fn run_with<P: Hosted>(plan: &Plan) -> Recording {
    world::host(plan.seed.0, || {
        let mut world = world_of::<P>(plan);
        drive(&mut world, plan);
        record(world, plan)
    })
}

/// Runs a plan and judges what happened.
pub fn judged(plan: &Plan) -> (Recording, Judgement) {
    let recording = run(plan);
    let judgement = models::judge(&recording);
    (recording, judgement)
}

/// The two phases: the storm, which nothing cuts short, and the healing, which ends when all is done or its bound has passed.
pub fn drive<P: Hosted>(world: &mut World<P>, plan: &Plan) {
    world.run_until(plan.heal.at_ms * MILLISECOND);
    let deadline_ns = (plan.heal.at_ms + plan.heal.bound_ms) * MILLISECOND;
    while world.ending().is_none() {
        if is_done(world, plan) {
            world.end(Ending::Finished);
        } else if world.now_ns() >= deadline_ns {
            world.end(Ending::Deadline { waiting: waiting(world, plan) });
        } else {
            world.run_until((world.now_ns() + SLICE_MS * MILLISECOND).min(deadline_ns));
        }
    }
}

/// The recording of a world that has ended.
pub fn record<P: Hosted>(mut world: World<P>, plan: &Plan) -> Recording {
    let ending = world.ending().expect("the driver goes on until the run has ended").clone();
    Recording {
        format: RECORDING_FORMAT,
        plan: plan.clone(),
        notes: world.take_notes(),
        ending,
        events: world.events(),
        end_ns: world.now_ns(),
        hash: world.hash(),
    }
}

/// The machines that take part in the healing phase.
fn healing<'a, P: Hosted>(world: &'a World<P>, plan: &Plan) -> impl Iterator<Item = MachineId> + use<'a, P> {
    (0..plan.machines()).map(MachineId).filter(|machine| !world.is_left_out(*machine))
}

/// Whether everybody has finished, a master has done all, one replica leads, and all serve and are at one state. A leader that was left out at the heal is still followed for a while.
fn is_done<P: Hosted>(world: &World<P>, plan: &Plan) -> bool {
    let standing = |machine| world.process(machine).map(Hosted::standing);
    let mut first = None;
    healing(world, plan).any(|machine| matches!(standing(machine), Some(Standing::Replica { leads: true, .. })))
        && (plan.stream.is_none() || healing(world, plan).any(|machine| standing(machine) == Some(Standing::Master { done: true })))
        && healing(world, plan).all(|machine| match standing(machine) {
            None | Some(Standing::Replica { served: None, .. }) => false,
            Some(Standing::Replica { served: Some(state), .. }) => *first.get_or_insert(state) == state,
            Some(Standing::AtWork { finished, .. }) => finished,
            Some(Standing::Master { .. } | Standing::InSupport) => true,
        })
}

/// What is not done: clients that are at work, masters of which none is done, replicas that are down, out of service, or not where the others are. A line each.
fn waiting<P: Hosted>(world: &World<P>, plan: &Plan) -> Vec<String> {
    let standing = |machine| world.process(machine).map(|process| (process.standing(), process));
    let first = healing(world, plan).find_map(|machine| match standing(machine) {
        Some((Standing::Replica { served, .. }, _)) => served,
        _ => None,
    });
    let nobody_is_done = healing(world, plan).all(|machine| !matches!(standing(machine), Some((Standing::Master { done: true }, _))));
    let line = |machine: MachineId| {
        let Some((standing, process)) = standing(machine) else { return Some(format!("{machine} is down")) };
        let look = || told(&process.look());
        match standing {
            Standing::AtWork { finished: true, .. } | Standing::InSupport => None,
            Standing::AtWork { what, finished: false } => Some(format!("{machine}, {what}, is not finished: {}", look())),
            Standing::Master { .. } => nobody_is_done.then(|| format!("{machine}, a master, is not done: {}", look())),
            Standing::Replica { served: None, .. } => Some(format!("{machine}, a replica, does not serve: {}", look())),
            Standing::Replica { served, .. } if served != first => {
                Some(format!("{machine}, a replica, is not at the state of the first that serves: {}", look()))
            }
            Standing::Replica { .. } => None,
        }
    };
    healing(world, plan).filter_map(line).collect()
}

/// Names and values in one line.
fn told(look: &[(&'static str, String)]) -> String {
    look.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use vocab::verdict::Verdict;

    use super::*;

    /// Three replicas, two clients and a storm of 5 s without a blow.
    fn short(seed: u64) -> Plan {
        let mut plan = crate::family::plan("calm", seed).expect("the family exists");
        plan.cluster.replicas = 3;
        plan.weather.clocks.clear();
        plan.clients.truncate(2);
        plan.clients.iter_mut().for_each(|client| client.start_ms = 0);
        plan.coordination.tick_ms = 500;
        plan.heal.at_ms = 5_000;
        plan
    }

    #[test]
    fn a_run_finishes_holds_and_is_the_same_twice() {
        let (recording, judgement) = judged(&short(1));
        assert_eq!((&recording.ending, &judgement.verdict), (&Ending::Finished, &Verdict::Holds));
        assert!(recording.end_ns >= 5_000 * MILLISECOND && recording.events > 500);
        assert_eq!(run(&short(1)), recording);
        assert_ne!(run(&short(2)).hash, recording.hash);
    }

    #[test]
    fn a_run_that_ends_too_early_tells_what_waits() {
        let mut plan = short(1);
        (plan.heal.at_ms, plan.heal.bound_ms) = (250, 0);
        let Ending::Deadline { waiting } = run(&plan).ending else { panic!("nothing can be done in so short a time") };
        assert_eq!(waiting.len(), 5, "{waiting:?}");
        assert!(waiting[0].starts_with("machine 0, a replica, does not serve: role looking"), "{}", waiting[0]);
        assert!(waiting[4].starts_with("machine 4, a client, is not finished: "), "{}", waiting[4]);
    }

    #[test]
    fn who_is_left_out_is_not_waited_for() {
        let mut plan = short(3);
        plan.heal.absent = vec![MachineId(1)];
        let (recording, judgement) = judged(&plan);
        assert_eq!((recording.ending, judgement.verdict), (Ending::Finished, Verdict::Holds));
    }

    #[test]
    fn a_clone_runs_on_as_the_original_does() {
        let plan = short(4);
        let whole = run(&plan);
        let mut world = world_of::<Machine>(&plan);
        for cut_ms in [0, 300, 1_000, 4_000] {
            world.run_until(cut_ms * MILLISECOND);
            let mut clone = world.clone();
            drive(&mut clone, &plan);
            assert_eq!(record(clone, &plan), whole, "cloned after {cut_ms} ms");
        }
    }
}
