//! What the engine did in a run, in numbers: how its jobs stand, checkpoints, restarts, leaders, rows, network buffers
//! and back-pressure. Counts of statements; never a judgement, nor text for people.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use contract::time::MICROSECOND;
use flink_words::fact::{MasterFact, WorkerFact};
use flink_words::master::JobStatus;
use outside_words::data::Row;
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, JobId, LeaderId};

use super::statement::{Said, Statement};

/// The engine's part of a run in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account<'r> {
    /// How each job stood last, in the order of their numbers.
    pub jobs: Vec<JobStatus>,
    /// Checkpoints that were completed, savepoints not counted.
    pub checkpoints_completed: u64,
    /// Checkpoints and savepoints that came to nothing.
    pub checkpoints_aborted: u64,
    /// Savepoints that were completed.
    pub savepoints: u64,
    /// Times that the restart strategy let tasks begin again.
    pub restarts: u64,
    /// Grants of leadership.
    pub leaders: u64,
    /// Rows of committed transactions, and keys under which an idempotent sink wrote.
    pub rows_committed: u64,
    /// Network buffers that tasks sent, all together.
    pub buffers_sent: u64,
    /// How long tasks could not emit, all together, in us.
    pub blocked_us: u64,
    /// How long tasks ran, all together, in us.
    pub ran_us: u64,
    /// Why a task failed last, if the last job did not finish.
    pub last_failure: Option<&'r str>,
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

/// What is only known at the end.
#[derive(Default)]
struct Open<'r> {
    jobs: BTreeMap<JobId, JobStatus>,
    leaders: BTreeSet<LeaderId>,
    tasks: BTreeMap<AttemptId, Task>,
    /// Keys under which an idempotent sink wrote.
    keys: BTreeSet<&'r Row>,
}

impl<'r> Account<'r> {
    /// Counts what was said, in a run that ended at `end_ns`.
    pub fn of(statements: &[Statement<'r>], end_ns: u64) -> Account<'r> {
        let (mut account, mut open) = (Account::default(), Open::default());
        for statement in statements {
            let (at_ns, machine) = (statement.at_ns, statement.machine);
            match statement.said {
                Said::Master(fact) => account.master(fact, &mut open),
                Said::Worker(WorkerFact::Running { attempt, .. }) => open.tasks.entry(*attempt).or_default().running = Some((at_ns, machine)),
                Said::Worker(WorkerFact::Ended { attempt, .. }) => open.tasks.entry(*attempt).or_default().end(at_ns),
                Said::Worker(WorkerFact::Pressure { attempt, blocked_us, buffers }) => {
                    let task = open.tasks.entry(*attempt).or_default();
                    (task.blocked_us, task.buffers) = (*blocked_us, *buffers);
                }
                Said::Outside(OutsideFact::TxnCommitted { rows, .. }) => account.rows_committed += rows.len() as u64,
                Said::Outside(OutsideFact::Upserted { key, .. }) => account.rows_committed += u64::from(open.keys.insert(key)),
                // Tasks die with their machine, without a word.
                Said::Gone => {
                    let dead = open.tasks.values_mut().filter(|task| task.running.is_some_and(|(_, on)| on == machine));
                    dead.for_each(|task| task.end(at_ns));
                }
                Said::Worker(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => {}
            }
        }
        account.close(open, end_ns);
        account
    }

    fn master(&mut self, fact: &'r MasterFact, open: &mut Open<'r>) {
        match fact {
            MasterFact::Granted { leader, .. } => drop(open.leaders.insert(*leader)),
            MasterFact::Status { job, status, .. } => drop(open.jobs.insert(*job, *status)),
            MasterFact::Completed { kind, .. } if kind.is_savepoint() => self.savepoints += 1,
            MasterFact::Completed { .. } => self.checkpoints_completed += 1,
            MasterFact::Aborted { .. } => self.checkpoints_aborted += 1,
            MasterFact::RestartDecided { delay_ms, .. } => self.restarts += u64::from(delay_ms.is_some()),
            MasterFact::TaskFailed { why, .. } => self.last_failure = Some(why),
            MasterFact::Started
            | MasterFact::Revoked { .. }
            | MasterFact::Submitted { .. }
            | MasterFact::Recovered { .. }
            | MasterFact::WorkerRegistered { .. }
            | MasterFact::WorkerLost { .. }
            | MasterFact::Restoring { .. }
            | MasterFact::Deploying { .. }
            | MasterFact::SplitAssigned { .. }
            | MasterFact::TriggerAsked { .. }
            | MasterFact::TriggerEnded { .. }
            | MasterFact::Triggered { .. }
            | MasterFact::AckReceived { .. }
            | MasterFact::Finalized { .. }
            | MasterFact::Added { .. }
            | MasterFact::FailureCounted { .. }
            | MasterFact::Notifying { .. }
            | MasterFact::Subsumed { .. }
            | MasterFact::Discarding { .. }
            | MasterFact::ResultStored { .. }
            | MasterFact::CleanedUp { .. }
            | MasterFact::Done { .. } => {}
        }
    }

    fn close(&mut self, open: Open<'r>, end_ns: u64) {
        for mut task in open.tasks.into_values() {
            task.end(end_ns);
            self.blocked_us += task.blocked_us;
            self.buffers_sent += task.buffers;
            self.ran_us += task.ran_ns / MICROSECOND;
        }
        (self.jobs, self.leaders) = (open.jobs.into_values().collect(), open.leaders.len() as u64);
        self.last_failure.take_if(|_| self.jobs.last() == Some(&JobStatus::Finished));
    }
}

#[cfg(test)]
mod tests {
    use contract::time::SECOND;
    use flink_words::state::{SnapshotKind, StateSummary};
    use flink_words::worker::TaskEnd;
    use outside_words::ids::{CheckpointId, Subtask, VertexId};

    use super::*;

    /// Where everything is said.
    const MACHINE: MachineId = MachineId(9);
    const LEADER: LeaderId = LeaderId(7);
    const JOB: JobId = JobId(1);

    fn attempt(number: u32) -> AttemptId {
        AttemptId { job: JOB, subtask: Subtask { vertex: VertexId(0), index: 0 }, leader: LEADER, number }
    }

    /// A second after the other, in a run of 20 s.
    fn account<'r>(said: &[Said<'r>]) -> Account<'r> {
        let statements = (0..).zip(said).map(|(note, said)| Statement { note, at_ns: u64::from(note + 1) * SECOND, machine: MACHINE, said: *said });
        Account::of(&statements.collect::<Vec<_>>(), 20 * SECOND)
    }

