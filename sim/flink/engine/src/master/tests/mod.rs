//! Whole runs on a stage: what masters make of a job, of each other's end, of lost workers and of deposed leaders.

mod stage;

use std::collections::BTreeSet;

use flink_words::fact::{Fact, MasterFact, StreamFact};
use flink_words::job::JobKind;
use flink_words::master::{AddOutcome, JobStatus};
use flink_words::settings::{Fencing, RestartPlan, StepAction, StepPlan, StreamPlan};
use outside_words::fact::OutsideFact;
use outside_words::ids::JobId;

use stage::{REPLICA, Stage};

fn plan(job: JobKind) -> StreamPlan {
    let mut plan = StreamPlan { masters: 2, workers: 2, slots: 2, ..crate::operator::tests::plan(job) };
    (plan.input.records, plan.input.partitions, plan.input.until_ms) = (200, 3, 6_000);
    plan.checkpoints.interval_ms = 500;
    plan.restart = RestartPlan::FixedDelay { attempts: 20, delay_ms: 100 };
    plan
}

/// Rows that the ledger shows.
fn committed(stage: &Stage) -> Vec<outside_words::data::Row> {
    let rows = |fact: &Fact| if let Fact::Stream(StreamFact::Outside(OutsideFact::TxnCommitted { rows, .. })) = fact { rows.clone() } else { Vec::new() };
    stage.facts.iter().flat_map(|(_, fact)| rows(fact)).collect()
}

/// Each record once.
fn is_exactly_once(stage: &Stage, records: usize) {
    let rows = committed(stage);
    let distinct: BTreeSet<_> = rows.iter().collect();
    assert_eq!((rows.len(), distinct.len()), (records, records));
}

fn completed(stage: &Stage) -> usize {
    stage.said().filter(|fact| matches!(fact, MasterFact::Completed { .. })).count()
}

/// The master's part of a story, for whoever must find out why it failed.
fn tale(stage: &Stage) -> String {
    let masters =
        stage.facts.iter().filter_map(|(ms, fact)| if let Fact::Stream(StreamFact::Master(fact)) = fact { Some(format!("{ms} {fact:?}")) } else { None });
    let all: Vec<String> = masters.collect();
    format!("{}\n{}", all[all.len().saturating_sub(60)..].join("\n"), stage.look())
}

fn finish(stage: &mut Stage) {
    assert!(stage.run(60_000, Stage::is_done), "{}", tale(stage));
}

/// What is left of all blobs.
fn blobs_left(stage: &Stage) -> Vec<String> {
    let mut left = BTreeSet::new();
    for (_, fact) in &stage.facts {
        match fact {
            Fact::Stream(StreamFact::Outside(OutsideFact::BlobPut { name, .. })) => drop(left.insert(name.to_string())),
            Fact::Stream(StreamFact::Outside(OutsideFact::BlobDeleted { name, .. })) => drop(left.remove(&name.to_string())),
            _ => {}
        }
    }
    left.into_iter().collect()
}

#[test]
fn a_job_runs_to_its_end_and_leaves_its_result_alone() {
    for job in [JobKind::Q0, JobKind::Counters] {
        let mut stage = Stage::new(plan(job));
        finish(&mut stage);
        assert!(completed(&stage) >= 3, "{}", tale(&stage));
        if job == JobKind::Q0 {
            is_exactly_once(&stage, 200);
        }
        assert_eq!(blobs_left(&stage), [format!("job-result/{}.json", JobId(1))], "{}", tale(&stage));
    }
}

#[test]
fn another_master_goes_on_from_the_latest_checkpoint() {
    let mut stage = Stage::new(plan(JobKind::Q0));
    assert!(stage.run(10_000, |stage| completed(stage) >= 2), "{}", tale(&stage));
    let leader = stage.leader().expect("somebody has completed checkpoints");
    stage.kill(leader);
    finish(&mut stage);
    is_exactly_once(&stage, 200);
    let recovered: Vec<_> = stage.said().filter(|fact| matches!(fact, MasterFact::Recovered { checkpoints, .. } if !checkpoints.is_empty())).collect();
    assert_eq!(recovered.len(), 1, "{}", tale(&stage));
}

