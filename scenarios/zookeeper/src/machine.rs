//! What runs on the machines of the service: replicas and their clients. Never a machine of a system that contains it.

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::process::{DurableClaim, Effects, Event, Process};
use contract::time::{MILLISECOND, Now};
use zookeeper_replica::{Server, ServerConfig};
use zookeeper_words::Plan;
use zookeeper_words::fact::Fact;
use zookeeper_words::message::Message;

use crate::standing::Standing;
use crate::workload::{ClientProcess, CuratorProcess};

/// Machines are started within so long of each other, in ms, as a person or a script would.
pub const START_SPREAD_MS: u64 = 200;

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
        let number = me.index() - usize::from(plan.settings.replicas());
        if plan.settings.clients[number].workload.has_curator() {
            Machine::Curator(Box::new(CuratorProcess::new(plan, me)))
        } else {
            Machine::Client(Box::new(ClientProcess::new(plan, me)))
        }
    }

    /// Replicas and clients in the order of their machines, with when each starts, in ns.
    pub fn all(plan: &Plan) -> Vec<(Machine, u64)> {
        let replicas = (0..plan.settings.replicas()).map(MachineId).map(|me| {
            let server = Server::new(ServerConfig::of(plan.view(), me));
            let start_ns = Dice::named(plan.seed.0, "start", u64::from(me.0), 0).below(START_SPREAD_MS * MILLISECOND);
            (Machine::Replica(Box::new(server)), start_ns)
        });
        let clients = (plan.settings.replicas()..).map(MachineId).zip(&plan.settings.clients);
        replicas.chain(clients.map(|(me, client)| (Machine::client(plan, me), client.start_ms * MILLISECOND))).collect()
    }

    /// How far it is with what the plan wants of it.
    pub fn standing(&self) -> Standing {
        match self {
            Machine::Replica(server) => {
                Standing::Replica { leads: server.is_leading(), served: server.is_serving().then(|| (server.last_applied(), server.digest())) }
            }
            Machine::Client(client) => Standing::Client { finished: client.is_finished() },
            Machine::Curator(client) => Standing::Client { finished: client.is_finished() },
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

    fn durable_claim(&self) -> Option<DurableClaim> {
        match self {
            Machine::Replica(server) => server.durable_claim(),
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
