//! Checkpoints and savepoints, from the request to the commit, and how the oldest leaves the store.

use flink_words::fact::{MasterFact, WorkerFact};
use flink_words::master::{AckOutcome, AddOutcome};
use flink_words::state::{InputCut, OutputCut, SnapshotKind};
use flink_words::worker::TaskEnd;
use outside_words::fact::{Author, OutsideFact};
use outside_words::ids::{BlobName, CheckpointId, Subtask};
use zookeeper_words::service::{CreateMode, Op};

use super::engine::{Engine, Saved, handle};
use super::flow::{channel, mark, task};
use crate::tale::asks::delete;

impl Engine {
    /// A number is asked for, and handed out.
    pub fn next_id(&mut self, kind: SnapshotKind) -> CheckpointId {
        let (leader, id) = (self.leader, CheckpointId(self.counter as u64));
        let request = id.0 as u32;
        self.master(MasterFact::TriggerAsked { leader, request, kind, periodic: kind == SnapshotKind::Checkpoint });
        self.counter += 1;
        let path = format!("{}/checkpoint_id_counter", self.job_path());
        self.ask_fenced(vec![Op::SetData { path: path.as_str().into(), data: Some(self.counter.to_be_bytes().into()), version: -1 }]);
        self.master(MasterFact::TriggerEnded { leader, request, outcome: Ok(id) });
        id
    }

    pub fn trigger(&mut self, checkpoint: CheckpointId, kind: SnapshotKind) {
        let (leader, job) = (self.leader, self.job);
        let tasks = self.subtasks(&self.indexes()).into_iter().map(|subtask| self.attempt(subtask)).collect();
        let (periodic, mono_ms) = (kind == SnapshotKind::Checkpoint, self.tale.recording.notes.len() as u64);
        self.master(MasterFact::Triggered { leader, job, checkpoint, kind, periodic, tasks, unassigned: vec![], mono_ms });
    }

    /// A whole checkpoint. An unaligned one overtakes what the operators have not consumed.
    pub fn checkpoint(&mut self, kind: SnapshotKind, unaligned: bool) {
        let (leader, job) = (self.leader, self.job);
        let id = self.next_id(kind);
        self.trigger(id, kind);
        let folder = if kind.is_savepoint() { format!("savepoint-{job}-{}", id.0) } else { format!("job-{job}/chk-{}", id.0) };
        let indexes = self.indexes();
        if !unaligned {
            indexes.iter().filter(|index| !self.regions[*index].held.is_empty()).copied().collect::<Vec<_>>().into_iter().for_each(|index| self.flow(index, 0));
        }
        let mut blobs = vec![];
        for index in &indexes {
            self.prepare(*index, id);
        }
        for subtask in self.subtasks(&indexes) {
            blobs.extend(self.snapshot(subtask, id, kind, unaligned, &folder));
            let attempt = self.attempt(subtask);
            self.master(MasterFact::AckReceived { leader, checkpoint: id, attempt, outcome: AckOutcome::Success });
        }
        blobs.sort();
        let metadata = self.put(&format!("{folder}/_metadata"), Author::Leader(leader));
        self.master(MasterFact::Finalized { leader, job, checkpoint: id, metadata: metadata.clone(), blobs: blobs.clone() });
        let (offsets, groups, regions) = (self.offsets.clone(), self.groups.clone(), self.regions.clone());
        let saved = Saved { job, id, offsets, groups, regions, metadata, blobs };
        if kind.is_savepoint() {
            self.savepoints.push(saved);
        } else {
            self.add(saved);
        }
        let mono_ms = self.tale.recording.notes.len() as u64;
        self.master(MasterFact::Completed { leader, job, checkpoint: id, kind, mono_ms });
        if self.store.len() > 1 && !kind.is_savepoint() {
            self.subsume();
        }
        if kind != SnapshotKind::Savepoint {
            self.notify(id);
        }
        if kind.stops() {
            for subtask in self.subtasks(&indexes) {
                let attempt = self.attempt(subtask);
                self.say(subtask, WorkerFact::EndOfData { attempt, drained: false });
                self.end_task(subtask, TaskEnd::Finished);
            }
        }
    }

    /// What the sink of an index has open is prepared.
    fn prepare(&mut self, index: u16, id: CheckpointId) {
        let region = self.regions.entry(index).or_default();
        if let Some(txn) = region.open.take() {
            region.prepared.push((txn, id));
        }
    }

