//! What a stream engine did in a run: how its jobs stand, checkpoints, restarts, leaders, rows, network buffers and back-pressure. Counts of facts; never a judgement.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use vocab::fact::Fact;
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::plan::{Fencing, StreamPlan};
use vocab::recording::Recording;
use vocab::stream::ids::{AttemptId, JobId};
use vocab::stream::master::JobStatus;
use vocab::stream::{MasterFact, OutsideFact, StreamFact, WorkerFact};
use vocab::time::MICROSECOND;

use super::{counted, grouped, span};

/// The engine's part of a run in numbers.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Streams {
    job: &'static str,
    parallelism: u16,
    fencing: Fencing,
    /// How each job stood last, in the order of their numbers.
    jobs: Vec<JobStatus>,
    checkpoints_completed: u64,
    checkpoints_aborted: u64,
    savepoints: u64,
    restarts: u64,
    leaders: usize,
    rows_committed: u64,
    /// Network buffers of a worker, to send and to receive.
    buffers_sending: u32,
    buffers_receiving: u32,
    buffers_sent: u64,
    /// How long tasks could not emit, all together.
    blocked_us: u64,
    /// How long tasks ran, all together.
    ran_us: u64,
    /// Why a task failed last, if the last job did not finish.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

/// What a task has said of itself.
#[derive(Clone, Copy, Default)]
struct Task {
    /// Since when and where it runs, while it does.
    running: Option<(u64, MachineId)>,
    ran_ns: u64,
    blocked_us: u64,
    buffers: u64,
}

impl Task {
    fn end(&mut self, at_ns: u64) {
        if let Some((since_ns, _)) = self.running.take() {
            self.ran_ns += at_ns - since_ns;
        }
    }
}

impl Streams {
    /// Counts what a recording says of its stream engine; `None` if none took part.
    pub fn of(recording: &Recording) -> Option<Streams> {
        let plan = recording.plan.stream.as_ref()?;
        let mut streams = Streams::new(plan);
        let mut jobs: BTreeMap<JobId, JobStatus> = BTreeMap::new();
        let mut leaders = BTreeSet::new();
        let mut tasks: BTreeMap<AttemptId, Task> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for note in &recording.notes {
            match &note.fact {
                Fact::Stream(StreamFact::Master(MasterFact::Granted { leader, .. })) => drop(leaders.insert(*leader)),
                Fact::Stream(StreamFact::Master(MasterFact::Status { job, status, .. })) => drop(jobs.insert(*job, *status)),
                Fact::Stream(StreamFact::Master(fact)) => streams.master(fact),
                Fact::Stream(StreamFact::Worker(WorkerFact::Running { attempt, .. })) => {
                    tasks.entry(*attempt).or_default().running = Some((note.at_ns, note.machine));
                }
                Fact::Stream(StreamFact::Worker(WorkerFact::Ended { attempt, .. })) => tasks.entry(*attempt).or_default().end(note.at_ns),
                Fact::Stream(StreamFact::Worker(WorkerFact::Pressure { attempt, blocked_us, buffers })) => {
                    let task = tasks.entry(*attempt).or_default();
                    (task.blocked_us, task.buffers) = (*blocked_us, *buffers);
                }
                Fact::Stream(StreamFact::Outside(OutsideFact::TxnCommitted { rows, .. })) => streams.rows_committed += rows.len() as u64,
                Fact::Stream(StreamFact::Outside(OutsideFact::Upserted { key, .. })) => streams.rows_committed += u64::from(keys.insert(key)),
                // Tasks die with their machine, without a word.
                Fact::World(Happening::Crashed { .. } | Happening::Exited { .. }) => {
                    let dead = tasks.values_mut().filter(|task| task.running.is_some_and(|(_, machine)| machine == note.machine));
                    dead.for_each(|task| task.end(note.at_ns));
                }
                Fact::Stream(StreamFact::Worker(_) | StreamFact::Outside(_)) | Fact::World(_) | Fact::Client(_) | Fact::Replica(_) => {}
            }
        }
        for task in tasks.values_mut() {
            task.end(recording.end_ns);
            streams.blocked_us += task.blocked_us;
            streams.buffers_sent += task.buffers;
            streams.ran_us += task.ran_ns / MICROSECOND;
        }
        (streams.jobs, streams.leaders) = (jobs.into_values().collect(), leaders.len());
        streams.last_failure.take_if(|_| streams.jobs.last() == Some(&JobStatus::Finished));
        Some(streams)
    }

