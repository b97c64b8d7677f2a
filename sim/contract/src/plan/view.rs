//! A plan as whoever judges or checks it looks at it: the shared part, and the settings of one system. A system that
//! contains another one shows it its own part.

use super::{Budget, Heal, Seed, Weather};
use crate::fault::Fault;

/// A plan, seen by the system whose settings are `X`.
#[derive(Debug)]
pub struct PlanView<'p, X> {
    /// The system's own part.
    pub settings: &'p X,
    /// How many machines the whole plan has, those of a containing system included.
    pub machines: u16,
    /// Decides every dice stream of the run.
    pub seed: Seed,
    /// Known bugs that are switched on.
    pub plants: &'p [String],
    /// What the faults may destroy.
    pub budget: Budget,
    /// How long a supervisor waits before it starts a process again, in ms.
    pub supervisor_ms: u32,
    /// When the storm ends, and for whom.
    pub heal: &'p Heal,
    /// The ordinary badness of links, disks and clocks.
    pub weather: &'p Weather,
    /// The faults, in the order of their numbers.
    pub faults: &'p [Fault],
}

// By hand, since a derive would ask it of the settings.
impl<X> Clone for PlanView<'_, X> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<X> Copy for PlanView<'_, X> {}

impl<'p, X> PlanView<'p, X> {
    /// The same plan, seen by a system that the first one contains.
    pub fn part<Y>(self, settings: &'p Y) -> PlanView<'p, Y> {
        let PlanView { settings: _, machines, seed, plants, budget, supervisor_ms, heal, weather, faults } = self;
        PlanView { settings, machines, seed, plants, budget, supervisor_ms, heal, weather, faults }
    }
}
