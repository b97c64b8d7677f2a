//! What a report tells of the engine in a run: how its jobs stand, checkpoints, restarts, leaders, rows, network
//! buffers and back-pressure. Text and data from the numbers of the evidence; never a count of its own.

use contract::time::MICROSECOND;
use flink_models::Evidence;
use flink_models::evidence::account::Account;
use flink_words::master::JobStatus;
use flink_words::settings::{Fencing, StreamPlan};
use harness::command::text::{counted, grouped, span};
use serde::Serialize;

/// The field of a report's JSON object.
const FIELD: &str = "stream";

/// The engine's part of a run as data.
#[derive(Serialize)]
struct Data<'a> {
    job: &'static str,
    parallelism: u16,
    fencing: Fencing,
    /// How each job stood last, in the order of their numbers.
    jobs: &'a [JobStatus],
    checkpoints_completed: u64,
    checkpoints_aborted: u64,
    savepoints: u64,
    restarts: u64,
    leaders: u64,
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
    last_failure: Option<&'a str>,
}

/// What a report tells of the engine.
pub(crate) fn account(evidence: &Evidence<'_>) -> harness::system::Account {
    let (stream, account) = (&evidence.view.plan.settings.stream, evidence.account());
    let data = serde_json::to_value(data(stream, &account)).expect("the account has string keys");
    harness::system::Account { text: text(stream, &account), data: Some((FIELD, data)) }
}

fn data<'a>(stream: &StreamPlan, account: &'a Account<'_>) -> Data<'a> {
    let (buffers_sending, buffers_receiving) = stream.network.buffers();
    Data {
        job: stream.job.name(),
        parallelism: stream.parallelism,
        fencing: stream.fencing,
        jobs: &account.jobs,
        checkpoints_completed: account.checkpoints_completed,
        checkpoints_aborted: account.checkpoints_aborted,
        savepoints: account.savepoints,
        restarts: account.restarts,
        leaders: account.leaders,
        rows_committed: account.rows_committed,
        buffers_sending,
        buffers_receiving,
        buffers_sent: account.buffers_sent,
        blocked_us: account.blocked_us,
        ran_us: account.ran_us,
        last_failure: account.last_failure,
    }
}

/// The numbers in two lines, and why the job fails in another.
fn text(stream: &StreamPlan, account: &Account<'_>) -> String {
    let stand = match account.jobs.as_slice() {
        [] => "never submitted".to_string(),
        jobs => jobs.iter().map(|status| format!("{status:?}").to_lowercase()).collect::<Vec<_>>().join(", then "),
    };
    let fencing = match stream.fencing {
        Fencing::Fenced => "",
        Fencing::Unfenced => ", unfenced",
    };
    let savepoints = if account.savepoints == 0 { String::new() } else { format!(", {}", counted(account.savepoints, "savepoint", "savepoints")) };
    let failure = account.last_failure.map_or_else(String::new, |why| format!("a task failed last: {why}\n"));
    let permille = (account.blocked_us * 1_000).checked_div(account.ran_us).unwrap_or(0);
    let (sending, receiving) = stream.network.buffers();
    format!(
        "job {} by {}{fencing}: {stand}; {} completed, {} aborted{savepoints}; {}, {}; {} committed\n\
         network buffers of a worker: {sending} to send, {receiving} to receive; {} sent; back-pressure for {} of {} of tasks, {}.{} %\n{failure}",
        stream.job.name(),
        stream.parallelism,
        counted(account.checkpoints_completed, "checkpoint", "checkpoints"),
        grouped(account.checkpoints_aborted),
        counted(account.restarts, "restart", "restarts"),
        counted(account.leaders, "leader", "leaders"),
        counted(account.rows_committed, "row", "rows"),
        grouped(account.buffers_sent),
        span(u128::from(account.blocked_us) * u128::from(MICROSECOND)),
        span(u128::from(account.ran_us) * u128::from(MICROSECOND)),
        permille / 10,
        permille % 10,
    )
}

#[cfg(test)]
mod tests {
    use contract::ids::MachineId;
    use contract::recording::{Ending, Note, Noted, RECORDING_FORMAT};
    use contract::time::SECOND;
    use flink_words::Recording;
    use flink_words::fact::{Fact, MasterFact, OutsideFact, WorkerFact};
    use flink_words::settings::NetworkPlan;
    use flink_words::state::{SnapshotKind, StateSummary};
    use flink_words::worker::TaskEnd;
    use harness::System;
    use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, Subtask, VertexId};

    use super::JobStatus;
    use crate::Flink;

    /// What is told of a run in which machine 9 says these facts, one a second.
    fn told(facts: Vec<Fact>) -> harness::system::Account {
        let mut plan = crate::family::plan("stream-failover", 7);
        plan.settings.stream.network = NetworkPlan::default();
        let notes = facts.into_iter().zip(1u64..).map(|(fact, at)| Note { at_ns: at * SECOND, machine: MachineId(9), what: Noted::Said(fact) }).collect();
        let (ending, end_ns) = (Ending::Finished, 20 * SECOND);
        let recording = Recording { format: RECORDING_FORMAT, plan, notes, ending, events: 0, end_ns, hash: String::new() };
        Flink::account(&Flink::evidence(&recording))
    }

    #[test]
    fn counts_are_of_facts() {
        let (leader, job) = (LeaderId(7), JobId(1));
        let attempt = |number| AttemptId { job, subtask: Subtask { vertex: VertexId(0), index: 0 }, leader, number };
        let running = |number| WorkerFact::Running { attempt: attempt(number), from: None, state: StateSummary::default(), replayed: vec![] }.into();
        let completed = |kind| MasterFact::Completed { leader, job, checkpoint: CheckpointId(1), kind, mono_ms: 1 }.into();
        let told = told(vec![
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
        ]);
        let (name, data) = told.data.expect("the engine has data");
        assert_eq!((name, &data["blocked_us"], &data["ran_us"], &data["buffers_sent"]), ("stream", &1_500_000.into(), &16_000_000.into(), &9.into()));
        assert_eq!(data.get("last_failure"), None);
        let stream = crate::family::plan("stream-failover", 7).settings.stream;
        let rest = told.text.strip_prefix(&format!("job {} by {}: ", stream.job.name(), stream.parallelism)).expect("the job comes first");
        insta::assert_snapshot!(rest, @r"
        finished; 1 checkpoint completed, 1 aborted, 1 savepoint; 1 restart, 1 leader; 2 rows committed
        network buffers of a worker: 32 to send, 32 to receive; 9 sent; back-pressure for 1.5 s of 16.0 s of tasks, 9.3 %
        ");
    }

    #[test]
    fn a_job_that_does_not_finish_says_why_a_task_failed_last() {
        let (leader, job) = (LeaderId(7), JobId(1));
        let attempt = AttemptId { job, subtask: Subtask { vertex: VertexId(0), index: 0 }, leader, number: 1 };
        let text = |status| {
            told(vec![
                MasterFact::TaskFailed { attempt, why: "first".into() }.into(),
                MasterFact::TaskFailed { attempt, why: "Insufficient number of network buffers.".into() }.into(),
                MasterFact::Status { leader, job, status }.into(),
            ])
            .text
        };
        assert!(text(JobStatus::Failed).ends_with("a task failed last: Insufficient number of network buffers.\n"));
        assert!(!text(JobStatus::Finished).contains("failed last"));
    }

    #[test]
    fn an_engine_that_does_nothing_says_so() {
        assert!(told(vec![]).text.contains("never submitted"));
    }
}
