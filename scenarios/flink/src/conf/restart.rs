//! Restart strategies: one key says which, the others say how, and those of another strategy would have no effect.
//! Flink's names and defaults; never a strategy that this engine lacks.

use flink_words::settings::{RestartPlan, StreamPlan};

use super::Line;
use super::value::{Kind, Told, Value};

/// The strategies by all names that Flink takes.
const TYPES: &[(&[&str], RestartPlan)] = &[
    (&["none", "off", "disable"], RestartPlan::Off),
    (&["fixed-delay", "fixeddelay"], RestartPlan::FixedDelay { attempts: 1, delay_ms: 1_000 }),
    (&["failure-rate", "failurerate"], RestartPlan::FailureRate { failures_max: 1, interval_ms: 60_000, delay_ms: 1_000 }),
    (&["exponential-delay", "exponentialdelay"], RestartPlan::ExponentialDelay { initial_ms: 1_000, max_ms: 60_000, reset_ms: 3_600_000 }),
];

/// The keys.
pub const NAMES: &[&str] = &[
    "restart-strategy.type",
    "restart-strategy",
    "restart-strategy.fixed-delay.attempts",
    "restart-strategy.fixed-delay.delay",
    "restart-strategy.failure-rate.max-failures-per-interval",
    "restart-strategy.failure-rate.failure-rate-interval",
    "restart-strategy.failure-rate.delay",
    "restart-strategy.exponential-delay.initial-backoff",
    "restart-strategy.exponential-delay.max-backoff",
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    "restart-strategy.exponential-delay.backoff-multiplier",
    "restart-strategy.exponential-delay.jitter-factor",
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
];

/// What a file says of restart strategies.
#[derive(Debug, Default)]
pub struct Restart {
    /// The strategy, with Flink's defaults.
    plan: Option<RestartPlan>,
    lines: Vec<Line>,
}

impl Restart {
    /// Takes a line if it is about restart strategies.
    pub fn take(&mut self, line: &Line) -> Result<bool, Told> {
        if !NAMES.contains(&line.key.as_str()) {
            return Ok(false);
        }
        if let "restart-strategy.type" | "restart-strategy" = line.key.as_str() {
            let wanted = line.value.to_ascii_lowercase();
            let found = TYPES.iter().find(|(names, _)| names.contains(&wanted.as_str()));
            let names = || TYPES.iter().map(|(names, _)| names[0]).collect::<Vec<_>>().join(", ");
            let (_, plan) = found.ok_or_else(|| ("no restart strategy".to_string(), format!("give one of {}", names())))?;
            self.plan = Some(*plan);
        } else {
            kind(&line.key).read(&line.value)?;
            self.lines.push(line.clone());
        }
        Ok(true)
    }

    /// The whole file is read: the strategy is known, and every other line must be about it.
    pub fn settle(&mut self) -> Result<(), (Line, Told)> {
        let Some(first) = self.lines.first() else { return Ok(()) };
        let Some(plan) = &mut self.plan else {
            let told = ("which strategy it is, the file does not say".into(), "give restart-strategy.type as well".into());
            return Err((first.clone(), told));
        };
        for line in &self.lines {
            let Ok(value) = kind(&line.key).read(&line.value) else { continue };
            if !set(plan, &line.key, &value) {
                return Err((
                    line.clone(),
                    ("of no effect with the strategy of restart-strategy.type".into(), "leave it out, or give its own strategy".into()),
                ));
            }
        }
        Ok(())
    }

    /// Puts the strategy into a plan, if the file names one.
    pub fn apply(&self, stream: &mut StreamPlan) {
        if let Some(plan) = self.plan {
            stream.restart = plan;
        }
    }
}

/// What the value of a key must be.
fn kind(key: &str) -> Kind {
    match key.rsplit('.').next() {
        Some("attempts" | "max-failures-per-interval") => Kind::Count(1, u32::MAX.into()),
        // The delay doubles, is the same for everybody, and there is no last one.
        Some("backoff-multiplier") => Kind::Only(&["2.0", "2"]),
        Some("jitter-factor") => Kind::Only(&["0.0", "0"]),
        Some("attempts-before-reset-backoff") => Kind::Only(&["infinite", "2147483647"]),
        Some(_) | None => Kind::Duration,
    }
}

/// Sets what a key says, if it is about this strategy.
fn set(plan: &mut RestartPlan, key: &str, value: &Value) -> bool {
    let Some((strategy, name)) = key.strip_prefix("restart-strategy.").and_then(|rest| rest.split_once('.')) else { return false };
    let field = match (plan, strategy, name) {
        (RestartPlan::FixedDelay { attempts, .. }, "fixed-delay", "attempts") => attempts,
        (RestartPlan::FixedDelay { delay_ms, .. }, "fixed-delay", "delay") => delay_ms,
        (RestartPlan::FailureRate { failures_max, .. }, "failure-rate", "max-failures-per-interval") => failures_max,
        (RestartPlan::FailureRate { interval_ms, .. }, "failure-rate", "failure-rate-interval") => interval_ms,
        (RestartPlan::FailureRate { delay_ms, .. }, "failure-rate", "delay") => delay_ms,
        (RestartPlan::ExponentialDelay { initial_ms, .. }, "exponential-delay", "initial-backoff") => initial_ms,
        (RestartPlan::ExponentialDelay { max_ms, .. }, "exponential-delay", "max-backoff") => max_ms,
        (RestartPlan::ExponentialDelay { reset_ms, .. }, "exponential-delay", "reset-backoff-threshold") => reset_ms,
        (RestartPlan::ExponentialDelay { .. }, "exponential-delay", "backoff-multiplier" | "jitter-factor" | "attempts-before-reset-backoff") => return true,
        (RestartPlan::Off | RestartPlan::FixedDelay { .. } | RestartPlan::FailureRate { .. } | RestartPlan::ExponentialDelay { .. }, _, _) => return false,
    };
    if let Value::Number(number) = value {
        *field = *number;
    }
    true
}