#[test]
fn a_lost_worker_costs_its_regions_alone() {
    for (job, global) in [(JobKind::Q0, false), (JobKind::Counters, true)] {
        let mut stage = Stage::new(plan(job));
        assert!(stage.run(10_000, |stage| completed(stage) >= 2), "{}", tale(&stage));
        let worker = stage.workers()[0];
        stage.kill(worker);
        stage.run(1_000, |_| false);
        stage.start(worker);
        finish(&mut stage);
        if job == JobKind::Q0 {
            is_exactly_once(&stage, 200);
        }
        let restored: Vec<bool> = stage.said().filter_map(|fact| if let MasterFact::Restoring { global, .. } = fact { Some(*global) } else { None }).collect();
        assert_eq!(restored, [true, global], "{}", tale(&stage));
    }
}

/// How additions ended whose authors led no more.
fn of_deposed(stage: &Stage) -> Vec<AddOutcome> {
    let (mut deposed, mut outcomes) = (BTreeSet::new(), Vec::new());
    for fact in stage.said() {
        match fact {
            MasterFact::Revoked { leader } => drop(deposed.insert(*leader)),
            MasterFact::Added { leader, outcome, .. } if deposed.contains(leader) => outcomes.push(*outcome),
            _ => {}
        }
    }
    outcomes
}

#[test]
fn a_deposed_leaders_checkpoint_is_added_unless_it_is_fenced() {
    let check = |fencing: Fencing, outcome: AddOutcome| {
        let mut plan = StreamPlan { fencing, ..plan(JobKind::Q0) };
        // The job outlasts the deposed leader's return.
        plan.input.until_ms = 20_000;
        let mut stage = Stage::new(plan);
        assert!(stage.run(10_000, |stage| completed(stage) >= 2), "{}", tale(&stage));
        let leader = stage.leader().expect("somebody has completed checkpoints");
        stage.run(100, |_| false);
        stage.ambush = Some(("multi", leader));
        // Fenced, the first multi is the counter's; the one that adds comes after it.
        if fencing == Fencing::Fenced {
            let asked = |stage: &Stage| stage.said().filter(|fact| matches!(fact, MasterFact::Finalized { .. })).count();
            let so_far = asked(&stage);
            stage.ambush = None;
            assert!(stage.run(5_000, |stage| asked(stage) > so_far));
            stage.ambush = Some(("multi", leader));
        }
        stage.run(7_200, |_| false);
        stage.cut(leader, REPLICA, false);
        finish(&mut stage);
        stage.run(5_000, |_| false);
        assert_eq!(of_deposed(&stage), [outcome], "{fencing:?}\n{}", tale(&stage));
    };
    check(Fencing::Unfenced, AddOutcome::Added);
    check(Fencing::Fenced, AddOutcome::Fenced);
}

#[test]
fn a_job_is_stopped_with_a_savepoint_and_goes_on_with_another_parallelism() {
    for (from, to) in [(2, 3), (3, 2)] {
        let mut plan = StreamPlan { parallelism: from, ..plan(JobKind::Q0) };
        let savepoint = StepPlan { at_ms: 1_500, action: StepAction::Savepoint };
        plan.steps = vec![savepoint, StepPlan { at_ms: 3_000, action: StepAction::Rescale { parallelism: to } }];
        let mut stage = Stage::new(plan);
        finish(&mut stage);
        is_exactly_once(&stage, 200);
        let ended: Vec<(u32, JobStatus)> = stage
            .said()
            .filter_map(|fact| if let MasterFact::Status { job, status, .. } = fact { Some((job.0, *status)) } else { None })
            .filter(|(_, status)| status.is_globally_terminal())
            .collect();
        assert_eq!(ended, [(1, JobStatus::Finished), (2, JobStatus::Finished)], "{}", tale(&stage));
    }
}
