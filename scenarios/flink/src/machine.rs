//! What runs on the machines of a run with the stream engine: the coordination service with its clients, masters,
//! workers, and the outside. Never a rule.

use std::sync::Arc;

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::plant::Plants;
use contract::process::{DurableClaim, Event, Process};
use contract::time::{MILLISECOND, Now};
use flink_engine::config::Config;
use flink_engine::hosting::Hosted;
use flink_engine::master::MasterProcess;
use flink_engine::message::{Message, Out};
use flink_engine::worker::WorkerProcess;
use flink_words::Plan;
use flink_words::fact::Fact;
use flink_words::settings::StreamPlan;
use outside::{BlobProcess, LedgerProcess, LogProcess};
use zookeeper_scenarios::machine::{Machine as ServiceMachine, START_SPREAD_MS};
use zookeeper_scenarios::standing::Standing;

use crate::feed::feed;
use crate::plan::service_of;

/// A machine of a run with both systems.
#[derive(Clone)]
pub enum Machine {
    /// A replica of the coordination service, or a client of it.
    Service(Hosted<ServiceMachine>),
    /// A master.
    Master(Box<MasterProcess>),
    /// A worker.
    Worker(Box<WorkerProcess>),
    /// The log.
    Log(Box<Hosted<LogProcess>>),
    /// The ledger.
    Ledger(Box<Hosted<LedgerProcess>>),
    /// The blob store.
    Blobs(Box<Hosted<BlobProcess>>),
}

impl Machine {
    /// All machines' processes in the order of the machines, with when each starts, in ns.
    pub fn all(plan: &Plan) -> Vec<(Machine, u64)> {
        let (stream, machines) = (&plan.settings.stream, plan.settings.stream_machines());
        let settings = Arc::new(stream.clone());
        let service = ServiceMachine::all(&service_of(plan)).into_iter().map(|(machine, start_ns)| (Machine::Service(Hosted::new(machine)), start_ns));
        let engine = machines.masters().map(|me| Machine::Master(Box::new(MasterProcess::new(config(plan, &settings, me)))));
        let engine = engine.chain(machines.workers().map(|me| Machine::Worker(Box::new(WorkerProcess::new(config(plan, &settings, me))))));
        let outside = [
            Machine::Log(Box::new(Hosted::new(LogProcess::new(feed(plan.seed, stream))))),
            Machine::Ledger(Box::new(Hosted::new(LedgerProcess::new(stream.txn_timeout_ms)))),
            Machine::Blobs(Box::new(Hosted::new(BlobProcess::new()))),
        ];
        let spread = |(machine, process)| {
            let start_ns = Dice::named(plan.seed.0, "start", machine, 0).below(START_SPREAD_MS * MILLISECOND);
            (process, start_ns)
        };
        let first = u64::from(plan.settings.service.machines());
        service.chain((first..).zip(engine.chain(outside)).map(spread)).collect()
    }

    /// How far it is with what the plan wants of it. Nothing is wanted of workers and of the outside but that they are
    /// there; of masters, see [`Machine::is_done`].
    pub fn standing(&self) -> Standing {
        match self {
            Machine::Service(machine) => machine.standing(),
            Machine::Master(_) | Machine::Worker(_) | Machine::Log(_) | Machine::Ledger(_) | Machine::Blobs(_) => Standing::Other(None),
        }
    }

    /// Whether it is a master that has done all that the plan wants. One of them must have.
    pub fn is_done(&self) -> bool {
        matches!(self, Machine::Master(master) if master.is_done())
    }
}

fn config(plan: &Plan, settings: &Arc<StreamPlan>, me: MachineId) -> Config {
    let mut servers: Vec<MachineId> = (0..plan.settings.service.replicas()).map(MachineId).collect();
    Dice::named(plan.seed.0, "connect-string", u64::from(me.0), 1).shuffle(&mut servers);
    let lot = Dice::named(plan.seed.0, "lot", u64::from(me.0), 0).between(0, u64::MAX);
    Config { me, plan: settings.clone(), plants: Plants::among(&plan.plants), machines: plan.settings.stream_machines(), servers, lot }
}

impl Process for Machine {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match self {
            Machine::Service(machine) => machine.step(now, event, out),
            Machine::Master(master) => master.step(now, event, out),
            Machine::Worker(worker) => worker.step(now, event, out),
            Machine::Log(log) => log.step(now, event, out),
            Machine::Ledger(ledger) => ledger.step(now, event, out),
            Machine::Blobs(blobs) => blobs.step(now, event, out),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Machine::Service(machine) => machine.check(),
            Machine::Master(master) => master.check(),
            Machine::Worker(worker) => worker.check(),
            Machine::Log(log) => log.check(),
            Machine::Ledger(ledger) => ledger.check(),
            Machine::Blobs(blobs) => blobs.check(),
        }
    }

    fn durable_claim(&self) -> Option<DurableClaim> {
        match self {
            Machine::Service(machine) => machine.durable_claim(),
            Machine::Master(_) | Machine::Worker(_) | Machine::Log(_) | Machine::Ledger(_) | Machine::Blobs(_) => None,
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        match self {
            Machine::Service(machine) => machine.look(),
            Machine::Master(master) => master.look(),
            Machine::Worker(worker) => worker.look(),
            Machine::Log(log) => log.look(),
            Machine::Ledger(ledger) => ledger.look(),
            Machine::Blobs(blobs) => blobs.look(),
        }
    }
}
