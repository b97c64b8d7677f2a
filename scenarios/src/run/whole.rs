//! What runs on the machines of a run in which the stream engine takes part: the coordination service with its clients, masters, workers, and the outside. Never a rule.

use std::sync::Arc;

use stream::config::Config;
use stream::master::MasterProcess;
use stream::message::{Message, Out};
use stream::outside::{BlobProcess, LedgerProcess, LogProcess};
use stream::worker::WorkerProcess;
use vocab::dice::Dice;
use vocab::fact::Fact;
use vocab::ids::MachineId;
use vocab::plan::{Plan, StreamMachines};
use vocab::process::{Event, Pledge, Process};
use vocab::time::{MILLISECOND, Now};

use super::machine::Machine;
use super::{Hosted, START_SPREAD_MS, Standing};
use crate::feed;

/// A machine of a run with both systems.
#[derive(Clone)]
pub enum Whole {
    /// A replica of the coordination service, or a client of it.
    Service(Machine),
    /// A master.
    Master(Box<MasterProcess>),
    /// A worker.
    Worker(Box<WorkerProcess>),
    /// The log.
    Log(Box<LogProcess>),
    /// The ledger.
    Ledger(Box<LedgerProcess>),
    /// The blob store.
    Blobs(Box<BlobProcess>),
}

impl Hosted for Whole {
    fn all(plan: &Plan) -> Vec<(Whole, u64)> {
        let (Some(settings), Some(machines)) = (&plan.stream, plan.stream_machines()) else {
            panic!("only a plan with a stream engine has machines of this kind");
        };
        let settings = Arc::new(settings.clone());
        let config = |me| config(plan, &settings, machines, me);
        let service = Machine::of_service(plan).into_iter().map(|(machine, start_ns)| (Whole::Service(machine), start_ns));
        let engine = machines.masters().map(|me| Whole::Master(Box::new(MasterProcess::new(config(me)))));
        let engine = engine.chain(machines.workers().map(|me| Whole::Worker(Box::new(WorkerProcess::new(config(me))))));
        let outside = [
            Whole::Log(Box::new(LogProcess::new(feed::feed(plan)))),
            Whole::Ledger(Box::new(LedgerProcess::new(settings.txn_timeout_ms))),
            Whole::Blobs(Box::new(BlobProcess::new())),
        ];
        let spread = |(machine, process)| {
            let start_ns = Dice::named(plan.seed.0, "start", machine, 0).below(START_SPREAD_MS * MILLISECOND);
            (process, start_ns)
        };
        let first = machines.masters().map(|me| u64::from(me.0)).next().expect("a plan with a stream engine has a master");
        service.chain((first..).zip(engine.chain(outside)).map(spread)).collect()
    }

    fn standing(&self) -> Standing {
        match self {
            Whole::Service(machine) => machine.standing(),
            Whole::Master(master) => Standing::Master { done: master.is_done() },
            Whole::Worker(_) | Whole::Log(_) | Whole::Ledger(_) | Whole::Blobs(_) => Standing::InSupport,
        }
    }
}

fn config(plan: &Plan, settings: &Arc<vocab::plan::StreamPlan>, machines: StreamMachines, me: MachineId) -> Config {
    let mut servers: Vec<MachineId> = (0..plan.replicas()).map(MachineId).collect();
    Dice::named(plan.seed.0, "connect-string", u64::from(me.0), 1).shuffle(&mut servers);
    let lot = Dice::named(plan.seed.0, "lot", u64::from(me.0), 0).between(0, u64::MAX);
    Config { me, plan: settings.clone(), machines, servers, lot }
}

impl Process for Whole {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match self {
            Whole::Service(machine) => {
                // What is said in another language is for nobody here.
                let Some(event) = event.translate(understood) else { return };
                let wake_ns = out.host(Message::Coord, |out| {
                    machine.step(now, event, out);
                    out.wake_ns
                });
                if let Some(mono_ns) = wake_ns {
                    out.wake_at(mono_ns);
                }
            }
            Whole::Master(master) => master.step(now, event, out),
            Whole::Worker(worker) => worker.step(now, event, out),
            Whole::Log(log) => log.step(now, event, out),
            Whole::Ledger(ledger) => ledger.step(now, event, out),
            Whole::Blobs(blobs) => blobs.step(now, event, out),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Whole::Service(machine) => machine.check(),
            Whole::Master(master) => master.check(),
            Whole::Worker(worker) => worker.check(),
            Whole::Log(log) => log.check(),
            Whole::Ledger(ledger) => ledger.check(),
            Whole::Blobs(blobs) => blobs.check(),
        }
    }

    fn pledge(&self) -> Option<Pledge> {
        match self {
            Whole::Service(machine) => machine.pledge(),
            Whole::Master(_) | Whole::Worker(_) | Whole::Log(_) | Whole::Ledger(_) | Whole::Blobs(_) => None,
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        match self {
            Whole::Service(machine) => machine.look(),
            Whole::Master(master) => master.look(),
            Whole::Worker(worker) => worker.look(),
            Whole::Log(log) => log.look(),
            Whole::Ledger(ledger) => ledger.look(),
            Whole::Blobs(blobs) => blobs.look(),
        }
    }
}

fn understood(message: Message) -> Option<coord::message::Message> {
    match message {
        Message::Coord(message) => Some(message),
        Message::Up { .. } | Message::Down { .. } | Message::Net(_) | Message::KeepAlive { .. } | Message::Ask { .. } | Message::Answer { .. } => None,
    }
}