    fn new(plan: &StreamPlan) -> Streams {
        let (buffers_sending, buffers_receiving) = plan.network.buffers();
        Streams {
            job: plan.job.name(),
            parallelism: plan.parallelism,
            fencing: plan.fencing,
            jobs: vec![],
            checkpoints_completed: 0,
            checkpoints_aborted: 0,
            savepoints: 0,
            restarts: 0,
            leaders: 0,
            rows_committed: 0,
            buffers_sending,
            buffers_receiving,
            buffers_sent: 0,
            blocked_us: 0,
            ran_us: 0,
            last_failure: None,
        }
    }

    fn master(&mut self, fact: &MasterFact) {
        match fact {
            MasterFact::Completed { kind, .. } if kind.is_savepoint() => self.savepoints += 1,
            MasterFact::Completed { .. } => self.checkpoints_completed += 1,
            MasterFact::Aborted { .. } => self.checkpoints_aborted += 1,
            MasterFact::RestartDecided { delay_ms: Some(_), .. } => self.restarts += 1,
            MasterFact::TaskFailed { why, .. } => self.last_failure = Some(why.clone()),
            _ => {}
        }
    }

    /// The numbers in two lines, and why the job fails in another.
    pub fn text(&self) -> String {
        let stand = match self.jobs.as_slice() {
            [] => "never submitted".to_string(),
            jobs => jobs.iter().map(|status| format!("{status:?}").to_lowercase()).collect::<Vec<_>>().join(", then "),
        };
        let fencing = match self.fencing {
            Fencing::Fenced => "",
            Fencing::Unfenced => ", unfenced",
        };
        let savepoints = if self.savepoints == 0 { String::new() } else { format!(", {}", counted(self.savepoints, "savepoint", "savepoints")) };
        let failure = self.last_failure.as_ref().map_or_else(String::new, |why| format!("a task failed last: {why}\n"));
        let permille = (self.blocked_us * 1_000).checked_div(self.ran_us).unwrap_or(0);
        format!(
            "job {} by {}{fencing}: {stand}; {} completed, {} aborted{savepoints}; {}, {}; {} committed\n\
             network buffers of a worker: {} to send, {} to receive; {} sent; back-pressure for {} of {} of tasks, {}.{} %\n{failure}",
            self.job,
            self.parallelism,
            counted(self.checkpoints_completed, "checkpoint", "checkpoints"),
            grouped(self.checkpoints_aborted),
            counted(self.restarts, "restart", "restarts"),
            counted(self.leaders as u64, "leader", "leaders"),
            counted(self.rows_committed, "row", "rows"),
            self.buffers_sending,
            self.buffers_receiving,
            grouped(self.buffers_sent),
            span(u128::from(self.blocked_us) * u128::from(MICROSECOND)),
            span(u128::from(self.ran_us) * u128::from(MICROSECOND)),
            permille / 10,
            permille % 10,
        )
    }
}

#[cfg(test)]
mod tests {
    use vocab::recording::{Ending, Note, RECORDING_FORMAT};
    use vocab::stream::ids::{CheckpointId, LeaderId, Subtask, VertexId};
    use vocab::stream::state::{SnapshotKind, StateSummary};
    use vocab::stream::worker::TaskEnd;
    use vocab::time::SECOND;

    use super::*;

    fn recording() -> Recording {
        let plan = scenarios::family::plan("stream-failover", 7).expect("the family exists");
        Recording { format: RECORDING_FORMAT, plan, notes: vec![], ending: Ending::Finished, events: 0, end_ns: 20 * SECOND, hash: String::new() }
    }

