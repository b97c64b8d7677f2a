//! When Curator sends a request again, and how long it waits before (RetryLoop and its policies). Never what is sent.

use super::error::CallError;

/// The most retries of an exponential policy (Curator, MAX_RETRIES_LIMIT): the sleep doubles each time.
pub const EXPONENTIAL_RETRIES_MAX: u32 = 29;
/// How often RetryForever retries. No run is so long that it ends there; a request must end all the same.
pub const FOREVER_RETRIES_MAX: u32 = 100_000;

/// A retry policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryPolicy {
    /// ExponentialBackoffRetry: a random multiple of `base_ms`, of which the largest doubles with every retry.
    ExponentialBackoff {
        /// The unit of all sleeps.
        base_ms: u32,
        /// How many.
        retries: u32,
        /// The longest sleep; BoundedExponentialBackoffRetry is nothing else.
        sleep_max_ms: u32,
    },
    /// RetryNTimes; with 1, RetryOneTime.
    Times {
        /// How many.
        retries: u32,
        /// Between any two tries.
        sleep_ms: u32,
    },
    /// As often as need be, after the same sleep (RetryForever).
    Forever {
        /// Between any two tries.
        sleep_ms: u32,
    },
}

impl RetryPolicy {
    /// One try.
    pub const ONCE: RetryPolicy = RetryPolicy::Times { retries: 0, sleep_ms: 0 };

    /// The sleep before retry number `retry`, counted from 0, or that there is none. `lot` decides where the policy
    /// leaves it to chance.
    pub fn sleep_ms(self, retry: u32, lot: u64) -> Option<u64> {
        match self {
            RetryPolicy::ExponentialBackoff { base_ms, retries, sleep_max_ms } => (retry < retries.min(EXPONENTIAL_RETRIES_MAX)).then(|| {
                let units = (lot % (1 << (retry + 1))).max(1);
                (u64::from(base_ms) * units).min(u64::from(sleep_max_ms))
            }),
            RetryPolicy::Times { retries, sleep_ms } => (retry < retries).then_some(u64::from(sleep_ms)),
            RetryPolicy::Forever { sleep_ms } => (retry < FOREVER_RETRIES_MAX).then_some(u64::from(sleep_ms)),
        }
    }
}

/// A loop of retries. Loops within loops share one, as Curator's do on one thread (ThreadLocalRetryLoop), so that
/// retries do not multiply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Retries {
    policy: RetryPolicy,
    made: u32,
}

impl Retries {
    pub(super) fn new(policy: RetryPolicy) -> Retries {
        Retries { policy, made: 0 }
    }

    /// How long to sleep before the next try, or that the error is final.
    pub(super) fn next_ms(&mut self, error: CallError, lot: u64) -> Option<u64> {
        if !error.is_retryable() {
            return None;
        }
        let sleep_ms = self.policy.sleep_ms(self.made, lot);
        self.made += 1;
        sleep_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zookeeper_words::service::ErrorCode;

    #[test]
    fn sleeps_are_curators() {
        let check = |policy: RetryPolicy, lots: &[u64], expected: &[Option<u64>]| {
            let sleeps: Vec<_> = lots.iter().enumerate().map(|(retry, lot)| policy.sleep_ms(retry as u32, *lot)).collect();
            assert_eq!(sleeps, expected);
        };
        let backoff = |retries, sleep_max_ms| RetryPolicy::ExponentialBackoff { base_ms: 100, retries, sleep_max_ms };
        check(backoff(3, u32::MAX), &[0, 0, 0, 0], &[Some(100), Some(100), Some(100), None]); // Never less than one unit.
        check(backoff(3, u32::MAX), &[1, 3, 7, 0], &[Some(100), Some(300), Some(700), None]);
        check(backoff(3, u32::MAX), &[3, 7, 15], &[Some(100), Some(300), Some(700)]); // The range, not the lot, decides.
        check(backoff(3, 250), &[1, 3, 7], &[Some(100), Some(250), Some(250)]);
        check(RetryPolicy::Times { retries: 2, sleep_ms: 7 }, &[9, 9, 9], &[Some(7), Some(7), None]);
        check(RetryPolicy::Forever { sleep_ms: 5 }, &[0, 0], &[Some(5), Some(5)]);
        check(RetryPolicy::ONCE, &[0], &[None]);
        assert_eq!(backoff(100, u32::MAX).sleep_ms(EXPONENTIAL_RETRIES_MAX, 0), None);
    }

    #[test]
    fn what_may_have_taken_effect_is_sent_again_and_what_was_refused_is_not() {
        let check = |error: CallError, again: bool| {
            let mut retries = Retries::new(RetryPolicy::Times { retries: 1, sleep_ms: 3 });
            assert_eq!(retries.next_ms(error, 0).is_some(), again, "{error:?}");
        };
        check(CallError::ConnectionLoss, true);
        check(CallError::Refused(ErrorCode::SessionExpired), true);
        check(CallError::Refused(ErrorCode::SessionMoved), true);
        check(CallError::Refused(ErrorCode::NodeExists), false);
        check(CallError::Refused(ErrorCode::BadVersion), false);
        check(CallError::AuthFailed, false);
        check(CallError::Closed, false);
    }
}
