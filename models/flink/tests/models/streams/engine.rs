//! A small stream engine that is told, not run: what it has, and who says what. Its facts are as its parts would note
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::ids::MachineId;
use flink_words::fact::{Fact, MasterFact, WorkerFact};
use flink_words::ids::{ChannelId, KeyGroup, WorkerId};
use flink_words::job::JobKind;
use flink_words::settings::{CheckpointPlan, InputPlan, RestartPlan, Settings, StreamPlan};
use flink_words::state::{GroupDigest, StateSummary};
use outside_words::data::{Input, Row, Topic};
use outside_words::fact::{Author, OutsideFact};
use outside_words::ids::{AttemptId, BlobName, CheckpointId, JobId, LeaderId, SplitId, Subtask, TxnId, VertexId};
use stormglass_flink_models::batch::batch;
use zookeeper_words::fact::{ClientFact, ConnectionState};
use zookeeper_words::ids::Epoch;
use zookeeper_words::service::{CreateMode, Op};

use crate::tale::{self, A, B, C, Client};

/// A tale of the engine.
pub type Tale = tale::Tale<Settings, Fact>;

/// Key groups.
pub const GROUPS: u16 = 4;
/// Records a split.
pub const RECORDS: u64 = 8;
/// Where the engine's nodes are.
pub const ROOT: &str = "/flink/r1";

/// The engine's part of every tale's plan: q0, two partitions, two subtasks a vertex.
pub fn plan() -> StreamPlan {
    StreamPlan {
        masters: 2,
        workers: 2,
        slots: 2,
        parallelism: 2,
        max_parallelism: GROUPS,
        checkpoints: CheckpointPlan { min_pause_ms: 3, tolerable_failures: 1, unaligned: true, incremental: true, ..Default::default() },
        restart: RestartPlan::FixedDelay { attempts: 3, delay_ms: 5 },
        ..StreamPlan::of(JobKind::Q0, InputPlan { records: 16, partitions: 2, until_ms: 0, disorder_ms: 10, idle_ms: 0 })
    }
}

/// What a region has.
#[derive(Clone, Debug, Default)]
pub struct Region {
    /// Rows that the operator has not consumed yet.
    pub held: Vec<Row>,
    pub next_txn: u64,
    pub open: Option<TxnId>,
    /// Prepared, with the checkpoint in which they were.
    pub prepared: Vec<(TxnId, CheckpointId)>,
    pub list: Vec<u64>,
}

/// What a checkpoint holds.
#[derive(Clone, Debug)]
pub struct Saved {
    pub job: JobId,
    pub id: CheckpointId,
    pub offsets: BTreeMap<SplitId, u64>,
    pub groups: BTreeMap<u16, GroupDigest>,
    pub regions: BTreeMap<u16, Region>,
    pub metadata: BlobName,
    pub blobs: Vec<BlobName>,
}

/// The engine as it stands.
pub struct Engine {
    pub tale: Tale,
    pub masters: [Client; 2],
    pub lead: usize,
    pub leader: LeaderId,
    pub latches: Vec<String>,
    pub job: JobId,
    pub parallelism: u16,
    pub counter: i32,
    pub numbers: BTreeMap<Subtask, u32>,
    /// What each channel has carried since its attempts began.
    pub emitted: BTreeMap<ChannelId, u64>,
    pub offsets: BTreeMap<SplitId, u64>,
    pub groups: BTreeMap<u16, GroupDigest>,
    pub regions: BTreeMap<u16, Region>,
    /// Rows by transaction.
    pub rows: BTreeMap<TxnId, Vec<Row>>,
    /// The shared file of each operator, while its state has not changed.
    pub shared: BTreeMap<u16, BlobName>,
    /// Checkpoints in the store, oldest first.
    pub store: Vec<Saved>,
    pub savepoints: Vec<Saved>,
}

pub fn split(partition: u16) -> SplitId {
    SplitId { topic: Topic::Bids, partition }
}

pub fn bid(split: SplitId, offset: u64) -> Arc<Input> {
    let (number, at) = (i64::from(split.partition) * 100 + offset as i64, offset as i64 * 10);
    Arc::new(Input::Bid { auction: number, bidder: 1, price: number * 3, at })
}

/// What the job makes of a record.
pub fn row_of(split: SplitId, offset: u64) -> Row {
    batch(JobKind::Q0, &[&bid(split, offset)]).pop().expect("q0 lets all pass")
}

