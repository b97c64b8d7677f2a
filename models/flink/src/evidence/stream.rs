//! The stream engine and what it talks to, as their facts and the committed chain tell it: grants, jobs, executions,
//! checkpoints, snapshots, transactions, blobs, HA nodes. Prepared once; never a judgement.

use std::collections::{BTreeMap, BTreeSet};

use contract::happening::Happening;
use contract::ids::MachineId;
use flink_words::fact::{Fact, StreamFact};
use flink_words::settings::{Settings, StreamPlan};
use judging::{Heard, NoteIndex, View};
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId, Subtask};
use zookeeper_words::fact::ClientFact;

use super::entries::{Checkpoint, Grant, Job, Restore, Snapshot, Task};
use super::nodes::Nodes;
use super::outside::{Blobs, Ledger, Log};
use super::statement::{Said, Statement};

/// The engine in one recording.
pub struct Stream<'r> {
    /// The engine's settings.
    pub plan: &'r StreamPlan,
    /// All that was said, in order.
    pub statements: Vec<Statement<'r>>,
    /// When the storm was over, in ns.
    pub healed_ns: Option<u64>,
    /// Grants of leadership, in order.
    pub grants: Vec<Grant<'r>>,
    /// The jobs of which anybody spoke.
    pub jobs: BTreeMap<JobId, Job>,
    /// Executions, in the order in which they were first spoken of.
    pub tasks: Vec<Task<'r>>,
    /// Snapshots of tasks, in order.
    pub snapshots: Vec<Snapshot<'r>>,
    /// Checkpoints and savepoints, in the order of their triggers.
    pub checkpoints: Vec<Checkpoint<'r>>,
    /// Restores, in order.
    pub restores: Vec<Restore<'r>>,
    /// What the ledger said.
    pub ledger: Ledger<'r>,
    /// What the blob store said.
    pub blobs: Blobs<'r>,
    /// What the log said.
    pub log: Log<'r>,
    /// What the committed chain says of the engine's nodes.
    pub nodes: Nodes,
    pub(super) grant_of: BTreeMap<LeaderId, usize>,
    pub(super) task_of: BTreeMap<AttemptId, usize>,
    pub(super) snapshot_of: BTreeMap<(AttemptId, CheckpointId), usize>,
    pub(super) checkpoint_of: BTreeMap<(JobId, CheckpointId), Vec<usize>>,
    /// Attempts that are not over, by machine.
    pub(super) alive: BTreeMap<MachineId, Vec<usize>>,
}

impl<'r> Stream<'r> {
    /// Reads all notes once.
    pub fn read(view: &View<'r, Settings, Fact>, service: &zookeeper_models::Evidence<'r>, outside: &outside_models::Evidence<'r>) -> Stream<'r> {
        let plan = &view.plan.settings.stream;
        let mut stream = Stream {
            plan,
            statements: vec![],
            healed_ns: None,
            grants: vec![],
            jobs: BTreeMap::new(),
            tasks: vec![],
            snapshots: vec![],
            checkpoints: vec![],
            restores: vec![],
            ledger: Ledger::default(),
            blobs: Blobs::default(),
            log: Log::default(),
            nodes: Nodes::follow(&format!("{}/r1", plan.ha.root), &service.chain, &service.clients),
            grant_of: BTreeMap::new(),
            task_of: BTreeMap::new(),
            snapshot_of: BTreeMap::new(),
            checkpoint_of: BTreeMap::new(),
            alive: BTreeMap::new(),
        };
        let mut told = outside.statements.iter().map(|statement| statement.note).peekable();
        for (at, note) in view.notes.iter().enumerate() {
            let said = match note.what {
                Heard::World(Happening::Crashed { .. } | Happening::Exited { .. } | Happening::Booted { .. }) => Said::Gone,
                Heard::World(Happening::Paused) => Said::Frozen(true),
                Heard::World(Happening::Resumed { .. }) => Said::Frozen(false),
                Heard::World(Happening::Healed) => {
                    stream.healed_ns.get_or_insert(note.at_ns);
                    continue;
                }
                Heard::Said(Fact::Service(zookeeper_words::fact::Fact::Client(ClientFact::Connection(state)))) => Said::Session(*state),
                Heard::Said(Fact::Stream(StreamFact::Master(fact))) => Said::Master(fact),
                Heard::Said(Fact::Stream(StreamFact::Worker(fact))) => Said::Worker(fact),
                // What is told anew after a restart is told once here.
                Heard::Said(Fact::Stream(StreamFact::Outside(fact))) if told.next_if_eq(&(at as NoteIndex)).is_some() => Said::Outside(fact),
                Heard::World(_) | Heard::Said(Fact::Service(_) | Fact::Stream(StreamFact::Outside(_))) | Heard::Else => continue,
            };
            stream.take(Statement { note: at as NoteIndex, at_ns: note.at_ns, machine: note.machine, said });
        }
        stream.join();
        stream
    }

    fn take(&mut self, statement: Statement<'r>) {
        match statement.said {
            Said::Gone => self.gone(statement.note, statement.machine),
            Said::Master(fact) => self.master(statement.note, statement.machine, fact),
            Said::Worker(fact) => self.worker(statement.note, statement.machine, fact),
            Said::Outside(fact) => {
                self.ledger.take(statement.note, fact);
                self.blobs.take(statement.note, fact);
                self.log.take(fact);
            }
            Said::Frozen(_) | Said::Session(_) => {}
        }
        self.statements.push(statement);
    }

    fn gone(&mut self, note: NoteIndex, machine: MachineId) {
        for task in self.alive.remove(&machine).unwrap_or_default() {
            self.tasks[task].ended.get_or_insert((note, None));
        }
        for grant in self.grants.iter_mut().filter(|grant| grant.machine == machine) {
            grant.over.get_or_insert(note);
        }
    }

    /// What is only known at the end: who took part in each checkpoint, when it was durable, in which checkpoint a
    /// transaction was prepared.
    fn join(&mut self) {
        // Jobs that begin from savepoints: when their plans were committed.
        let mut successors: BTreeMap<(JobId, CheckpointId), NoteIndex> = BTreeMap::new();
        let submitted = self.jobs.iter().filter_map(|(job, known)| Some((known.from?, *job)));
        let restored = self.restores.iter().filter_map(|restore| Some((restore.from?, restore.job))).filter(|((of, _), job)| of != job);
        for (from, job) in submitted.chain(restored) {
            let planned = self.nodes.plans.get(&job).and_then(|lives| lives.first());
            successors.extend(planned.map(|life| (from, life.committed)));
        }
        for checkpoint in &mut self.checkpoints {
            let snapshot = |attempt: &AttemptId| Some((attempt.subtask, *self.snapshot_of.get(&(*attempt, checkpoint.id))?));
            checkpoint.cuts = checkpoint.tasks.iter().filter_map(snapshot).collect();
            let of = (checkpoint.job, checkpoint.id);
            checkpoint.durable = if checkpoint.kind.stops() {
                checkpoint.notifying.first().into_iter().chain(successors.get(&of)).min().copied()
            } else {
                self.nodes.checkpoints.get(&of).and_then(|lives| lives.first()).map(|life| life.committed)
            };
        }
        for (at, snapshot) in self.snapshots.iter().enumerate() {
            for txn in &snapshot.state.committables {
                self.ledger.prepared(txn, at);
            }
        }
        for checkpoint in &self.checkpoints {
            let Some(durable) = checkpoint.durable else { continue };
            for txn in checkpoint.cuts.values().flat_map(|at| &self.snapshots[*at].state.committables) {
                self.ledger.durable(txn, durable, (checkpoint.job, checkpoint.id));
            }
        }
        for grant in &mut self.grants {
            grant.position = self.nodes.lowest(grant.node).map(|(position, _)| position);
        }
    }

    /// The grant of this token.
    pub fn grant(&self, leader: LeaderId) -> Option<&Grant<'r>> {
        self.grant_of.get(&leader).map(|at| &self.grants[*at])
    }

