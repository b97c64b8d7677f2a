//! What runs on the machines of the coordination service: replicas and their clients. Never the stream engine, whose runs have machines of another kind.

use coord::message::Message;
use coord::{Server, ServerConfig};
use vocab::dice::Dice;
use vocab::fact::Fact;
use vocab::ids::MachineId;
use vocab::plan::Plan;
use vocab::process::{Effects, Event, Pledge, Process};
use vocab::time::{MILLISECOND, Now};

use super::{Hosted, START_SPREAD_MS, Standing};
use crate::workload::{ClientProcess, CuratorProcess};

/// A replica, or a client of the service.
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

    /// Replicas and clients in the order of their machines, with when each starts, in ns.
    pub(super) fn of_service(plan: &Plan) -> Vec<(Machine, u64)> {
        let replicas = (0..plan.replicas()).map(MachineId).map(|me| {
            let server = Server::new(ServerConfig::of(plan, me));
            let start_ns = Dice::named(plan.seed.0, "start", u64::from(me.0), 0).below(START_SPREAD_MS * MILLISECOND);
            (Machine::Replica(Box::new(server)), start_ns)
        });
        let clients = (plan.replicas()..).map(MachineId).zip(&plan.clients);
        replicas.chain(clients.map(|(me, client)| (Machine::client(plan, me), client.start_ms * MILLISECOND))).collect()
    }
}

impl Hosted for Machine {
    fn all(plan: &Plan) -> Vec<(Machine, u64)> {
        Machine::of_service(plan)
    }

    fn standing(&self) -> Standing {
        match self {
            Machine::Replica(server) => {
                Standing::Replica { leads: server.is_leading(), served: server.is_serving().then(|| (server.last_applied(), server.digest())) }
            }
            Machine::Client(client) => Standing::AtWork { what: "a client", finished: client.is_finished() },
            Machine::Curator(client) => Standing::AtWork { what: "a client", finished: client.is_finished() },
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
