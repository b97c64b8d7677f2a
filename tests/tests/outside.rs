//! The log, the ledger and the blob store in a true world, under its faults, held to their promises by the judge: somebody reads everything, writes it in transactions and keeps it in blobs. Never a job.

use std::collections::BTreeMap;
use std::sync::Arc;

use stream::message::{Answer, Ask, Message};
use stream::outside::{AskId, BlobProcess, Caller, FeedRecord, LedgerProcess, LogProcess, Tries};
use stream::snapshot::Committable;
use vocab::dice::Dice;
use vocab::fact::Fact;
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::plan::{Fault, Moment, Plan, Target, What, When};
use vocab::process::{Effects, Event, Process};
use vocab::recording::{Ending, RECORDING_FORMAT, Recording};
use vocab::stream::StreamFact;
use vocab::stream::data::{Field, Row, Topic, row};
use vocab::stream::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId, Subtask, VertexId};
use vocab::stream::job::JobKind;
use vocab::stream::outside::{Author, OutsideFact};
use vocab::time::{MILLISECOND, Now, SECOND};
use vocab::verdict::Verdict;
use world::World;

/// When faults end, and when all must be done.
const HEAL_MS: u64 = 15_000;
const END_MS: u64 = 90_000;

fn attempt(reader: MachineId) -> AttemptId {
    AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(1), index: reader.0 }, leader: LeaderId(1), number: 1 }
}

/// What somebody does next.
#[derive(Clone, Debug)]
enum Step {
    Fetch,
    Init,
    Write { epoch: u32 },
    Commit { epoch: u32 },
    Put,
    Get,
    Delete,
    Done,
}

/// Reads a partition from its beginning to its end; of each batch it makes a transaction and a blob, reads the blob again and deletes every other one. It starts over when it is refused.
#[derive(Clone)]
struct Reader {
    me: MachineId,
    split: SplitId,
    callers: [Caller; 3],
    step: Step,
    under_way: Option<AskId>,
    offset: u64,
    last: bool,
    batch: Vec<Row>,
    txn: u32,
}

impl Reader {
    fn bytes(&self) -> Arc<[u8]> {
        format!("{:?}", self.batch).into_bytes().into()
    }

    fn ask(&self) -> Option<(usize, Ask)> {
        let (by, author) = (attempt(self.me), Author::Task(attempt(self.me)));
        let txn = || format!("t-{}-{}", self.me.0, self.txn).into();
        let name = || format!("blob-{}-{}", self.me.0, self.txn).into();
        Some(match &self.step {
            Step::Fetch => (0, Ask::Fetch { split: self.split, offset: self.offset, count_max: 7 }),
            Step::Init => (1, Ask::InitProducer { txn: txn(), token: 0, by }),
            Step::Write { epoch } => (1, Ask::Write { txn: txn(), epoch: *epoch, at: 0, rows: self.batch.clone(), by }),
            Step::Commit { epoch } => (1, Ask::Commit { committable: Committable { txn: txn(), epoch: *epoch, checkpoint: CheckpointId(1) }, by }),
            Step::Put => (2, Ask::Put { name: name(), bytes: self.bytes(), by: author }),
            Step::Get => (2, Ask::Get { name: name(), by: author }),
            Step::Delete => (2, Ask::Delete { name: name(), by: author }),
            Step::Done => return None,
        })
    }

    fn answered(&mut self, answer: Answer) {
        let next = if self.last { Step::Done } else { Step::Fetch };
        self.step = match (&self.step, answer) {
            (Step::Fetch, Answer::Records { records, last }) => {
                self.batch = records.iter().map(|input| row([Field::Text(format!("{input:?}").into())])).collect();
                (self.offset, self.last) = (self.offset + records.len() as u64, last);
                self.txn += 1;
                match (records.is_empty(), last) {
                    (false, _) => Step::Init,
                    (true, true) => Step::Done,
                    (true, false) => Step::Fetch,
                }
            }
            (Step::Init, Answer::Producer { epoch }) => Step::Write { epoch },
            (Step::Write { epoch }, Answer::Done) => Step::Commit { epoch: *epoch },
            (Step::Commit { .. }, Answer::Done) => Step::Put,
            (Step::Put, Answer::Done) => Step::Get,
            (Step::Get, Answer::Blob(Some(bytes))) if bytes == self.bytes() && self.txn.is_multiple_of(2) => Step::Delete,
            (Step::Get, Answer::Blob(Some(bytes))) if bytes == self.bytes() => next,
            (Step::Delete, Answer::Done) => next,
            (step, answer) => panic!("{step:?} is answered by {answer:?}"),
        };
    }
}

