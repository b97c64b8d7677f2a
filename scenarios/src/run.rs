//! The wiring of a run: replicas and clients into a world, the storm, the healing phase, the recording. Never a rule, and no chance but the dice of the plan.

use coord::message::Message;
use coord::{Server, ServerConfig};
use vocab::dice::Dice;
use vocab::fact::Fact;
use vocab::ids::MachineId;
use vocab::plan::Plan;
use vocab::process::{Effects, Event, Pledge, Process};
use vocab::recording::{Ending, RECORDING_FORMAT, Recording};
use vocab::time::{MILLISECOND, Now};
use vocab::verdict::Judgement;
use world::World;

use crate::workload::{ClientProcess, CuratorProcess};

/// How often the driver looks, in the healing phase, whether all is done.
const SLICE_MS: u64 = 100;
/// Replicas are started within so long of each other, as a person or a script would.
const START_SPREAD_MS: u64 = 200;

/// What runs on the machines of this system.
#[derive(Clone)]
pub enum Machine {
    /// A replica of the coordination service.
    Replica(Box<Server>),
    /// A client of it, at work.
    Client(Box<ClientProcess>),
    /// A client of it that has Curator's behaviour.
    Curator(Box<CuratorProcess>),
}

impl Machine {
    fn client(plan: &Plan, me: MachineId) -> Machine {
        let number = me.index() - usize::from(plan.replicas());
        if plan.clients[number].workload.has_curator() {
            Machine::Curator(Box::new(CuratorProcess::new(plan, me)))
        } else {
            Machine::Client(Box::new(ClientProcess::new(plan, me)))
        }
    }
}

impl Process for Machine {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Effects<Message, Fact>) {
        match self {
            Machine::Replica(server) => server.step(now, event, out),
            Machine::Client(client) => client.step(now, event, out),
            Machine::Curator(client) => client.step(now, event, out),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Machine::Replica(server) => server.check(),
            Machine::Client(client) => client.check(),
            Machine::Curator(client) => client.check(),
        }
    }

    fn pledge(&self) -> Option<Pledge> {
        match self {
            Machine::Replica(server) => server.pledge(),
            Machine::Client(_) | Machine::Curator(_) => None,
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        match self {
            Machine::Replica(server) => server.look(),
            Machine::Client(client) => client.look(),
            Machine::Curator(client) => client.look(),
        }
    }
}

/// A world with all machines and faults of the plan, before its first event.
pub fn world_of(plan: &Plan) -> World<Machine> {
    let mut world = World::new(plan.seed.0, &plan.weather);
    for me in (0..plan.replicas()).map(MachineId) {
        let server = Server::new(ServerConfig::of(plan, me));
        let start_ns = Dice::named(plan.seed.0, "start", u64::from(me.0), 0).below(START_SPREAD_MS * MILLISECOND);
        let given = world.add(Machine::Replica(Box::new(server)), start_ns);
        assert_eq!(given, me, "the replicas are the first machines");
    }
    for (me, client) in (plan.replicas()..).map(MachineId).zip(&plan.clients) {
        let given = world.add(Machine::client(plan, me), client.start_ms * MILLISECOND);
        assert_eq!(given, me, "the clients follow the replicas, in the plan's order");
    }
    world.load(&plan.faults, &plan.heal, plan.budget, plan.cluster.supervisor_ms);
    world
}

/// Runs a plan, hosted on a fresh thread.
pub fn run(plan: &Plan) -> Recording {
    world::host(plan.seed.0, || {
        let mut world = world_of(plan);
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
pub fn drive(world: &mut World<Machine>, plan: &Plan) {
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
pub fn record(mut world: World<Machine>, plan: &Plan) -> Recording {
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
fn healing(plan: &Plan) -> impl Iterator<Item = MachineId> {
    (0..plan.machines()).map(MachineId).filter(|machine| !plan.heal.absent.contains(machine))
}

/// Whether every client has finished, one replica leads, and all serve and are at one state. A leader that was left out at the heal is still followed for a while.
fn is_done(world: &World<Machine>, plan: &Plan) -> bool {
    let leads = |machine| matches!(world.process(machine), Some(Machine::Replica(server)) if server.is_leading());
    let mut first = None;
    healing(plan).any(leads)
        && healing(plan).all(|machine| match world.process(machine) {
            None => false,
            Some(Machine::Client(client)) => client.is_finished(),
            Some(Machine::Curator(client)) => client.is_finished(),
            Some(Machine::Replica(server)) => {
                let state = (server.last_applied(), server.digest());
                server.is_serving() && *first.get_or_insert(state) == state
            }
        })
}

/// What is not done: clients that are at work, replicas that are down, out of service, or not where the others are. A line each.
fn waiting(world: &World<Machine>, plan: &Plan) -> Vec<String> {
    let serving = |machine: MachineId| match world.process(machine) {
        Some(Machine::Replica(server)) if server.is_serving() => Some((server.last_applied(), server.digest())),
        Some(Machine::Replica(_) | Machine::Client(_) | Machine::Curator(_)) | None => None,
    };
    let first = healing(plan).find_map(serving);
    let line = |machine: MachineId| match world.process(machine) {
        None => Some(format!("{machine} is down")),
        Some(Machine::Client(client)) => (!client.is_finished()).then(|| unfinished(machine, &client.look())),
        Some(Machine::Curator(client)) => (!client.is_finished()).then(|| unfinished(machine, &client.look())),
        Some(Machine::Replica(server)) => {
            let look = told(&server.look());
            match serving(machine) {
                None => Some(format!("{machine}, a replica, does not serve: {look}")),
                state if state != first => Some(format!("{machine}, a replica, is not at the state of the first that serves: {look}")),
                Some(_) => None,
            }
        }
    };
    healing(plan).filter_map(line).collect()
}

fn unfinished(machine: MachineId, look: &[(&'static str, String)]) -> String {
    format!("{machine}, a client, is not finished: {}", told(look))
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
        let mut world = world_of(&plan);
        for cut_ms in [0, 300, 1_000, 4_000] {
            world.run_until(cut_ms * MILLISECOND);
            let mut clone = world.clone();
            drive(&mut clone, &plan);
            assert_eq!(record(clone, &plan), whole, "cloned after {cut_ms} ms");
        }
    }
}
