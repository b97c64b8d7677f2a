//! The stream engine and what it talks to, as their facts and the committed chain tell it: grants, jobs, executions, checkpoints, snapshots, transactions, blobs, HA nodes. Prepared once, and only where a plan has the engine; never a judgement.

pub mod said;
mod masters;
mod workers;
pub mod outside;
pub mod nodes;

use std::collections::BTreeMap;

use vocab::fact::{ClientFact, ConnectionState, Fact};
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::plan::StreamPlan;
use vocab::recording::Recording;
use vocab::stream::ids::{AttemptId, CheckpointId, JobId, LeaderId, Subtask};
use vocab::stream::{MasterFact, OutsideFact, StreamFact, WorkerFact};

use super::clients::Clients;
use super::course::Course;
use super::outside::Outside;
use super::said::NoteIndex;
use nodes::Nodes;
use outside::{Blobs, Ledger, Log};
use said::{Checkpoint, Grant, Job, Restore, Snapshot, Task};

/// Something that rules on the engine look at, in the order of the run.
#[derive(Clone, Copy, Debug)]
pub enum Said<'r> {
    /// A process ended, or begins another life: whatever ran there runs no more.
    Gone,
    /// The process is frozen, or goes on.
    Frozen(bool),
    /// How the session of a machine's Curator stands.
    Session(ConnectionState),
    /// A master.
    Master(&'r MasterFact),
    /// A worker.
    Worker(&'r WorkerFact),
    /// The log, the ledger or the blob store.
    Outside(&'r OutsideFact),
}

/// One of these, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Spoken<'r> {
    pub note: NoteIndex,
    pub at_ns: u64,
    pub machine: MachineId,
    pub said: Said<'r>,
}

/// All of it.
pub struct Stream<'r> {
    pub plan: &'r StreamPlan,
    /// All that was said, in order.
    pub spoken: Vec<Spoken<'r>>,
    pub grants: Vec<Grant<'r>>,
    pub jobs: BTreeMap<JobId, Job>,
    pub tasks: Vec<Task<'r>>,
    pub snapshots: Vec<Snapshot<'r>>,
    pub checkpoints: Vec<Checkpoint<'r>>,
    pub restores: Vec<Restore<'r>>,
    pub ledger: Ledger<'r>,
    pub blobs: Blobs<'r>,
    pub log: Log<'r>,
    pub nodes: Nodes,
    grant_of: BTreeMap<LeaderId, usize>,
    task_of: BTreeMap<AttemptId, usize>,
    snapshot_of: BTreeMap<(AttemptId, CheckpointId), usize>,
    checkpoint_of: BTreeMap<(JobId, CheckpointId), Vec<usize>>,
    /// Attempts that are not over, by machine.
    alive: BTreeMap<MachineId, Vec<usize>>,
}

impl<'r> Stream<'r> {
    /// Reads all notes once, if the plan has the engine.
    pub fn read(recording: &'r Recording, course: &Course<'r>, clients: &Clients<'r>, told: &Outside<'r>) -> Option<Stream<'r>> {
        let plan = recording.plan.stream.as_ref()?;
        let mut stream = Stream {
            plan,
            spoken: vec![],
            grants: vec![],
            jobs: BTreeMap::new(),
            tasks: vec![],
            snapshots: vec![],
            checkpoints: vec![],
            restores: vec![],
            ledger: Ledger::default(),
            blobs: Blobs::default(),
            log: Log::default(),
            nodes: Nodes::follow(&format!("{}/r1", plan.ha.root), course, clients),
            grant_of: BTreeMap::new(),
            task_of: BTreeMap::new(),
            snapshot_of: BTreeMap::new(),
            checkpoint_of: BTreeMap::new(),
            alive: BTreeMap::new(),
        };
        let mut told = told.told.iter().map(|told| told.note).peekable();
        for (at, note) in recording.notes.iter().enumerate() {
            let said = match &note.fact {
                Fact::World(Happening::Crashed { .. } | Happening::Exited { .. } | Happening::Booted { .. }) => Said::Gone,
                Fact::World(Happening::Paused) => Said::Frozen(true),
                Fact::World(Happening::Resumed { .. }) => Said::Frozen(false),
                Fact::Client(ClientFact::Connection(state)) => Said::Session(*state),
                Fact::Stream(StreamFact::Master(fact)) => Said::Master(fact),
                Fact::Stream(StreamFact::Worker(fact)) => Said::Worker(fact),
                // What is told anew after a restart is told once here.
                Fact::Stream(StreamFact::Outside(fact)) if told.next_if_eq(&(at as NoteIndex)).is_some() => Said::Outside(fact),
                Fact::World(_) | Fact::Client(_) | Fact::Replica(_) | Fact::Stream(StreamFact::Outside(_)) => continue,
            };
            stream.take(Spoken { note: at as NoteIndex, at_ns: note.at_ns, machine: note.machine, said });
        }
        stream.join();
        Some(stream)
    }

    fn take(&mut self, spoken: Spoken<'r>) {
        match spoken.said {
            Said::Gone => self.gone(spoken.note, spoken.machine),
            Said::Master(fact) => self.master(spoken.note, spoken.machine, fact),
            Said::Worker(fact) => self.worker(spoken.note, spoken.machine, fact),
            Said::Outside(fact) => {
                self.ledger.take(spoken.note, fact);
                self.blobs.take(spoken.note, fact);
                self.log.take(fact);
            }
            Said::Frozen(_) | Said::Session(_) => {}
        }
        self.spoken.push(spoken);
    }

    fn gone(&mut self, note: NoteIndex, machine: MachineId) {
        for task in self.alive.remove(&machine).unwrap_or_default() {
            self.tasks[task].ended.get_or_insert((note, None));
        }
        for grant in self.grants.iter_mut().filter(|grant| grant.machine == machine) {
            grant.over.get_or_insert(note);
        }
    }

    /// What is only known at the end: who took part in each checkpoint, when it was durable, in which checkpoint a transaction was prepared.
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

    /// When a checkpoint was there for good, so that everybody after it begins from it: its node was committed; or, of a savepoint that stops the job, its tasks were told, or the next job's plan was committed.
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

    /// The subtasks a vertex that a job has.
    pub fn parallelism(&self, job: JobId) -> u16 {
        self.jobs.get(&job).and_then(|job| job.parallelism).unwrap_or(self.plan.parallelism)
    }

    /// The checkpoint in which a transaction was prepared, and of which job, if it ever was.
    pub fn prepared_in(&self, txn: &str) -> Option<(JobId, CheckpointId)> {
        let snapshot = &self.snapshots[self.ledger.txns.get(txn)?.prepared?];
        Some((snapshot.attempt.job, snapshot.checkpoint))
    }
}
