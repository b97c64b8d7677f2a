//! The restart strategy: whether there is another try, after how long, and that the wait is kept.

use std::collections::{BTreeMap, VecDeque};

use vocab::plan::RestartPlan;
use vocab::stream::MasterFact;
use vocab::stream::ids::{JobId, LeaderId};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::{FASTEST_CLOCK_PERCENT, ROUNDING_NS, SLOWEST_CLOCK_PERCENT};
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "fo.restarts",
    law: "A restart strategy gives up, or waits, as the plan says for so many failures, and tasks do not begin again before a wait is over.",
    source: "catalogue, FO-RESTARTS; Flink: FixedDelay-, FailureRate-, ExponentialDelayRestartBackoffTimeStrategy",
    footing: Footing::Firm,
    check,
};

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

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut tries: BTreeMap<(LeaderId, JobId), Tries> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Master(MasterFact::RestartDecided { leader, job, failures, delay_ms }) => {
                let tries = tries.entry((*leader, *job)).or_default();
                tries.decided_ns.push(spoken.at_ns);
                let holds = *failures > 0 && *failures >= tries.failures && fits(&stream.plan.restart, *failures, *delay_ms, tries);
                finding.judge(holds, || {
                    format!("{leader} decides at {} after {failures} failures to wait {delay_ms:?} ms; before: {tries:?}", case.when(spoken.note))
                });
                tries.failures = *failures;
                tries.delay_ms = *delay_ms;
                tries.waiting.extend(delay_ms.map(|delay_ms| (spoken.at_ns, delay_ms)));
            }
            Said::Master(MasterFact::Restoring { leader, job, global, .. }) => {
                let Some(tries) = tries.get_mut(&(*leader, *job)) else { continue };
                let Some((since, delay_ms)) = tries.waiting.pop_front() else { continue };
                if *global {
                    tries.waiting.clear();
                }
                let least_ns = (delay_ms * 10_000 * FASTEST_CLOCK_PERCENT).saturating_sub(ROUNDING_NS);
                finding.judge(spoken.at_ns - since >= least_ns, || {
                    format!(
                        "job {} begins again at {}, {} ns after its master decided to wait {delay_ms} ms",
                        job.0,
                        case.when(spoken.note),
                        spoken.at_ns - since
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
                let since = now.saturating_sub(u64::from(interval_ms) * 10_000 * SLOWEST_CLOCK_PERCENT + ROUNDING_NS);
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
