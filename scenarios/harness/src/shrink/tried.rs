//! Plans that were tried: run on several threads, remembered, counted. Never which ones are worth a try.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::Value;

use super::{Budget, Step, read};
use crate::cause::Cause;
use crate::run::Wanted;
use crate::systems::AnySystem;

/// The plans that were tried, and what may still be spent.
pub(super) struct Tried<'t> {
    pub(super) system: &'t dyn AnySystem,
    pub(super) runs: u64,
    cause: Cause,
    budget: Budget,
    since: Instant,
    cancel: &'t AtomicBool,
    /// Whether a plan failed in the same way, by a hash of its text: no plan is run twice.
    known: BTreeMap<u128, bool>,
}

impl<'t> Tried<'t> {
    pub(super) fn new(system: &'t dyn AnySystem, cause: Cause, budget: Budget, cancel: &'t AtomicBool) -> Tried<'t> {
        Tried { system, runs: 1, cause, budget, since: Instant::now(), cancel, known: BTreeMap::new() }
    }

    /// Whether nothing more may be run.
    pub(super) fn is_over(&self) -> bool {
        self.cancel.load(Ordering::Relaxed) || self.since.elapsed() >= self.budget.time
    }

    /// The place of the first of these plans that fails in the same way. Later ones may be run too, where threads have
    /// nothing else to do.
    pub(super) fn first_that_fails(&mut self, plans: &[Value]) -> Option<usize> {
        for (chunk, first) in plans.chunks(self.budget.jobs.max(1)).zip((0..).step_by(self.budget.jobs.max(1))) {
            if self.is_over() {
                return None;
            }
            let fails = self.fail(chunk);
            if let Some(place) = fails.iter().position(|fails| *fails) {
                return Some(first + place);
            }
        }
        None
    }

    /// How far it has come.
    pub(super) fn step(&self, plan: &Value) -> Step {
        Step { runs: self.runs, faults: plan["faults"].as_array().map_or(0, Vec::len), bytes: plan.to_string().len() }
    }

    /// Which of these plans fail in the same way; each that is not known is run on a thread of its own.
    fn fail(&mut self, plans: &[Value]) -> Vec<bool> {
        let keys: Vec<u128> = plans.iter().map(|plan| xxhash_rust::xxh3::xxh3_128(plan.to_string().as_bytes())).collect();
        let (system, cause) = (self.system, &self.cause);
        let new: Vec<(u128, Option<bool>)> = std::thread::scope(|scope| {
            let unknown = plans.iter().zip(&keys).filter(|(_, key)| !self.known.contains_key(key));
            let running: Vec<_> = unknown.map(|(plan, key)| (*key, scope.spawn(move || fails(system, cause, plan)))).collect();
            running.into_iter().map(|(key, run)| (key, run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))).collect()
        });
        for (key, fails) in new {
            // What is no plan was not run.
            self.runs += u64::from(fails.is_some());
            self.known.insert(key, fails.unwrap_or(false));
        }
        keys.iter().map(|key| self.known[key]).collect()
    }
}

/// Whether a plan fails for this cause; `None` if it is no plan that can be run.
fn fails(system: &dyn AnySystem, cause: &Cause, plan: &Value) -> Option<bool> {
    let report = read(system, plan)?.run(Wanted::VERDICT);
    Some(Cause::of(&report.judgement.verdict).as_ref() == Some(cause))
}
