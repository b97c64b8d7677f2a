//! Tasks begin, from nothing or from a checkpoint, and fail.

use flink_words::fact::{MasterFact, WorkerFact};
use flink_words::master::JobStatus;
use flink_words::state::StateSummary;
use flink_words::worker::TaskEnd;
use outside_words::fact::{Author, LedgerError, OutsideFact};
use outside_words::ids::Subtask;

use super::engine::{Engine, Region, Saved, digest};
use super::flow::{channel, task};

impl Engine {
    /// The subtasks of these indexes begin, from the newest checkpoint if there is one.
    pub fn start(&mut self, indexes: &[u16], global: bool) {
        let (leader, job) = (self.leader, self.job);
        let saved = self.store.last().or_else(|| self.savepoints.last().filter(|saved| saved.job != job)).cloned();
        let from = saved.as_ref().map(|saved| (saved.job, saved.id));
        let subtasks = self.subtasks(indexes);
        for subtask in &subtasks {
            *self.numbers.entry(*subtask).or_default() += 1;
        }
        let tasks = subtasks.iter().map(|subtask| self.attempt(*subtask)).collect();
        self.master(MasterFact::Restoring { leader, job, from, tasks, global });
        if saved.is_none() {
            self.offsets = (0..2).map(|partition| (super::engine::split(partition), 0)).collect();
        }
        for index in indexes {
            self.bring_back(*index, saved.as_ref());
        }
        for subtask in &subtasks {
            self.begin(*subtask, saved.as_ref());
        }
        for index in indexes {
            self.sources(*index, saved.is_none());
            self.sinks(*index, saved.as_ref());
        }
    }

    /// What an index has is again as it was.
    fn bring_back(&mut self, index: u16, saved: Option<&Saved>) {
        self.emitted.remove(&channel(0, index));
        self.emitted.remove(&channel(1, index));
        self.shared.remove(&index);
        let Some(saved) = saved else { return };
        if saved.job != self.job {
            self.offsets = saved.offsets.clone();
            self.groups = saved.groups.clone();
            let list = saved.regions.values().flat_map(|region| region.list.iter().copied()).collect();
            let prepared = saved.regions.values().flat_map(|region| region.prepared.iter().cloned()).collect();
            self.regions = [(index, Region { list, prepared, ..Default::default() })].into();
            return;
        }
        for split in self.splits(index) {
            self.offsets.insert(split, saved.offsets[&split]);
        }
        for number in self.range(index) {
            self.groups.insert(number, saved.groups[&number]);
        }
        self.regions.insert(index, saved.regions[&index].clone());
    }

    fn begin(&mut self, subtask: Subtask, saved: Option<&Saved>) {
        let (attempt, worker) = (self.attempt(subtask), self.worker(subtask.index));
        let from = saved.map(|saved| saved.id);
        self.master(MasterFact::Deploying { attempt, worker });
        self.say(subtask, WorkerFact::Deployed { attempt, from });
        if let Some(saved) = saved {
            let name = saved.blobs[0].clone();
            let fact = OutsideFact::BlobRead { digest: Some(digest(&name)), name, by: Author::Task(attempt) };
            self.tale.say(self.machine(6), fact);
        }
        let mut state = if saved.is_some() { self.state(subtask) } else { StateSummary::default() };
        if saved.is_some() && subtask.vertex.0 == 1 {
            state.union = vec![71, 72, 73]; // All of it, wherever it was.
        }
        let held = self.regions.get(&subtask.index).map_or(0, |region| region.held.len() as u64);
        let replayed = if subtask.vertex.0 == 1 && held > 0 { vec![(channel(0, subtask.index), held)] } else { vec![] };
        self.say(subtask, WorkerFact::Running { attempt, from, state, replayed });
    }

    /// Splits come from the enumerator, or with the state.
    fn sources(&mut self, index: u16, fresh: bool) {
        let attempt = self.attempt(task(0, index));
        for split in self.splits(index).into_iter().filter(|_| fresh) {
            self.master(MasterFact::SplitAssigned { attempt, split, offset: 0 });
            self.say(attempt.subtask, WorkerFact::Assigned { attempt, splits: vec![(split, 0)] });
        }
    }

    /// A sink commits what it has prepared, and shuts out who had the next ids.
    fn sinks(&mut self, index: u16, saved: Option<&Saved>) {
        let Some(saved) = saved else { return };
        let by = self.attempt(task(2, index));
        for (txn, checkpoint) in self.regions[&index].prepared.clone() {
            self.say(by.subtask, WorkerFact::Committing { attempt: by, txn, checkpoint, by: saved.id });
        }
        let region = self.regions.entry(index).or_default();
        region.prepared.clear();
        region.open = None;
        if saved.job != self.job {
            return;
        }
        let job = self.job;
        let ledger = self.machine(5);
        loop {
            let region = self.regions.entry(index).or_default();
            let txn: outside_words::ids::TxnId = format!("{job}-2-{index}-{}", region.next_txn).as_str().into();
            if !self.rows.contains_key(&txn) {
                break;
            }
            region.next_txn += 1;
            self.tale.say(ledger, OutsideFact::TxnAborted { txn: txn.clone(), epoch: 0, timed_out: false, by: Some(by) });
            self.tale.say(ledger, OutsideFact::ProducerInitialised { txn: txn.clone(), epoch: 1, by });
            let before = outside_words::ids::AttemptId { number: by.number.max(2) - 1, ..by };
            self.tale.say(ledger, OutsideFact::LedgerRefused { txn, epoch: 0, error: LedgerError::Fenced, by: before });
        }
    }

    /// The operator of an index fails, and its region with it; the master waits before it begins again.
    pub fn fail(&mut self, index: u16) {
        let (leader, job) = (self.leader, self.job);
        for vertex in [1, 0, 2] {
            let attempt = self.attempt(task(vertex, index));
            let why = "a bug of its own".to_owned();
            if vertex == 1 {
                self.end_task(attempt.subtask, TaskEnd::Failed { why: why.clone() });
                self.master(MasterFact::TaskFailed { attempt, why });
                self.master(MasterFact::RestartDecided { leader, job, failures: 1, delay_ms: Some(5) });
                self.master(MasterFact::Status { leader, job, status: JobStatus::Restarting });
            } else {
                self.end_task(attempt.subtask, TaskEnd::Canceled);
            }
        }
        let status = JobStatus::Running;
        for _ in 0..6 {
            self.master(MasterFact::Status { leader, job, status });
        }
    }

    /// A checkpoint is declined, and counts.
    pub fn declined(&mut self) {
        let (leader, job) = (self.leader, self.job);
        let checkpoint = self.next_id(flink_words::state::SnapshotKind::Checkpoint);
        self.trigger(checkpoint, flink_words::state::SnapshotKind::Checkpoint);
        let attempt = self.attempt(task(0, 0));
        self.say(attempt.subtask, WorkerFact::AlignmentBegan { attempt, checkpoint });
        self.say(attempt.subtask, WorkerFact::SnapshotAborted { attempt, checkpoint, why: "declined".into() });
        self.master(MasterFact::Aborted { leader, job, checkpoint, why: "Checkpoint was declined.".into() });
        self.master(MasterFact::FailureCounted { leader, job, checkpoint, failures: 1, fails_job: false });
    }
}
