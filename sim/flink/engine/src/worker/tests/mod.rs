//! Laws of workers on a small stage: whatever crashes and when, what is committed in the end is what a calm run
//! commits, and every cut agrees at both ends of a channel.

mod master;
mod stage;
mod cuts;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::ids::MachineId;
use contract::plant::Plants;
use contract::process::Process;
use contract::time::{MILLISECOND, SECOND};
use flink_words::fact::{StreamFact, WorkerFact};
use flink_words::job::JobKind;
use flink_words::plant::StreamPlant;
use flink_words::settings::{SinkKind, StreamMachines, StreamPlan};
use flink_words::state::SnapshotKind;
use flink_words::worker::TaskEnd;
use outside::{BlobProcess, FeedRecord, LedgerProcess, LogProcess};
use outside_words::data::{Input, Row, Topic};
use outside_words::fact::OutsideFact;
use outside_words::ids::SplitId;
use proptest::prelude::*;

use super::WorkerProcess;
use crate::config::Config;
use crate::hosting::Hosted;
use master::{LEADER, Master};
use stage::{Machine, Stage};

/// The coordination service, of which there is none: nobody answers.
const NOBODY: MachineId = MachineId(0);
const MASTER: MachineId = MachineId(1);

fn plan(job: JobKind) -> StreamPlan {
    let mut plan = crate::operator::tests::plan(job);
    (plan.workers, plan.input.records, plan.input.until_ms) = (2, 240, 1_500);
    plan.checkpoints.interval_ms = 200;
    plan
}

fn machines(plan: &StreamPlan) -> StreamMachines {
    StreamMachines::new(MASTER.0, plan)
}

/// Records of all topics in turn, with a bit of disorder, each topic's in its partitions.
fn feed(plan: &StreamPlan) -> Vec<FeedRecord> {
    let topics: Vec<Topic> = Topic::ALL.to_vec();
    (0..plan.input.records)
        .map(|i| {
            let n = i64::from(i);
            let at = n * 100 - (n % 3) * 30;
            let topic = topics[i as usize % topics.len()];
            let (key, partition) = (n / 6 % 7, (n / 6) as u16 % plan.input.partitions);
            let input = match topic {
                Topic::Persons => Input::Person { id: key, name: "n".into(), city: "c".into(), state: "OR".into(), at },
                Topic::Auctions => {
                    let (item, category) = ("i".into(), 10);
                    Input::Auction { id: key, item, seller: key, category, initial_bid: 1, reserve: 1, at, expires: at + 5_000 }
                }
                Topic::Bids => Input::Bid { auction: key, bidder: n % 5, price: n, at },
                Topic::Lines => Input::Line { text: format!("a b{key} c").into(), at },
                Topic::Ticks => Input::Tick { key, value: n, at },
                Topic::Limits => Input::Limit { limit: n, at },
            };
            let at_ms = u64::from(i) * plan.input.until_ms / u64::from(plan.input.records);
            FeedRecord { at_ms, split: SplitId { topic, partition }, input: Arc::new(input) }
        })
        .collect()
}

fn worker(plan: &Arc<StreamPlan>, plants: &Plants<StreamPlant>, me: MachineId, born: u64) -> Machine {
    let config = Config { me, plan: plan.clone(), plants: plants.clone(), machines: machines(plan), servers: vec![NOBODY], lot: u64::from(me.0) << 32 | born };
    let mut worker = WorkerProcess::new(config);
    worker.announce(MASTER, LEADER);
    Machine::Worker(worker)
}

fn stage(plan: StreamPlan, plants: &Plants<StreamPlant>, seed: u64) -> Stage {
    let plan = Arc::new(plan);
    let mut all = vec![Machine::Down, Machine::Master(Master::new(plan.clone(), usize::from(plan.workers)))];
    all.extend(machines(&plan).workers().map(|me| worker(&plan, plants, me, 0)));
    all.push(Machine::Log(Hosted::new(LogProcess::new(feed(&plan)))));
    all.push(Machine::Ledger(Hosted::new(LedgerProcess::new(plan.txn_timeout_ms))));
    all.push(Machine::Blobs(Hosted::new(BlobProcess::new())));
    Stage::new(seed, all)
}

