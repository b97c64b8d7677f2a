//! Elections, submissions, registrations, and the end of a leader or of a job.

use contract::ids::MachineId;
use flink_words::fact::{MasterFact, WorkerFact};
use flink_words::job::JobKind;
use flink_words::master::JobStatus;
use flink_words::worker::TaskEnd;
use outside_words::fact::Author;
use outside_words::ids::{CheckpointId, JobId, LeaderId, Subtask};
use zookeeper_words::fact::{ClientFact, ConnectionState};
use zookeeper_words::service::{CreateMode, Op};

use super::engine::{Engine, ROOT, Saved, handle};
use crate::tale::asks::{children, delete};

fn create(path: String, mode: CreateMode) -> Op {
    Op::create(path.as_str().into(), Some([1].into()), mode)
}

impl Engine {
    /// A master makes its latch node, and leads.
    pub fn elect(&mut self, nth: usize) {
        self.lead = nth;
        if self.latches.is_empty() {
            for master in 0..2 {
                self.lead = master;
                let path = format!("{ROOT}/leader/latch/_c_0f0f0f0f-1111-2222-3333-44444444444{master}-latch-");
                let node = self.ask(create(path, CreateMode::EphemeralSequential));
                self.latches.push(node);
            }
            self.lead = nth;
        }
        self.ask(children("/flink/r1/leader/latch", false));
        self.leader = LeaderId((nth as u128 + 1) << 96);
        let (leader, node) = (self.leader, self.latches[nth].clone());
        self.master(MasterFact::Granted { leader, node });
    }

    /// A job is accepted.
    pub fn submit(&mut self, parallelism: u16, from: Option<Saved>) {
        self.job = JobId(self.job.0 + 1);
        self.parallelism = parallelism;
        self.counter = from.as_ref().map_or(1, |from| from.id.0 as i32 + 1);
        self.store.clear();
        self.shared.clear();
        let (leader, job) = (self.leader, self.job);
        let blob = self.put(&format!("execution-plan/{job}"), Author::Leader(leader));
        let plan = format!("{ROOT}/execution-plans/{job}");
        let lock = create(format!("{plan}/locks/{}", self.lead), CreateMode::Ephemeral);
        self.ask_fenced(vec![handle(&plan, &blob), create(format!("{plan}/locks"), CreateMode::Persistent), lock]);
        let origin = from.as_ref().map(|from| (from.job, from.id));
        self.savepoints.extend(from);
        self.master(MasterFact::Submitted { leader, job, kind: JobKind::Q0, parallelism, from: origin });
        for path in [self.job_path(), format!("{}/checkpoints", self.job_path())] {
            self.ask(create(path, CreateMode::Persistent));
        }
        self.master(MasterFact::Recovered { leader, job, parallelism, from: origin, checkpoints: vec![] });
        let counter =
            Op::create(format!("{}/checkpoint_id_counter", self.job_path()).as_str().into(), Some(self.counter.to_be_bytes().into()), CreateMode::Persistent);
        self.ask_fenced(vec![counter]);
        self.master(MasterFact::Status { leader, job, status: JobStatus::Running });
    }

    /// A new leader finds the job's checkpoints, and locks them.
    pub fn recover(&mut self) {
        let (leader, job) = (self.leader, self.job);
        let checkpoints: Vec<CheckpointId> = self.store.iter().map(|saved| saved.id).collect();
        for id in &checkpoints {
            let lock = create(format!("{}/locks/{}", self.node(*id), self.lead), CreateMode::Ephemeral);
            self.ask_fenced(vec![lock]);
        }
        let lock = create(format!("{ROOT}/execution-plans/{job}/locks/{}", self.lead), CreateMode::Ephemeral);
        self.ask_fenced(vec![lock]);
        self.master(MasterFact::Recovered { leader, job, parallelism: self.parallelism, from: None, checkpoints });
    }

    /// The workers register with the leader.
    pub fn register(&mut self) {
        let leader = self.leader;
        for worker in [self.worker(0), self.worker(1)] {
            self.master(MasterFact::WorkerRegistered { leader, worker });
            self.tale.say(worker.machine, WorkerFact::Registered { worker, leader });
        }
    }

    /// The leader loses its connection, gives up, and is expired; its workers end its tasks.
    pub fn depose(&mut self) {
        let (machine, leader) = (self.machine(self.lead as u16), self.leader);
        self.tale.say(machine, ClientFact::Connection(ConnectionState::Suspended));
        self.master(MasterFact::Revoked { leader });
        for worker in [0, 1] {
            let machine: MachineId = self.worker(worker).machine;
            self.tale.say(machine, WorkerFact::LeaderLost { leader });
        }
        for subtask in self.subtasks(&self.indexes()) {
            self.end_task(subtask, TaskEnd::Canceled);
        }
        let refused = WorkerFact::Refused { leader, call: "cancel-task".into() };
        self.tale.say(self.machine(2), refused);
        self.tale.expire(self.masters[self.lead].session);
        self.tale.say(self.machine(self.lead as u16), ClientFact::Connection(ConnectionState::Lost));
        self.numbers.clear();
    }

    pub fn end_task(&mut self, subtask: Subtask, end: TaskEnd) {
        let attempt = self.attempt(subtask);
        self.say(subtask, WorkerFact::Ended { attempt, end });
    }

    /// The job is over: its result is stored, then its data go.
    pub fn end(&mut self, status: JobStatus) {
        let (leader, job) = (self.leader, self.job);
        self.master(MasterFact::Status { leader, job, status });
        let dirty = self.put(&format!("job-result/{job}_DIRTY.json"), Author::Leader(leader));
        self.master(MasterFact::ResultStored { leader, job, status, dirty: true });
        while !self.store.is_empty() {
            self.remove_oldest();
        }
        let lead = self.lead;
        let plan = format!("{ROOT}/execution-plans/{job}");
        let paths = [
            format!("{}/checkpoints", self.job_path()),
            format!("{}/checkpoint_id_counter", self.job_path()),
            self.job_path(),
            format!("{plan}/locks/{lead}"),
            format!("{plan}/locks"),
            plan,
        ];
        self.ask_fenced(paths.iter().map(|path| delete(path)).collect());
        self.master(MasterFact::CleanedUp { leader, job });
        self.delete(&format!("execution-plan/{job}").as_str().into());
        self.put(&format!("job-result/{job}.json"), Author::Leader(leader));
        self.delete(&dirty);
        self.master(MasterFact::ResultStored { leader, job, status, dirty: false });
    }

    /// The last savepoint.
    pub fn savepoint(&self) -> Saved {
        self.savepoints.last().expect("there was one").clone()
    }
}
