//! The restart strategy: whether there is another try, after how long, and that the wait is kept.

use std::collections::{BTreeMap, VecDeque};

use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use flink_words::settings::RestartPlan;
use judging::{Finding, Footing, Side};
use outside_words::ids::{JobId, LeaderId};
use zookeeper_models::clock::longest;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::clocks::ROUNDING_NS;

pub const RULE: Rule = Rule {
    id: "fo.restarts",
    law: "A restart strategy gives up, or waits, as the plan says for so many failures, and tasks do not begin again before a wait is over.",
    source: "Flink: FixedDelay-, FailureRate-, ExponentialDelayRestartBackoffTimeStrategy",
    scope: "failover",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// What a delay takes at least by the world's time, in percent: the fastest clock that a plan may have is 20 % ahead.
const FASTEST_CLOCK_PERCENT: u64 = 80;

/// Of one job under one grant.
#[derive(Debug, Default)]
struct Tries {
    /// When it decided, and for how long it waits: those that no restart has followed yet.
    waiting: VecDeque<(u64, u64)>,
    /// When it decided, ever.
    decided_ns: Vec<u64>,
    failures: u32,
    delay_ms: Option<u64>,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut tries: BTreeMap<(LeaderId, JobId), Tries> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::RestartDecided { leader, job, failures, delay_ms }) => {
                let tries = tries.entry((*leader, *job)).or_default();
                tries.decided_ns.push(statement.at_ns);
                let holds = *failures > 0 && *failures >= tries.failures && fits(&stream.plan.restart, *failures, *delay_ms, tries);
                finding.judge(holds, || {
                    format!("{leader} decides at {} after {failures} failures to wait {delay_ms:?} ms; before: {tries:?}", evidence.when(statement.note))
                });
                tries.failures = *failures;
                tries.delay_ms = *delay_ms;
                tries.waiting.extend(delay_ms.map(|delay_ms| (statement.at_ns, delay_ms)));
            }
            Said::Master(MasterFact::Restoring { leader, job, global, .. }) => {
                let Some(tries) = tries.get_mut(&(*leader, *job)) else { continue };
                let Some((since, delay_ms)) = tries.waiting.pop_front() else { continue };
                if *global {
                    tries.waiting.clear();
                }
                let least_ns = (delay_ms * MILLISECOND / 100 * FASTEST_CLOCK_PERCENT).saturating_sub(ROUNDING_NS);
                finding.judge(statement.at_ns - since >= least_ns, || {
                    format!(
                        "job {} begins again at {}, {} ns after its master decided to wait {delay_ms} ms",
                        job.0,
                        evidence.when(statement.note),
                        statement.at_ns - since
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}

/// Whether a decision is the strategy's. Failures that come together may be one to it.
fn fits(plan: &RestartPlan, failures: u32, delay_ms: Option<u64>, tries: &Tries) -> bool {
    match *plan {
        RestartPlan::Off => delay_ms.is_none(),
        RestartPlan::FixedDelay { attempts, delay_ms: fixed } => match delay_ms {
            Some(delay_ms) => delay_ms == u64::from(fixed) && failures <= attempts,
            None => failures > attempts,
        },
        RestartPlan::FailureRate { failures_max, interval_ms, delay_ms: fixed } => match delay_ms {
            Some(delay_ms) => delay_ms == u64::from(fixed),
            None => {
                let now = tries.decided_ns.last().copied().unwrap_or(0);
                let since = now.saturating_sub(longest(u64::from(interval_ms) * MILLISECOND) + ROUNDING_NS);
                tries.decided_ns.len() - tries.decided_ns.partition_point(|at| *at < since) >= failures_max as usize
            }
        },
        RestartPlan::ExponentialDelay { initial_ms, max_ms, .. } => {
            let (initial, most) = (u64::from(initial_ms), u64::from(max_ms));
            let next = tries.delay_ms.map(|before| (before * 2).min(most));
            delay_ms.is_some_and(|delay_ms| delay_ms == initial.min(most) || delay_ms == initial || Some(delay_ms) == next || Some(delay_ms) == tries.delay_ms)
        }
    }
}
