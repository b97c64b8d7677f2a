//! Families: named ways to draw a plan from a seed. Data and dice; never the running of a plan.
//!
//! `general` has those that every system can have, `painter` draws faults over any roster, `dice` gives each purpose of
//! a plan a stream of its own.

mod dice;
pub mod general;
mod painter;

use contract::plan::PLAN_FORMAT;

pub use dice::{PlanDice, any_of, some_of, weighted};
pub use painter::{FAULTS_MAX, Painter};

use crate::system::{Plan, System};

/// A named way to draw a plan from a seed.
pub struct Family<S: System> {
    /// Its name on the command line and in plans.
    pub name: &'static str,
    /// What it does to a system, in a sentence.
    pub about: &'static str,
    /// What it cannot exercise; every other rule must judge something in it.
    pub idle: Vec<Idle>,
    /// Draws a plan. Equal seeds give equal plans on every machine.
    pub draw: Box<dyn Fn(u64) -> Plan<S> + Send + Sync>,
}

/// What a family cannot exercise, and why nothing in its plans concerns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// A rule's id, or a scope: all rules about that part of the system.
    pub what: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl<S: System> Family<S> {
    /// A family that exercises every rule.
    pub fn new(name: &'static str, about: &'static str, draw: impl Fn(u64) -> Plan<S> + Send + Sync + 'static) -> Family<S> {
        Family { name, about, idle: Vec::new(), draw: Box::new(draw) }
    }

    /// The plan that the family draws from a seed.
    pub fn plan(&self, seed: u64) -> Plan<S> {
        let mut plan = (self.draw)(seed);
        (plan.format, plan.system, plan.family) = (PLAN_FORMAT, S::NAME.into(), self.name.into());
        plan
    }

    /// Why a rule may judge nothing in the family's plans; `None` if it must judge something. `scope` is the rule's,
    /// where it is known.
    pub fn excuse(&self, rule: &str, scope: Option<&str>) -> Option<&'static str> {
        let idle = self.idle.iter().find(|idle| idle.what == rule || scope.is_some_and(|scope| idle.what == scope));
        idle.map(|idle| idle.reason)
    }
}
