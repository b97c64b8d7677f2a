//! Whether a failed job is started again, and after how long (RestartBackoffTimeStrategy). Never what is started.

use std::collections::VecDeque;

use flink_words::settings::RestartPlan;

/// A restart strategy with what it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Restarts {
    plan: RestartPlan,
    failures: u32,
    /// When the last failures were, by the monotonic clock in ms: as many as the rate allows.
    recent: VecDeque<u64>,
    /// The present delay of the exponential strategy, and when it was given out.
    backoff: Option<(u64, u64)>,
}

impl Restarts {
    /// A strategy that has seen no failure.
    pub fn new(plan: RestartPlan) -> Restarts {
        Restarts { plan, failures: 0, recent: VecDeque::new(), backoff: None }
    }

    /// How many failures it has seen.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A failure: how long to wait, or none to give up.
    pub fn on_failure(&mut self, now_ms: u64) -> Option<u64> {
        self.failures += 1;
        match self.plan {
            RestartPlan::Off => None,
            RestartPlan::FixedDelay { attempts, delay_ms } => (self.failures <= attempts).then_some(delay_ms.into()),
            RestartPlan::FailureRate { failures_max, interval_ms, delay_ms } => {
                self.recent.push_back(now_ms);
                while self.recent.front().is_some_and(|at| at + u64::from(interval_ms) <= now_ms) {
                    self.recent.pop_front();
                }
                (self.recent.len() <= failures_max as usize).then_some(delay_ms.into())
            }
            RestartPlan::ExponentialDelay { initial_ms, max_ms, reset_ms } => {
                let delay_ms = match self.backoff {
                    Some((delay, at)) if now_ms < at + delay + u64::from(reset_ms) => (delay * 2).min(max_ms.into()),
                    Some(_) | None => initial_ms.into(),
                };
                self.backoff = Some((delay_ms, now_ms));
                Some(delay_ms)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_waits_and_gives_up_as_flinks_does() {
        let check = |plan: RestartPlan, failures_ms: &[u64], delays: &[Option<u64>]| {
            let mut restarts = Restarts::new(plan);
            let got: Vec<Option<u64>> = failures_ms.iter().map(|at| restarts.on_failure(*at)).collect();
            assert_eq!(got, delays, "{plan:?}");
        };
        check(RestartPlan::Off, &[0], &[None]);
        check(RestartPlan::FixedDelay { attempts: 2, delay_ms: 7 }, &[0, 1, 2], &[Some(7), Some(7), None]);
        let rate = RestartPlan::FailureRate { failures_max: 2, interval_ms: 100, delay_ms: 5 };
        check(rate, &[0, 50, 99], &[Some(5), Some(5), None]);
        check(rate, &[0, 50, 100], &[Some(5), Some(5), Some(5)]); // The first is out of the interval.
        let exponential = RestartPlan::ExponentialDelay { initial_ms: 10, max_ms: 35, reset_ms: 1_000 };
        check(exponential, &[0, 100, 200, 300, 2_000], &[Some(10), Some(20), Some(35), Some(35), Some(10)]);
    }
}