/// What runs in this world; the first machines stand idle in the place of replicas and clients.
#[derive(Clone)]
enum Machine {
    Idle,
    Log(Box<LogProcess>),
    Ledger(Box<LedgerProcess>),
    Blobs(Box<BlobProcess>),
    Reader(Box<Reader>),
}

impl Process for Machine {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Effects<Message, Fact>) {
        match self {
            Machine::Idle => {}
            Machine::Log(log) => log.step(now, event, out),
            Machine::Ledger(ledger) => ledger.step(now, event, out),
            Machine::Blobs(blobs) => blobs.step(now, event, out),
            Machine::Reader(reader) => {
                for service in 0..3 {
                    for (id, outcome) in reader.callers[service].on_event(now, &event, out) {
                        assert_eq!(reader.under_way.take(), Some(id), "one thing after the other");
                        reader.answered(outcome.expect("it is tried for ever"));
                    }
                }
                if reader.under_way.is_none()
                    && let Some((service, ask)) = reader.ask()
                {
                    reader.under_way = Some(reader.callers[service].ask(ask, Tries::Forever, now, out));
                }
                if let Some(wake_ns) = reader.callers.iter().filter_map(Caller::wake_ns).min() {
                    out.wake_at(wake_ns);
                }
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Machine::Idle => Ok(()),
            Machine::Log(log) => log.check(),
            Machine::Ledger(ledger) => ledger.check(),
            Machine::Blobs(blobs) => blobs.check(),
            Machine::Reader(reader) => reader.callers.iter().try_for_each(Caller::check),
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        match self {
            Machine::Idle => vec![],
            Machine::Log(log) => log.look(),
            Machine::Ledger(ledger) => ledger.look(),
            Machine::Blobs(blobs) => blobs.look(),
            Machine::Reader(reader) => vec![("step", format!("{:?}", reader.step))],
        }
    }
}

/// A plan of a family with a log to read, and faults for its three services.
fn planned(seed: u64) -> (Plan, Vec<FeedRecord>) {
    let mut plan = scenarios::family::plan("weather", seed).expect("a family");
    let text = r#"{"job": "q0", "masters": 1, "workers": 1, "slots": 1, "parallelism": 1, "max_parallelism": 8,
        "input": {"records": 300, "partitions": 2, "until_ms": 12000, "disorder_ms": 100}}"#;
    plan.stream = Some(serde_json::from_str(text).expect("a stream engine's part"));
    assert_eq!(plan.stream.as_ref().map(|stream| stream.job), Some(JobKind::Q0));
    let feed = scenarios::feed::feed(&plan);
    plan.stream = None;
    (plan.heal.at_ms, plan.heal.absent) = (HEAL_MS, vec![]);
    (plan, feed)
}