impl Engine {
    /// An ensemble, masters with sessions, an input, and no leader yet.
    pub fn begun() -> Engine {
        let service = tale::plan::settings(3, &[]);
        let mut tale = Tale::of_plan(tale::plan::plan("flink", Settings { service: service.clone(), stream: plan() }), &service);
        [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
        tale.lead(A, Epoch(1), &[B, C]);
        let masters = [0, 1].map(|nth| {
            let machine = tale.client_machine(nth);
            tale.say(machine, MasterFact::Started);
            tale.say(machine, ClientFact::Started);
            let client = tale.open(nth, 0x100 * (i64::from(nth) + 1), A);
            tale.say(machine, ClientFact::Connection(ConnectionState::Connected));
            client
        });
        let mut engine = Engine {
            tale,
            masters,
            lead: 0,
            leader: LeaderId(0),
            latches: vec![],
            job: JobId(0),
            parallelism: 0,
            counter: 0,
            numbers: BTreeMap::new(),
            emitted: BTreeMap::new(),
            offsets: BTreeMap::new(),
            groups: BTreeMap::new(),
            regions: BTreeMap::new(),
            rows: BTreeMap::new(),
            shared: BTreeMap::new(),
            store: vec![],
            savepoints: vec![],
        };
        for path in ["/flink", ROOT, "/flink/r1/leader", "/flink/r1/leader/latch", "/flink/r1/jobs", "/flink/r1/execution-plans"] {
            engine.ask(Op::create(path.into(), None, CreateMode::Persistent));
        }
        for partition in 0..2 {
            for offset in 0..RECORDS {
                let fact = OutsideFact::Appended { split: split(partition), offset, input: bid(split(partition), offset) };
                engine.tale.say(engine.machine(4), fact);
            }
        }
        for nth in 0..2 {
            let worker = engine.worker(nth);
            engine.tale.say(worker.machine, WorkerFact::Started { worker, buffers: 32 });
        }
        engine
    }

    /// The n-th machine of the engine: two masters, two workers, log, ledger, blobs.
    pub fn machine(&self, nth: u16) -> MachineId {
        self.tale.client_machine(nth)
    }

    pub fn worker(&self, nth: u16) -> WorkerId {
        WorkerId { machine: self.machine(2 + nth), born_ns: 5 }
    }

    /// Where the subtasks of an index run.
    pub fn worker_of(&self, index: u16) -> MachineId {
        self.worker(index).machine
    }

    /// The leader asks the service.
    pub fn ask(&mut self, op: Op) -> String {
        let outcome = self.tale.ask(&mut self.masters[self.lead], op);
        match outcome {
            Ok(zookeeper_words::service::Reply::Created { path, .. }) => path.to_string(),
            Ok(zookeeper_words::service::Reply::Multi(results)) => {
                assert!(results.iter().all(Result::is_ok), "{results:?}");
                String::new()
            }
            Ok(_) => String::new(),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// The leader asks for this together, if its latch is there.
    pub fn ask_fenced(&mut self, ops: Vec<Op>) {
        let latch = Op::Check { path: self.latches[self.lead].as_str().into(), version: -1 };
        self.ask(Op::Multi(std::iter::once(latch).chain(ops).collect()));
    }

    /// The leader says something.
    pub fn master(&mut self, fact: MasterFact) {
        let machine = self.machine(self.lead as u16);
        self.tale.say(machine, fact);
    }

    pub fn subtasks(&self, indexes: &[u16]) -> Vec<Subtask> {
        (0..3).flat_map(|vertex| indexes.iter().map(move |index| Subtask { vertex: VertexId(vertex), index: *index })).collect()
    }

    /// All indexes of the job.
    pub fn indexes(&self) -> Vec<u16> {
        (0..self.parallelism).collect()
    }

    pub fn attempt(&self, subtask: Subtask) -> AttemptId {
        AttemptId { job: self.job, subtask, leader: self.leader, number: self.numbers[&subtask] }
    }

    /// The splits that the reader of an index has.
    pub fn splits(&self, index: u16) -> Vec<SplitId> {
        (0..2).filter(|partition| partition % self.parallelism == index).map(split).collect()
    }

    pub fn job_path(&self) -> String {
        format!("{ROOT}/jobs/{}", self.job)
    }

    pub fn node(&self, id: CheckpointId) -> String {
        format!("{}/checkpoints/{:019}", self.job_path(), id.0)
    }

    /// The key groups of an operator.
    pub fn range(&self, index: u16) -> std::ops::Range<u16> {
        let width = GROUPS / self.parallelism;
        index * width..(index + 1) * width
    }

    /// What a subtask's state comes to now.
    pub fn state(&self, subtask: Subtask) -> StateSummary {
        let index = subtask.index;
        let region = self.regions.get(&index).cloned().unwrap_or_default();
        match subtask.vertex.0 {
            0 => StateSummary { splits: self.splits(index).into_iter().map(|split| (split, self.offsets[&split])).collect(), ..Default::default() },
            1 => StateSummary {
                groups: self.range(index).filter_map(|group| self.groups.get(&group).copied()).collect(),
                list: region.list,
                union: if index == 0 { vec![71, 72] } else { vec![73] },
                broadcast: Some(0xb),
                ..Default::default()
            },
            _ => StateSummary { committables: region.prepared.iter().map(|(txn, _)| txn.clone()).collect(), ..Default::default() },
        }
    }

    pub fn put(&mut self, name: &str, by: Author) -> BlobName {
        let name: BlobName = name.into();
        let blobs = self.machine(6);
        self.tale.say(blobs, OutsideFact::BlobPut { name: name.clone(), bytes: 9, digest: digest(&name), by });
        name
    }

    pub fn delete(&mut self, name: &BlobName) {
        let (blobs, by) = (self.machine(6), Author::Leader(self.leader));
        self.tale.say(blobs, OutsideFact::BlobDeleted { name: name.clone(), by });
    }

    /// A worker says something.
    pub fn say(&mut self, subtask: Subtask, fact: impl Into<Fact>) {
        let worker = self.worker_of(subtask.index);
        self.tale.say(worker, fact);
    }
}

/// A node that points at a blob.
pub fn handle(path: &str, blob: &str) -> Op {
    let data: Vec<u8> = std::iter::once(blob.len() as u8).chain(blob.bytes()).collect();
    Op::create(path.into(), Some(data.into()), CreateMode::Persistent)
}

/// A number that stands for a content.
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(7, |digest: u64, byte| digest.wrapping_mul(31).wrapping_add(byte.into()))
}

/// A group with so many keys.
pub fn group(number: u16, entries: u32) -> GroupDigest {
    GroupDigest { group: KeyGroup(number), entries, timers: entries, digest: u64::from(entries) * 1_000 + u64::from(number) }
}