/// Runs until the job has finished; each crash takes a worker down for a while.
fn run(plan: &StreamPlan, seed: u64, crashes: &[(u64, u16)]) -> Stage {
    run_with(&Plants::none(), plan, seed, crashes)
}

/// The same with known bugs.
fn run_with(plants: &Plants<StreamPlant>, plan: &StreamPlan, seed: u64, crashes: &[(u64, u16)]) -> Stage {
    let mut stage = stage(plan.clone(), plants, seed);
    let mut todo: Vec<(u64, MachineId, bool)> = Vec::new();
    for (at_ms, which) in crashes {
        let machine = machines(plan).workers().nth(usize::from(which % plan.workers)).expect("it exists");
        todo.push((at_ms * MILLISECOND, machine, true));
        todo.push(((at_ms + 300) * MILLISECOND, machine, false));
    }
    todo.sort();
    let shared = Arc::new(plan.clone());
    while !stage.master().is_done() {
        if let Some((at_ns, machine, is_crash)) = todo.first().copied()
            && stage.now_ns >= at_ns
        {
            todo.remove(0);
            match is_crash {
                true => stage.crash(machine),
                false if matches!(stage.machines[machine.index()], Machine::Down) => stage.boot(machine, worker(&shared, plants, machine, at_ns)),
                false => {}
            }
        }
        assert!(stage.step(), "something is always to come");
        assert!(stage.now_ns < 60 * SECOND, "the job does not finish:\n{}", report(&stage));
    }
    cuts::check(&stage.facts);
    stage
}

fn report(stage: &Stage) -> String {
    let mut text = String::new();
    for machine in &stage.machines {
        if let Machine::Worker(worker) = machine {
            for (name, value) in worker.look() {
                text += &format!("{name}: {value}\n");
            }
        }
    }
    let last: Vec<String> = stage
        .facts
        .iter()
        .filter(|(_, fact)| matches!(fact, StreamFact::Worker(_)))
        .rev()
        .take(30)
        .map(|(machine, fact)| format!("{machine}: {fact:?}"))
        .collect();
    text + &format!("at {} ns after {} events\n", stage.now_ns, stage.events) + &last.join("\n")
}

/// What can be seen in the ledger: how often each row.
fn output(stage: &Stage) -> BTreeMap<Row, usize> {
    let mut rows = BTreeMap::new();
    let mut keyed: BTreeMap<Row, Row> = BTreeMap::new();
    for (_, fact) in &stage.facts {
        match fact {
            StreamFact::Outside(OutsideFact::TxnCommitted { rows: committed, .. }) => {
                committed.iter().for_each(|row| *rows.entry(row.clone()).or_default() += 1)
            }
            StreamFact::Outside(OutsideFact::Upserted { key, row, .. }) => drop(keyed.insert(key.clone(), row.clone())),
            _ => {}
        }
    }
    keyed.into_values().for_each(|row| *rows.entry(row).or_default() += 1);
    rows
}

fn count(stage: &Stage, is: impl Fn(&WorkerFact) -> bool) -> usize {
    stage.facts.iter().filter(|(_, fact)| matches!(fact, StreamFact::Worker(fact) if is(fact))).count()
}

#[test]
fn a_calm_run_commits_every_row_once() {
    let plan = plan(JobKind::Q0);
    let stage = run(&plan, 1, &[]);
    let rows = output(&stage);
    assert_eq!((rows.len(), rows.values().sum::<usize>()), (40, 40));
    assert!(stage.master().completed > 3, "{} checkpoints", stage.master().completed);
    assert_eq!(count(&stage, |fact| matches!(fact, WorkerFact::EndOfData { drained: true, .. })), 4);
}

