//! A plan: what will happen in a run, as data, written before the run starts. It can be saved, edited, shrunk; nothing
//! here runs it or draws it.
//!
//! A plan has a part that is alike for every system (seed, weather, faults, heal, budget) and the system's own
//! [`Settings`]. `check` says what the first must satisfy; each system says it of the second.

mod check;
mod heal;
mod seed;
mod view;
mod weather;

use std::fmt::Debug;
use std::hash::Hash;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::kinds::Kinds;
use crate::roster::Roster;

pub use check::{Flaw, MS_MAX, within};
pub use heal::{Budget, Heal};
pub use seed::Seed;
pub use view::PlanView;
pub use weather::{ClockWeather, DiskWeather, LinkWeather, OneLink, Weather};

/// The format of plans that this build writes.
pub const PLAN_FORMAT: u32 = 2;

/// A system's own part of a plan: how many machines it has, and how they are set.
pub trait Settings: Clone + Debug + Default + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which roles there are, and how many machines of each.
    fn roster(&self) -> Roster;

    /// Says what cannot be run of a plan with these settings, the first flaw first. Places in the settings are given
    /// from the settings on; `heal` and `budget` stand for those parts of the plan.
    fn check(_plan: PlanView<'_, Self>) -> Result<(), Flaw> {
        Ok(())
    }

    /// The names by which faults can speak of this system. `None`: any name will do, and one that is never met is a
    /// fault that never strikes.
    fn kinds() -> Option<Kinds> {
        None
    }
}

/// What will happen in a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan<X> {
    /// [`PLAN_FORMAT`].
    pub format: u32,
    /// The name of the system that it is for.
    pub system: String,
    /// The family that drew it; of no effect on the run.
    pub family: String,
    /// Decides every dice stream of the run.
    pub seed: Seed,
    /// Known bugs that are switched on, to prove that a rule sees them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plants: Vec<String>,
    /// What the faults may destroy.
    pub budget: Budget,
    /// How long a supervisor waits before it starts a process again that left by itself, in ms.
    pub supervisor_ms: u32,
    /// When the storm ends, and for whom.
    pub heal: Heal,
    /// The ordinary badness of links, disks and clocks.
    pub weather: Weather,
    /// The system's own part.
    pub settings: X,
    /// The faults, in the order of their numbers.
    pub faults: Vec<Fault>,
}

impl<X: Settings> Plan<X> {
    /// Which machines there are.
    pub fn roster(&self) -> Roster {
        self.settings.roster()
    }

    /// How many machines there are.
    pub fn machines(&self) -> u16 {
        self.roster().count() as u16
    }

    /// The plan as checks and rules look at it.
    pub fn view(&self) -> PlanView<'_, X> {
        PlanView {
            settings: &self.settings,
            machines: self.machines(),
            seed: self.seed,
            plants: &self.plants,
            budget: self.budget,
            supervisor_ms: self.supervisor_ms,
            heal: &self.heal,
            weather: &self.weather,
            faults: &self.faults,
        }
    }
}

impl<X> Plan<X> {
    /// Whether this known bug is switched on.
    pub fn has_plant(&self, name: &str) -> bool {
        self.plants.iter().any(|plant| plant == name)
    }
}

/// Settings of a system that has none: `N` machines, all in the role `node`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nodes<const N: u16> {}

impl<const N: u16> Settings for Nodes<N> {
    fn roster(&self) -> Roster {
        Roster::new().with("node", N)
    }
}
