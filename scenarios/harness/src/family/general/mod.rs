//! The general families: storms that every system can be put through, drawn over its roster. They know roles and kinds
//! as names; never what a system does.

mod classes;
mod setup;

use super::{Family, Painter, PlanDice, some_of};
use crate::system::{Plan, System};
use classes::{Class, clocks, crashes, disks, partitions, pauses};
use setup::{Purpose, Taste, draw};

/// In `everything` each class is switched on so often in a million.
const CLASS_ON_PPM: u32 = 500_000;

/// All of them, in the order in which a fuzz takes them.
pub fn families<S: System>() -> Vec<Family<S>> {
    vec![
        Family::new("calm", "fair weather and no faults", |seed| plan::<S>(seed, 1, Taste::FAIR, &[])),
        Family::new("weather", "links and disks that are slow, uneven and lossy, and no faults", |seed| plan::<S>(seed, 2, Taste::ROUGH, &[])),
        Family::new("partitions", "parts of the network are cut off, streams reset, messages lost", |seed| {
            plan::<S>(seed, 3, Taste::USUAL, &[(Purpose::Partitions, partitions)])
        }),
        Family::new("crashes", "processes die and power fails, on one machine or many", |seed| {
            plan::<S>(seed, 4, Taste::USUAL, &[(Purpose::Crashes, crashes)])
        }),
        Family::new("disks", "disks stall, fill up, fail, lie, rot and are lost", |seed| plan::<S>(seed, 5, Taste::USUAL, &[(Purpose::Disks, disks)])),
        Family::new("clocks", "clocks step and drift", |seed| plan::<S>(seed, 6, Taste::USUAL, &[(Purpose::Clocks, clocks)])),
        Family::new("pauses", "processes are frozen and go on", |seed| plan::<S>(seed, 7, Taste::USUAL, &[(Purpose::Pauses, pauses)])),
        Family::new("everything", "all of these at once", everything::<S>),
    ]
}

/// A plan without faults, in usual weather, for a family of a system's own, which paints its faults over it.
pub fn plain<S: System>(dice: PlanDice) -> Plan<S> {
    draw::<S>(Taste::USUAL, dice)
}

/// A plan of some classes of faults, all of them.
fn plan<S: System>(seed: u64, family: u64, taste: Taste, classes: &[(Purpose, Class<S::Settings>)]) -> Plan<S> {
    let dice = PlanDice { seed, family: setup::FIRST_FAMILY + family };
    let mut plan = draw::<S>(taste, dice);
    for (purpose, class) in classes {
        class(&mut Painter { dice: dice.stream(*purpose as u64, 0), plan: &mut plan }, classes.len() as u64);
    }
    plan
}

fn everything<S: System>(seed: u64) -> Plan<S> {
    let dice = PlanDice { seed, family: setup::FIRST_FAMILY + 8 };
    let all: [(Purpose, Class<S::Settings>); 5] =
        [(Purpose::Partitions, partitions), (Purpose::Crashes, crashes), (Purpose::Disks, disks), (Purpose::Clocks, clocks), (Purpose::Pauses, pauses)];
    let on: Vec<_> = some_of(&mut dice.stream(Purpose::Swarm as u64, 0), &all, CLASS_ON_PPM).into_iter().copied().collect();
    plan::<S>(seed, 8, Taste::USUAL, &on)
}

#[cfg(test)]
mod tests {
    use contract::plan::{Nodes, Settings};

    use super::*;
    use crate::fixture::Greeting;

    #[test]
    fn every_family_draws_plans_that_can_be_run_and_the_same_from_the_same_seed() {
        assert_eq!(<Nodes<3> as Settings>::roster(&Nodes {}).count(), 3);
        for (family, again) in families::<Greeting>().iter().zip(families::<Greeting>()) {
            for seed in 0..200 {
                let plan = family.plan(seed);
                assert_eq!(plan.check(), Ok(()), "{} {seed}", family.name);
                assert_eq!(plan, again.plan(seed));
                assert_ne!(plan, family.plan(seed + 1));
                assert_eq!(plan.faults.is_empty(), matches!(family.name, "calm" | "weather"), "{} {seed}", family.name);
            }
        }
    }

    #[test]
    fn everything_is_now_this_and_now_that() {
        let everything = families::<Greeting>().pop().expect("it is the last");
        let kinds = |seed| everything.plan(seed).faults.iter().map(|fault| fault.what.about().name).collect::<std::collections::BTreeSet<_>>();
        let all: std::collections::BTreeSet<_> = (0..100).flat_map(kinds).collect();
        assert!(all.len() > 15, "{all:?}");
        assert!((0..100).any(|seed| kinds(seed).len() < 4), "some storms are of few kinds");
    }
}