    fn running(number: u32) -> WorkerFact {
        WorkerFact::Running { attempt: attempt(number), from: None, state: StateSummary::default(), replayed: vec![] }
    }

    #[test]
    fn counts_are_of_statements() {
        let completed = |kind| MasterFact::Completed { leader: LEADER, job: JOB, checkpoint: CheckpointId(1), kind, mono_ms: 1 };
        let pressure = |blocked_us, buffers| WorkerFact::Pressure { attempt: attempt(1), blocked_us, buffers };
        let rows = vec![[1.into()].into(), [2.into()].into()];
        let said = [
            Said::Master(&MasterFact::Granted { leader: LEADER, node: "n".into() }),
            Said::Worker(&running(1)),
            Said::Master(&completed(SnapshotKind::Checkpoint)),
            Said::Master(&completed(SnapshotKind::Savepoint)),
            Said::Master(&MasterFact::Aborted { leader: LEADER, job: JOB, checkpoint: CheckpointId(2), why: "checkpoint-expired".into() }),
            Said::Worker(&pressure(1_000, 4)),
            Said::Worker(&pressure(1_500_000, 9)),
            Said::Worker(&WorkerFact::Ended { attempt: attempt(1), end: TaskEnd::Canceled }),
            Said::Master(&MasterFact::RestartDecided { leader: LEADER, job: JOB, failures: 1, delay_ms: Some(5) }),
            Said::Worker(&running(2)),
            Said::Outside(&OutsideFact::TxnCommitted { txn: "t".into(), epoch: 0, rows, by: attempt(2) }),
            Said::Master(&MasterFact::Status { leader: LEADER, job: JOB, status: JobStatus::Finished }),
        ];
        let expected = Account {
            jobs: vec![JobStatus::Finished],
            checkpoints_completed: 1,
            checkpoints_aborted: 1,
            savepoints: 1,
            restarts: 1,
            leaders: 1,
            rows_committed: 2,
            buffers_sent: 9,
            blocked_us: 1_500_000,
            ran_us: 16_000_000,
            last_failure: None,
        };
        assert_eq!(account(&said), expected);
    }

    #[test]
    fn tasks_end_with_their_machine() {
        let running = running(1);
        assert_eq!(account(&[Said::Worker(&running), Said::Gone]).ran_us, 1_000_000);
        assert_eq!(account(&[Said::Worker(&running), Said::Frozen(true)]).ran_us, 19_000_000);
    }

    #[test]
    fn a_job_that_does_not_finish_says_why_a_task_failed_last() {
        let failed = |why: &str| MasterFact::TaskFailed { attempt: attempt(1), why: why.into() };
        let (first, last) = (failed("first"), failed("Insufficient number of network buffers."));
        let check = |status, expected| {
            let status = MasterFact::Status { leader: LEADER, job: JOB, status };
            assert_eq!(account(&[Said::Master(&first), Said::Master(&last), Said::Master(&status)]).last_failure, expected);
        };
        check(JobStatus::Failed, Some("Insufficient number of network buffers."));
        check(JobStatus::Finished, None);
    }

    #[test]
    fn without_a_word_there_is_no_job() {
        assert_eq!(account(&[]), Account::default());
    }
}