    fn snapshot(&mut self, subtask: Subtask, checkpoint: CheckpointId, kind: SnapshotKind, unaligned: bool, folder: &str) -> Vec<BlobName> {
        let (index, attempt) = (subtask.index, self.attempt(subtask));
        self.say(subtask, WorkerFact::AlignmentBegan { attempt, checkpoint });
        let carried = |edge| self.emitted.get(&channel(edge, index)).copied().unwrap_or(0);
        let held = self.regions[&index].held.len() as u64;
        let input = |edge: u16| {
            let (channel, count) = (channel(edge, index), carried(edge));
            let consumed = if edge == 0 { count - held } else { count };
            InputCut { channel, consumed: mark(channel, consumed), persisted: mark(channel, count) }
        };
        let inputs: Vec<InputCut> = subtask.vertex.0.checked_sub(1).map(input).into_iter().collect();
        let output = |edge: u16| OutputCut { channel: channel(edge, index), emitted: mark(channel(edge, index), carried(edge)), persisted: 0 };
        let outputs: Vec<OutputCut> = (subtask.vertex.0 < 2).then(|| output(subtask.vertex.0)).into_iter().collect();
        let state = self.state(subtask);
        let unaligned = unaligned && subtask.vertex.0 == 1;
        self.say(subtask, WorkerFact::Snapshotted { attempt, checkpoint, kind, unaligned, inputs: inputs.clone(), outputs, state });
        let mut blobs = vec![];
        if subtask.vertex.0 == 1 && !kind.is_savepoint() {
            let known = self.shared.get(&index).cloned();
            let name = known.unwrap_or_else(|| {
                let name = format!("job-{}/shared/1-{index}-{:x}-{}-{}", self.job, attempt.leader.0 >> 96, attempt.number, checkpoint.0);
                self.put(&name, Author::Task(attempt))
            });
            self.shared.insert(index, name.clone());
            blobs.push(name);
        } else {
            blobs.push(self.put(&format!("{folder}/{}-{index}-{}", subtask.vertex.0, attempt.number), Author::Task(attempt)));
        }
        self.say(subtask, WorkerFact::Acknowledged { attempt, checkpoint, inputs });
        self.say(subtask, WorkerFact::Pressure { attempt, blocked_us: 10, buffers: 3 });
        blobs
    }

    /// The durable addition to the store.
    fn add(&mut self, saved: Saved) {
        let (leader, job, checkpoint) = (self.leader, self.job, saved.id);
        let node = self.node(checkpoint);
        let create = |path: String, mode| Op::create(path.as_str().into(), Some([1].into()), mode);
        let locks = create(format!("{node}/locks"), CreateMode::Persistent);
        let lock = create(format!("{node}/locks/{}", self.lead), CreateMode::Ephemeral);
        self.ask_fenced(vec![handle(&node, &saved.metadata), locks, lock]);
        self.master(MasterFact::Added { leader, job, checkpoint, outcome: AddOutcome::Added });
        self.store.push(saved);
    }

    fn subsume(&mut self) {
        let (leader, job, checkpoint) = (self.leader, self.job, self.store[0].id);
        self.remove_oldest();
        self.master(MasterFact::Subsumed { leader, job, checkpoint, removed: true });
    }

    /// The oldest checkpoint leaves the store, and what only it needs is deleted.
    pub fn remove_oldest(&mut self) {
        let (leader, job) = (self.leader, self.job);
        let saved = self.store.remove(0);
        let node = self.node(saved.id);
        let lock = delete(&format!("{node}/locks/{}", self.lead));
        self.ask_fenced(vec![lock, delete(&format!("{node}/locks")), delete(&node)]);
        let is_needed = |name: &BlobName| self.store.iter().any(|other| other.blobs.contains(name));
        let blobs: Vec<BlobName> = saved.blobs.iter().filter(|name| !is_needed(name)).chain([&saved.metadata]).cloned().collect();
        self.master(MasterFact::Discarding { leader, job, blobs: blobs.clone() });
        blobs.iter().for_each(|name| self.delete(name));
    }

    /// The tasks are told, and the sinks commit.
    fn notify(&mut self, checkpoint: CheckpointId) {
        let (leader, job) = (self.leader, self.job);
        let subtasks = self.subtasks(&self.indexes());
        let tasks = subtasks.iter().map(|subtask| self.attempt(*subtask)).collect();
        self.master(MasterFact::Notifying { leader, job, checkpoint, tasks });
        for subtask in subtasks {
            let attempt = self.attempt(subtask);
            self.say(subtask, WorkerFact::Notified { attempt, checkpoint });
        }
        for index in self.indexes() {
            let attempt = self.attempt(task(2, index));
            let prepared = std::mem::take(&mut self.regions.entry(index).or_default().prepared);
            for (txn, prepared) in prepared {
                self.say(attempt.subtask, WorkerFact::Committing { attempt, txn: txn.clone(), checkpoint: prepared, by: checkpoint });
                let (ledger, rows) = (self.machine(5), self.rows[&txn].clone());
                self.tale.say(ledger, OutsideFact::TxnCommitted { txn, epoch: 0, rows, by: attempt });
            }
        }
    }
}