    #[test]
    fn counts_are_of_facts() {
        let (leader, job) = (LeaderId(7), JobId(1));
        let attempt = |number| AttemptId { job, subtask: Subtask { vertex: VertexId(0), index: 0 }, leader, number };
        let running = |number| WorkerFact::Running { attempt: attempt(number), from: None, state: StateSummary::default(), replayed: vec![] }.into();
        let completed = |kind| MasterFact::Completed { leader, job, checkpoint: CheckpointId(1), kind, mono_ms: 1 }.into();
        let facts: Vec<Fact> = vec![
            MasterFact::Granted { leader, node: "n".into() }.into(),
            running(1),
            completed(SnapshotKind::Checkpoint),
            completed(SnapshotKind::Savepoint),
            MasterFact::Aborted { leader, job, checkpoint: CheckpointId(2), why: "checkpoint-expired".into() }.into(),
            WorkerFact::Pressure { attempt: attempt(1), blocked_us: 1_000, buffers: 4 }.into(),
            WorkerFact::Pressure { attempt: attempt(1), blocked_us: 1_500_000, buffers: 9 }.into(),
            WorkerFact::Ended { attempt: attempt(1), end: TaskEnd::Canceled }.into(),
            MasterFact::RestartDecided { leader, job, failures: 1, delay_ms: Some(5) }.into(),
            running(2),
            OutsideFact::TxnCommitted { txn: "t".into(), epoch: 0, rows: vec![[1.into()].into(), [2.into()].into()], by: attempt(2) }.into(),
            MasterFact::Status { leader, job, status: JobStatus::Finished }.into(),
        ];
        let notes = facts.into_iter().zip(1u64..).map(|(fact, at)| Note { at_ns: at * SECOND, machine: MachineId(9), fact }).collect();
        let mut recording = Recording { notes, ..recording() };
        recording.plan.stream.as_mut().expect("a stream engine takes part").network = vocab::plan::NetworkPlan::default();
        let streams = Streams::of(&recording).expect("a stream engine takes part");
        assert_eq!((streams.blocked_us, streams.ran_us, streams.buffers_sent), (1_500_000, 16_000_000, 9));
        let stream = recording.plan.stream.as_ref().expect("a stream engine takes part");
        let head = format!("job {} by {}: ", stream.job.name(), stream.parallelism);
        let text = streams.text();
        let rest = text.strip_prefix(&head).expect("the job comes first");
        insta::assert_snapshot!(rest, @r"
        finished; 1 checkpoint completed, 1 aborted, 1 savepoint; 1 restart, 1 leader; 2 rows committed
        network buffers of a worker: 32 to send, 32 to receive; 9 sent; back-pressure for 1.5 s of 16.0 s of tasks, 9.3 %
        ");
    }

    #[test]
    fn a_job_that_does_not_finish_says_why_a_task_failed_last() {
        let (leader, job) = (LeaderId(7), JobId(1));
        let attempt = AttemptId { job, subtask: Subtask { vertex: VertexId(0), index: 0 }, leader, number: 1 };
        let told = |status| {
            let facts: [Fact; 3] = [
                MasterFact::TaskFailed { attempt, why: "first".into() }.into(),
                MasterFact::TaskFailed { attempt, why: "Insufficient number of network buffers.".into() }.into(),
                MasterFact::Status { leader, job, status }.into(),
            ];
            let notes = facts.into_iter().map(|fact| Note { at_ns: SECOND, machine: MachineId(9), fact }).collect();
            Streams::of(&Recording { notes, ..recording() }).expect("a stream engine takes part").text()
        };
        assert!(told(JobStatus::Failed).ends_with("a task failed last: Insufficient number of network buffers.\n"));
        assert!(!told(JobStatus::Finished).contains("failed last"));
    }

    #[test]
    fn without_a_stream_engine_nothing_is_told() {
        let mut recording = recording();
        assert!(Streams::of(&recording).expect("a stream engine takes part").text().contains("never submitted"));
        recording.plan.stream = None;
        assert_eq!(Streams::of(&recording), None);
    }
}
