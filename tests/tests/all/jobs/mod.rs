//! Jobs: whatever comes first, and however often a job begins anew, its output is that of the reference. Operators and
//! reference share no code.

mod executor;
mod inputs;
mod lots;

use executor::{Executor, Log};
use flink_models::batch::{batch, keyed, normal};
use flink_words::job::JobKind;
use flink_words::settings::StreamPlan;
use inputs::{Draft, MAX_PARALLELISM, drafts, log, plan};
use lots::Lots;
use outside_words::data::{Input, Row};
use proptest::prelude::*;

/// A part of a job's life that ends with a restart from a snapshot.
#[derive(Clone, Debug)]
struct Leg {
    /// How many steps it takes.
    steps: u32,
    /// How many it takes after the snapshot, all of which are lost.
    lost: u32,
    /// The parallelism with which it begins anew; `None` is the same one, with what was in flight.
    rescale: Option<u16>,
}

fn legs() -> impl Strategy<Value = Vec<Leg>> {
    let leg = (0..120u32, 0..60u32, proptest::option::of(1..=5u16));
    proptest::collection::vec(leg.prop_map(|(steps, lost, rescale)| Leg { steps, lost, rescale }), 0..4)
}

/// Runs a job through some legs to its end. What comes out on the way can be judged only if nothing will ever come too
/// late for it.
fn run(plan: &StreamPlan, log: &Log, mut parallelism: u16, legs: &[Leg], seed: u64, in_bounds: bool) -> Executor {
    let mut lots = Lots(seed);
    let mut executor = Executor::new(plan, log, parallelism);
    for leg in legs {
        executor.run(leg.steps, &mut lots);
        if let Some(other) = leg.rescale {
            executor.drain();
            if in_bounds {
                executor.check_prefix();
            }
            parallelism = other;
        }
        let saved = executor.save();
        executor.run(leg.lost, &mut lots);
        executor.restore(&saved, parallelism);
    }
    executor.finish(&mut lots);
    executor
}

fn check(job: JobKind, drafts: &[Vec<Draft>], parallelism: u16, legs: &[Leg], seed: u64) {
    let log = log(job, drafts);
    let inputs: Vec<&Input> = log.values().flatten().flatten().map(|input| &**input).collect();
    let executor = run(&plan(job), &log, parallelism, legs, seed, true);
    assert_eq!(executor.late, [], "who keeps the bounds of disorder is never late");
    let expected = batch(job, &inputs);
    assert_eq!(normal(job, executor.rows), normal(job, expected.clone()), "{} in transactions", job.name());
    let upserted: Vec<Row> = executor.upserted.into_values().collect();
    assert_eq!(keyed(job, upserted), keyed(job, expected.clone()), "{} by key", job.name());
    assert_eq!(keyed(job, executor.written), keyed(job, expected), "{} by the reference's own key", job.name());
}

/// A property for each job: the output is that of the reference, whatever the interleaving, the parallelism, the restores.
macro_rules! output_is_batch {
    ($($name:ident: $job:ident,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(drafts in [drafts(40), drafts(90)], parallelism in 1..=MAX_PARALLELISM.min(5), legs in legs(), seed: u64) {
                    let job = JobKind::$job;
                    // A job of one topic has the longer part.
                    let drafts = &drafts[2 - job.topics().len()..];
                    check(job, drafts, parallelism, &legs, seed);
                }
            )*
        }
    };
}

output_is_batch! {
    output_of_q0_is_batch: Q0,
    output_of_q1_is_batch: Q1,
    output_of_q2_is_batch: Q2,
    output_of_q3_is_batch: Q3,
    output_of_q4_is_batch: Q4,
    output_of_q5_is_batch: Q5,
    output_of_q6_is_batch: Q6,
    output_of_q7_is_batch: Q7,
    output_of_q8_is_batch: Q8,
    output_of_q11_is_batch: Q11,
    output_of_word_count_is_batch: WordCount,
    output_of_counters_is_batch: Counters,
    output_of_interval_join_is_batch: IntervalJoin,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A plan that promises more order than there is: whoever drops something says so, and who drops nothing is right.
    #[test]
    fn what_is_dropped_is_told(
        job in proptest::sample::select(&JobKind::ALL[..]),
        drafts in [drafts(40), drafts(90)],
        parallelism in 1..=4u16,
        legs in legs(),
        disorder_ms in 0..1_500u32,
        seed: u64,
    ) {
        let mut plan = plan(job);
        plan.input.disorder_ms = disorder_ms;
        let log = log(job, &drafts[2 - job.topics().len()..]);
        let executor = run(&plan, &log, parallelism, &legs, seed, false);
        // A bid behind the watermark that is no longer in time for the session which it would have joined to another is
        // dropped by nobody, and yet too late.
        if executor.late.is_empty() && job != JobKind::Q11 {
            let inputs: Vec<&Input> = log.values().flatten().flatten().map(|input| &**input).collect();
            assert_eq!(normal(job, executor.rows), normal(job, batch(job, &inputs)));
        }
        let waits_for_time = !matches!(job, JobKind::Q0 | JobKind::Q1 | JobKind::Q2 | JobKind::Q3);
        prop_assert!(executor.late.is_empty() || waits_for_time, "nothing is late where nothing waits for time");
    }
}