/// Jobs whose output does not depend on the order of arrival.
const JOBS: [JobKind; 8] = [JobKind::Q0, JobKind::Q2, JobKind::Q3, JobKind::Q5, JobKind::Q7, JobKind::Q8, JobKind::Q11, JobKind::WordCount];

#[test]
fn every_job_finishes_and_comes_to_the_same_however_the_messages_come() {
    for job in JOBS {
        let one = output(&run(&plan(job), 1, &[]));
        assert!(!one.is_empty(), "{job:?} gives nothing out");
        assert_eq!(output(&run(&plan(job), 2, &[])), one, "{job:?}");
    }
}

fn crashes() -> impl Strategy<Value = Vec<(u64, u16)>> {
    prop::collection::vec((100..2_500u64, 0..2u16), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn crashes_change_nothing_of_what_is_committed(job in 0..JOBS.len(), seed in 0..1_000u64, crashes in crashes()) {
        let plan = plan(JOBS[job]);
        prop_assert_eq!(output(&run(&plan, seed, &crashes)), output(&run(&plan, 0, &[])));
    }

    #[test]
    fn nor_do_they_with_unaligned_barriers(job in 0..JOBS.len(), seed in 0..1_000u64, timeout in 0..3u32, crashes in crashes()) {
        let mut plan = plan(JOBS[job]);
        plan.checkpoints.unaligned = true;
        plan.checkpoints.aligned_timeout_ms = timeout * 2;
        plan.network.buffer_records = 2;
        prop_assert_eq!(output(&run(&plan, seed, &crashes)), output(&run(&plan, 0, &[])));
    }

    #[test]
    fn nor_with_incremental_snapshots(job in 0..JOBS.len(), seed in 0..1_000u64, inline in 0..2u32, crashes in crashes()) {
        let mut plan = plan(JOBS[job]);
        plan.checkpoints.incremental = true;
        plan.checkpoints.inline_bytes = inline * 64;
        prop_assert_eq!(output(&run(&plan, seed, &crashes)), output(&run(&plan, 0, &[])));
    }

    #[test]
    fn nor_with_rows_under_their_keys(seed in 0..1_000u64, crashes in crashes()) {
        let mut plan = plan(JobKind::WordCount);
        plan.sink = SinkKind::Idempotent;
        prop_assert_eq!(output(&run(&plan, seed, &crashes)), output(&run(&plan, 0, &[])));
    }
}

#[test]
fn a_savepoint_that_stops_ends_the_job() {
    for (kind, drained) in [(SnapshotKind::Suspend, false), (SnapshotKind::Drain, true)] {
        let plan = plan(JobKind::WordCount);
        let mut stage = stage(plan, &Plants::none(), 3);
        while !stage.master().is_done() {
            if stage.now_ns > 700 * MILLISECOND
                && !stage.master().stopped
                && let Machine::Master(master) = &mut stage.machines[MASTER.index()]
            {
                master.wanted = Some(kind);
            }
            assert!(stage.step() && stage.now_ns < 20 * SECOND, "{kind:?} does not end the job:\n{}", report(&stage));
        }
        assert_eq!(count(&stage, |fact| matches!(fact, WorkerFact::EndOfData { drained: is, .. } if *is == drained)), 8, "{kind:?}");
    }
}

#[test]
fn plants_do_harm() {
    let harm = |plant: StreamPlant, job: JobKind, unaligned: bool| {
        (0..40u64).any(|seed| {
            let mut plan = plan(job);
            plan.checkpoints.unaligned = unaligned;
            let calm = output(&run(&plan, 0, &[]));
            let plants = Plants::only(plant);
            let stage = std::panic::catch_unwind(|| output(&run_with(&plants, &plan, seed, &[(400 + seed * 37 % 1_200, seed as u16)])));
            stage.map_or(true, |rows| rows != calm)
        })
    };
    for (plant, job, unaligned) in [
        (StreamPlant::BarrierDoesNotBlock, JobKind::WordCount, false),
        (StreamPlant::OffsetAhead, JobKind::Q0, false),
        (StreamPlant::TimersNotSaved, JobKind::Q7, false),
        (StreamPlant::ChannelStateLost, JobKind::WordCount, true),
    ] {
        assert!(harm(plant, job, unaligned), "{plant:?} is not seen in what is committed");
    }
}

#[test]
fn a_hasty_sink_commits_before_it_is_told() {
    let mut plan = plan(JobKind::Q0);
    let is_hasty = |stage: &Stage| {
        let (mut told, mut hasty) = (std::collections::BTreeSet::new(), 0);
        for (_, fact) in &stage.facts {
            match fact {
                StreamFact::Worker(WorkerFact::Notified { checkpoint, .. }) => drop(told.insert(*checkpoint)),
                StreamFact::Worker(WorkerFact::Committing { checkpoint, .. }) => hasty += usize::from(!told.contains(checkpoint)),
                _ => {}
            }
        }
        hasty > 0
    };
    assert!(!is_hasty(&run(&plan, 1, &[])));
    plan.input.records = 9_000;
    plan.checkpoints.interval_ms = 20;
    let plants = Plants::only(StreamPlant::CommitBeforeComplete);
    assert!((0..10).any(|seed| is_hasty(&run_with(&plants, &plan, seed, &[]))));
}

#[test]
fn what_a_former_attempt_left_open_is_aborted_unless_nobody_fences() {
    let plan = plan(JobKind::Q0);
    let aborted = |plants: Plants<StreamPlant>| {
        let aborts = |seed| count(&run_with(&plants, &plan, seed, &[(700, 0)]), |fact| matches!(fact, WorkerFact::Aborting { .. }));
        (0..10).map(aborts).sum::<usize>()
    };
    assert!(aborted(Plants::none()) > 0);
    assert_eq!(aborted(Plants::only(StreamPlant::ProducerNotFenced)), 0);
}

#[test]
fn silent_splits_do_not_hold_the_watermark() {
    let mut plan = plan(JobKind::WordCount);
    (plan.input.idle_ms, plan.input.until_ms) = (30, 4_000);
    let stage = run(&plan, 1, &[(700, 0)]);
    let told = |idle| count(&stage, |fact| matches!(fact, WorkerFact::Idle { idle: is, .. } if *is == idle));
    assert!(told(true) > 0 && told(false) > 0);
}

#[test]
fn a_worker_with_too_few_buffers_says_so() {
    let mut plan = plan(JobKind::Q5);
    plan.network.segments = 40;
    let mut stage = stage(plan, &Plants::none(), 1);
    while stage.now_ns < 300 * MILLISECOND {
        stage.step();
    }
    let is_short = |fact: &WorkerFact| matches!(fact, WorkerFact::Ended { end: TaskEnd::Failed { why }, .. } if why.starts_with("Insufficient number of network buffers: required"));
    assert!(count(&stage, is_short) > 0);
}

#[test]
fn counters_with_timers_of_the_wall_clock_finish() {
    for seed in 0..8 {
        let stage = run(&plan(JobKind::Counters), seed, &[(300 + seed * 211, seed as u16)]);
        assert!(count(&stage, |fact| matches!(fact, WorkerFact::TimersFired { .. })) > 0);
    }
}

#[test]
fn little_room_means_pressure_and_nothing_else() {
    for seed in 0..8 {
        let mut plan = plan(JobKind::WordCount);
        plan.network.buffer_records = 1;
        plan.network.segments = 300;
        (plan.input.until_ms, plan.checkpoints.interval_ms) = (200, 50);
        let stage = run(&plan, seed, &[(150 + seed * 10, seed as u16)]);
        assert_eq!(output(&stage), output(&run(&plan, 0, &[])));
        assert!(count(&stage, |fact| matches!(fact, WorkerFact::Pressure { blocked_us: 1.., .. })) > 0);
    }
}
