//! Shrinking: a failing plan becomes the least that still fails in the same way. It tries plans with something left out
//! or made smaller, keeps each that still fails, and goes on until nothing more can be taken away. It knows plans as
//! plain data; what is smaller in a system's own terms the system says itself ([`System::simpler`]).
//!
//! [`Cause`] says when two runs fail in the same way, `lists` and `values` are what is tried, `tried` runs it and
//! remembers. What is found does not depend on the number of threads, unless the budget cuts it short.
//!
//! [`System::simpler`]: crate::System::simpler

mod lists;
mod tried;
mod values;

#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use contract::verdict::Verdict;
use serde_json::Value;

use crate::cause::Cause;
use crate::plan::{Document, Format};
use crate::run::Wanted;
use crate::systems::{AnyPlan, AnySystem};
use tried::Tried;

/// What a shrinking may cost.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Begin no run after so long.
    pub time: Duration,
    /// How many runs at a time.
    pub jobs: usize,
}

/// Who wants to know how it goes.
pub trait Progress {
    /// A smaller plan still fails.
    fn smaller(&mut self, step: &Step);
}

/// How far a shrinking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Runs until now.
    pub runs: u64,
    /// Faults that are left.
    pub faults: usize,
    /// The size of the plan as JSON, in bytes.
    pub bytes: usize,
}

/// The least plan that was found.
pub struct Shrunk<'s> {
    /// The plan.
    pub plan: Box<dyn AnyPlan + 's>,
    /// Why it fails, as the one before did.
    pub cause: Cause,
    /// The verdict on it, the same in each of two runs.
    pub verdict: Verdict,
    /// The hash of its run.
    pub hash: String,
    /// How many plans were run.
    pub runs: u64,
    /// Nothing more can be taken away; else the budget was spent, or it was canceled.
    pub is_least: bool,
}

/// Why nothing was shrunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unshrinkable {
    /// The plan does not fail.
    Holds,
    /// Two runs of one plan differ.
    Differs,
}

/// Shrinks a failing plan.
pub fn shrink<'s>(
    system: &'s dyn AnySystem,
    plan: &dyn AnyPlan,
    budget: Budget,
    cancel: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Shrunk<'s>, Unshrinkable> {
    let whole = plan.fields();
    let report = read(system, &whole).expect("a plan that was read can be read again").run(Wanted::VERDICT);
    let Some(cause) = Cause::of(&report.judgement.verdict) else { return Err(Unshrinkable::Holds) };
    let mut tried = Tried::new(system, cause.clone(), budget, cancel);
    let mut least = whole;
    loop {
        let before = least.clone();
        // What strikes and what asks first: it is most of what people read, and each run without it is faster.
        for pass in [lists::pass, simpler, values::pass] {
            least = pass(&mut tried, least, progress);
        }
        if least == before || tried.is_over() {
            break;
        }
    }
    let is_least = !tried.is_over();
    let plan = read(system, &least).expect("it was run before");
    let (first, second) = (plan.run(Wanted::VERDICT), plan.run(Wanted::VERDICT));
    if first.hash != second.hash || first.judgement.verdict != second.judgement.verdict {
        return Err(Unshrinkable::Differs);
    }
    Ok(Shrunk { plan, cause, verdict: first.judgement.verdict, hash: first.hash, runs: tried.runs, is_least })
}

/// What the system itself calls simpler, again and again.
fn simpler(tried: &mut Tried<'_>, mut least: Value, progress: &mut dyn Progress) -> Value {
    loop {
        let candidates = tried.system.simpler(&least);
        let Some(place) = tried.first_that_fails(&candidates) else { return least };
        least = candidates.into_iter().nth(place).expect("it is one of them");
        progress.smaller(&tried.step(&least));
    }
}

/// A plan from plain data, if it is one.
fn read<'s>(system: &'s dyn AnySystem, plan: &Value) -> Option<Box<dyn AnyPlan + 's>> {
    let document = Document::parse(&plan.to_string(), Format::Json, "a smaller plan").ok()?;
    system.read(&document, &[]).ok()
}