    /// How many grants there were before this one; the last for a token that nobody was granted.
    pub fn term(&self, leader: LeaderId) -> usize {
        self.grant_of.get(&leader).copied().unwrap_or(usize::MAX)
    }

    /// An execution.
    pub fn task(&self, attempt: AttemptId) -> Option<&Task<'r>> {
        self.task_of.get(&attempt).map(|at| &self.tasks[*at])
    }

    /// What an execution said that a snapshot of it holds.
    pub fn snapshot(&self, attempt: AttemptId, checkpoint: CheckpointId) -> Option<&Snapshot<'r>> {
        self.snapshot_of.get(&(attempt, checkpoint)).map(|at| &self.snapshots[*at])
    }

    /// The checkpoint of this number; the first, if there are several.
    pub fn checkpoint(&self, job: JobId, id: CheckpointId) -> Option<&Checkpoint<'r>> {
        self.checkpoint_of.get(&(job, id))?.first().map(|at| &self.checkpoints[*at])
    }

    /// The checkpoint of this number that was last triggered under this grant.
    pub fn under(&self, leader: LeaderId, job: JobId, id: CheckpointId) -> Option<&Checkpoint<'r>> {
        let all = self.checkpoint_of.get(&(job, id))?;
        all.iter().rev().map(|at| &self.checkpoints[*at]).find(|checkpoint| checkpoint.leader == leader)
    }

    /// When a checkpoint was there for good, so that everybody after it begins from it: its node was committed; or, of
    /// a savepoint that stops the job, its tasks were told, or the next job's plan was committed.
    pub fn durable(&self, job: JobId, id: CheckpointId) -> Option<NoteIndex> {
        let node = self.nodes.checkpoints.get(&(job, id)).and_then(|lives| lives.first()).map(|life| life.committed);
        node.or_else(|| self.checkpoint(job, id).and_then(|checkpoint| checkpoint.durable))
    }

    /// The snapshots that make up a checkpoint.
    pub fn cuts(&self, checkpoint: &Checkpoint<'r>) -> impl Iterator<Item = (Subtask, &Snapshot<'r>)> {
        checkpoint.cuts.iter().map(|(subtask, at)| (*subtask, &self.snapshots[*at]))
    }

    /// The checkpoint that an execution began from.
    pub fn origin(&self, task: &Task<'r>) -> Option<&Checkpoint<'r>> {
        let (job, id) = self.restores[task.restore?].from?;
        self.checkpoint(job, id)
    }

    /// How many subtasks each vertex of a job has.
    pub fn parallelism(&self, job: JobId) -> u16 {
        self.jobs.get(&job).and_then(|job| job.parallelism).unwrap_or(self.plan.parallelism)
    }

    /// The checkpoint in which a transaction was prepared, and of which job, if it ever was.
    pub fn prepared_in(&self, txn: &str) -> Option<(JobId, CheckpointId)> {
        let snapshot = &self.snapshots[self.ledger.txns.get(txn)?.prepared?];
        Some((snapshot.attempt.job, snapshot.checkpoint))
    }

    /// All splits that the plan's job reads.
    pub fn splits(&self) -> BTreeSet<SplitId> {
        let topics = self.plan.job.topics().iter();
        topics.flat_map(|topic| (0..self.plan.input.partitions).map(|partition| SplitId { topic: *topic, partition })).collect()
    }
}