/// So many blows at the services, but for those that destroy what is durable.
fn blows(seed: u64, services: [MachineId; 3], readers: &[MachineId]) -> Vec<Fault> {
    let mut dice = Dice::named(seed, "blows", 0, 0);
    let blow = |dice: &mut Dice| {
        let (machine, other) = (*dice.pick(&services), Target::Machine(*dice.pick(readers)));
        let target = Target::Machine(machine);
        let restart_ms = Some(dice.between(1, 2_000));
        let for_ms = dice.between(10, 4_000);
        let ask = *dice.pick(&["fetch", "txn-write", "txn-commit", "init-producer", "blob-put", "blob-delete"]);
        let what = match dice.below(11) {
            0..3 => What::Crash { machine: target, power: true, restart_ms },
            3 => What::Crash { machine: target, power: false, restart_ms },
            4 => What::CutStreams { a: target, b: other, silent: dice.chance(500_000) },
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
        let kind = if machine == services[2] { "blobs" } else { "ledger" };
        let when = match dice.chance(400_000) {
            true => When::On { moment, kind: kind.into(), machine: None, nth: dice.between(1, 40) as u32, after_ms: dice.below(2) },
            false => When::At { ms: dice.below(HEAL_MS) },
        };
        Fault { when, what }
    };
    (0..14).map(|_| blow(&mut dice)).collect()
}

fn run(seed: u64) -> (Recording, Vec<FeedRecord>) {
    let (mut plan, feed) = planned(seed);
    let first = plan.replicas() + plan.clients.len() as u16;
    let services = [first, first + 1, first + 2].map(MachineId);
    let readers = [first + 3, first + 4].map(MachineId);
    plan.faults = blows(seed, services, &readers);
    let mut world = World::new(seed, &plan.weather);
    for _ in 0..first {
        world.add(Machine::Idle, END_MS * MILLISECOND);
    }
    world.add(Machine::Log(Box::new(LogProcess::new(feed.clone()))), 0);
    world.add(Machine::Ledger(Box::new(LedgerProcess::new(60_000))), 0);
    world.add(Machine::Blobs(Box::new(BlobProcess::new())), 0);
    for (me, partition) in readers.into_iter().zip(0..) {
        let split = SplitId { topic: Topic::Bids, partition };
        let callers = services.map(Caller::new);
        let reader = Reader { me, split, callers, step: Step::Fetch, under_way: None, offset: 0, last: false, batch: vec![], txn: 0 };
        world.add(Machine::Reader(Box::new(reader)), SECOND / 10);
    }
    world.load(&plan.faults, &plan.heal, plan.budget, plan.cluster.supervisor_ms);
    world.run_until(END_MS * MILLISECOND);
    let done = readers.iter().all(|reader| matches!(world.process(*reader), Some(Machine::Reader(reader)) if matches!(reader.step, Step::Done)));
    if done {
        world.end(Ending::Finished);
    }
    let waiting = readers.iter().filter_map(|reader| world.process(*reader)).map(|reader| format!("{:?}", reader.look())).collect();
    world.end(Ending::Deadline { waiting });
    let ending = world.ending().expect("just ended").clone();
    let (events, end_ns, hash) = (world.events(), world.now_ns(), world.hash());
    (Recording { format: RECORDING_FORMAT, plan, notes: world.take_notes(), ending, events, end_ns, hash }, feed)
}

#[test]
fn services_keep_their_promises_and_readers_finish() {
    let mut crashed = 0;
    for seed in 0..100 {
        let (recording, feed) = run(seed);
        assert_eq!(recording.ending, Ending::Finished, "seed {seed}");
        let judgement = models::judge(&recording);
        // Nobody leads here, and that is all that is wrong.
        assert!(matches!(&judgement.verdict, Verdict::Stuck { rule, .. } if rule == "live.leader"), "seed {seed}: {:?}", judgement.verdict);
        for (rule, tally) in judgement.tallies.iter().filter(|(rule, _)| rule.starts_with("out.")) {
            assert!(tally.judged > 50 && tally.waived == 0, "seed {seed}: {rule} judged {tally:?}");
        }
        crashed += recording.notes.iter().filter(|note| matches!(note.fact, Fact::World(Happening::Crashed { .. }))).count();
        // Whoever reads all and commits all has all, once.
        let mut committed: BTreeMap<(Arc<str>, u32), &Vec<Row>> = BTreeMap::new();
        for note in &recording.notes {
            if let Fact::Stream(StreamFact::Outside(OutsideFact::TxnCommitted { txn, epoch, rows, .. })) = &note.fact {
                committed.insert((txn.clone(), *epoch), rows);
            }
        }
        let mut rows: Vec<&Row> = committed.into_values().flatten().collect();
        let expected: Vec<Row> = feed.iter().map(|record| row([Field::Text(format!("{:?}", record.input).into())])).collect();
        let mut expected: Vec<&Row> = expected.iter().collect();
        rows.sort();
        expected.sort();
        assert!(rows == expected, "seed {seed}: {} rows are committed, and {} were read", rows.len(), expected.len());
    }
    assert!(crashed > 200, "{crashed} crashes in all");
}

#[test]
fn a_run_is_the_same_twice() {
    let facts = |recording: &Recording| {
        recording.notes.iter().filter(|note| matches!(&note.fact, Fact::Stream(StreamFact::Outside(OutsideFact::Wrote { .. })))).count()
    };
    let (one, other) = (run(7).0, run(7).0);
    assert_eq!(one.hash, other.hash);
    assert!(facts(&one) > 20, "{} writes", facts(&one));
}
