//! Shrinking plans of a small system whose greeters are planted with a bug.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{Budget, Progress, Step, Unshrinkable, shrink};
use crate::change::Changes;
use crate::fixture::Greeting;
use crate::systems::{AnyPlan, AnySystem, Systems};

/// Counts the steps.
#[derive(Default)]
struct Steps(Vec<Step>);
impl Progress for Steps {
    fn smaller(&mut self, step: &Step) {
        self.0.push(*step);
    }
}

const BUDGET: Budget = Budget { time: Duration::from_secs(60), jobs: 1 };

fn greeting(systems: &Systems) -> &dyn AnySystem {
    systems.named("greeting").expect("it is the only one")
}

/// The plan of a family and a seed, with these plants.
fn drawn<'s>(system: &'s dyn AnySystem, family: &str, seed: u64, plants: &[&str]) -> Box<dyn AnyPlan + 's> {
    let changes = Changes { plants: plants.iter().map(ToString::to_string).collect(), ..Changes::default() };
    system.draw(family, seed, &changes).expect("the plan can be run").0
}

#[test]
fn what_does_not_matter_goes_and_the_plan_fails_as_before() {
    let systems = Systems::of::<Greeting>();
    let system = greeting(&systems);
    let plan = drawn(system, "everything", 3, &["miscount"]);
    assert!(!plan.fields()["faults"].as_array().expect("a list").is_empty());
    let mut steps = Steps::default();
    let least = shrink(system, plan.as_ref(), BUDGET, &AtomicBool::new(false), &mut steps).unwrap_or_else(|why| panic!("{why:?}"));
    let small = least.plan.fields();
    assert_eq!((small["faults"].as_array().map(Vec::len), least.is_least), (Some(0), true), "{small}");
    assert!(small["heal"]["at_ms"].as_u64() < Some(50) && small["weather"]["link"]["loss_ppm"] == 0, "{small}");
    assert_eq!((least.cause.rule.as_str(), small["plants"][0].as_str()), ("greeting.counts", Some("miscount")));
    assert!(steps.0.is_sorted_by_key(|step| step.runs) && steps.0.len() > 2, "{:?}", steps.0);
    // Neither threads nor a second time make a difference.
    let four = Budget { jobs: 4, ..BUDGET };
    let again = shrink(system, plan.as_ref(), four, &AtomicBool::new(false), &mut Steps::default()).unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!((again.plan.fields(), again.hash), (small, least.hash));
}

#[test]
fn a_budget_that_is_spent_leaves_a_plan_that_fails() {
    let systems = Systems::of::<Greeting>();
    let system = greeting(&systems);
    let plan = drawn(system, "crashes", 1, &["panic"]);
    let none = Budget { time: Duration::ZERO, jobs: 1 };
    let least = shrink(system, plan.as_ref(), none, &AtomicBool::new(false), &mut Steps::default()).unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!((least.plan.fields(), least.is_least, least.cause.verdict), (plan.fields(), false, "crashed"));
}

#[test]
fn a_plan_that_holds_is_not_shrunk() {
    let systems = Systems::of::<Greeting>();
    let system = greeting(&systems);
    let plan = drawn(system, "crashes", 1, &[]);
    let told = shrink(system, plan.as_ref(), BUDGET, &AtomicBool::new(false), &mut Steps::default()).err();
    assert_eq!(told, Some(Unshrinkable::Holds));
}
