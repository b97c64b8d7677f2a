//! The log, the ledger, the blob store and two readers as a system of the harness. Never a job, nor a coordination
//! service.

use ::outside::{BlobProcess, FeedRecord, LedgerProcess, LogProcess};
use contract::dice::Dice;
use contract::fault::{Fault, Moment, Target, What, When};
use contract::ids::MachineId;
use contract::kinds::Kinds;
use contract::plan::Heal;
use contract::process::{Effects, Event, Process};
use contract::roster::Roster;
use contract::time::{MILLISECOND, Now};
use flink_words::job::JobKind;
use flink_words::settings::{InputPlan, StreamPlan};
use harness::family::{Family, general};
use harness::serde::{Deserialize, Serialize};
use harness::system::{Evidence, Plan, Recording, System};
use judging::{Rules, View};
use outside_words::fact::OutsideFact;
use outside_words::message::Message;
use world::World;

use super::reader::Reader;

/// When faults end, and when all must be done.
const HEAL_MS: u64 = 15_000;
const END_MS: u64 = 90_000;
/// When readers start: the services have read their disks by then.
const READ_MS: u64 = 100;
/// When the ledger gives a transaction up (transaction.timeout.ms).
const TXN_TIMEOUT_MS: u32 = 60_000;
/// How many faults a plan has.
const FAULTS: usize = 14;

/// The log, the ledger and the blob store.
const SERVICES: [MachineId; 3] = [MachineId(0), MachineId(1), MachineId(2)];
/// Those who use them, each a partition of the log.
const READERS: [MachineId; 2] = [MachineId(3), MachineId(4)];

/// The outside without a job.
pub struct Alone;

/// There is nothing to choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(crate = "harness::serde", deny_unknown_fields)]
pub struct Settings {}

impl contract::plan::Settings for Settings {
    fn roster(&self) -> Roster {
        Roster::new().with("log", 1).with("ledger", 1).with("blob store", 1).with("reader", READERS.len() as u16)
    }

    fn kinds() -> Option<Kinds> {
        Some(outside_words::kinds::kinds())
    }
}

impl System for Alone {
    const NAME: &'static str = "outside";

    type Settings = Settings;
    type Fact = OutsideFact;
    type Process = Machine;
    type Law = outside_models::Outside;

    fn processes(plan: &Plan<Self>) -> Vec<(Machine, u64)> {
        let log = LogProcess::new(feed(plan));
        let services =
            [Machine::Log(Box::new(log)), Machine::Ledger(Box::new(LedgerProcess::new(TXN_TIMEOUT_MS))), Machine::Blobs(Box::new(BlobProcess::new()))];
        let readers = READERS.into_iter().zip(0..).map(|(me, partition)| Machine::Reader(Box::new(Reader::new(me, partition, SERVICES))));
        services.into_iter().map(|service| (service, 0)).chain(readers.map(|reader| (reader, READ_MS * MILLISECOND))).collect()
    }

    fn is_done(world: &World<Machine>, _: &Plan<Self>) -> bool {
        READERS.iter().all(|reader| matches!(world.process(*reader), Some(Machine::Reader(reader)) if reader.is_done()))
    }

    fn evidence(recording: &Recording<Self>) -> Evidence<'_, Self> {
        outside_models::Evidence::read(&View::of(recording))
    }

    fn rules() -> Rules<Self::Law> {
        outside_models::rules()
    }

    fn families() -> Vec<Family<Self>> {
        vec![Family::new("services", "the log, the ledger and the blob store go down, fail and are slow, in rough weather", draw)]
    }
}

/// What stands in the log of a plan.
pub fn feed(plan: &Plan<Alone>) -> Vec<FeedRecord> {
    let input = InputPlan { records: 300, partitions: READERS.len() as u16, until_ms: 12_000, disorder_ms: 100, idle_ms: 0 };
    flink_scenarios::feed::feed(plan.seed, &StreamPlan::of(JobKind::Q0, input))
}

fn draw(seed: u64) -> Plan<Alone> {
    let rough = general::families::<Alone>().into_iter().find(|family| family.name == "weather").expect("it is a general family");
    let heal = Heal { at_ms: HEAL_MS, bound_ms: END_MS - HEAL_MS, absent: vec![] };
    let mut dice = Dice::named(seed, "faults", 0, 0);
    Plan::<Alone> { heal, faults: (0..FAULTS).map(|_| fault(&mut dice)).collect(), ..rough.plan(seed) }
}

/// A fault of a service; none that destroys what is durable.
fn fault(dice: &mut Dice) -> Fault {
    let (machine, reader) = (*dice.pick(&SERVICES), Target::Machine(*dice.pick(&READERS)));
    let target = Target::Machine(machine);
    let restart_ms = Some(dice.between(1, 2_000));
    let for_ms = dice.between(10, 4_000);
    let ask = *dice.pick(&["fetch", "txn-write", "txn-commit", "init-producer", "blob-put", "blob-delete"]);
    let what = match dice.below(11) {
        0..3 => What::Crash { machine: target, power: true, restart_ms },
        3 => What::Crash { machine: target, power: false, restart_ms },
        4 => What::CutStreams { a: target, b: reader, silent: dice.chance(500_000) },
        5 => What::DropReply { kind: ask.into(), from: None },
        6 => What::DiskError { machine: target, count: dice.between(1, 3) as u32 },
        7 => What::DiskStall { machine: target, for_ms },
        8 => What::DiskFull { machine: target, for_ms },
        9 => What::Pause { machine: target, for_ms },
        _ => {
            let word = *dice.pick(&["unavailable 1500", "slow 3000", "errors 1", "errors 4"]);
            What::Order { machine: target, word: word.into() }
        }
    };
    let moment = *dice.pick(&[Moment::Append, Moment::Sync]);
    let kind = if machine == SERVICES[2] { "blobs" } else { "ledger" };
    let when = match dice.chance(400_000) {
        true => When::On { moment, kind: kind.into(), machine: None, nth: dice.between(1, 40) as u32, after_ms: dice.below(2) },
        false => When::At { ms: dice.below(HEAL_MS) },
    };
    Fault { when, what }
}

/// What runs on a machine.
#[derive(Clone)]
pub enum Machine {
    Log(Box<LogProcess>),
    Ledger(Box<LedgerProcess>),
    Blobs(Box<BlobProcess>),
    Reader(Box<Reader>),
}

impl Process for Machine {
    type Message = Message;
    type Fact = OutsideFact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Effects<Message, OutsideFact>) {
        match self {
            Machine::Log(log) => log.step(now, event, out),
            Machine::Ledger(ledger) => ledger.step(now, event, out),
            Machine::Blobs(blobs) => blobs.step(now, event, out),
            Machine::Reader(reader) => reader.step(now, &event, out),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Machine::Log(log) => log.check(),
            Machine::Ledger(ledger) => ledger.check(),
            Machine::Blobs(blobs) => blobs.check(),
            Machine::Reader(reader) => reader.check(),
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        match self {
            Machine::Log(log) => log.look(),
            Machine::Ledger(ledger) => ledger.look(),
            Machine::Blobs(blobs) => blobs.look(),
            Machine::Reader(reader) => reader.look(),
        }
    }
}
