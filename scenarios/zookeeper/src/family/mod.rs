//! Families: named ways to draw a plan of the service from a seed. Data and dice; never the running of a plan.
//!
//! `setup` draws what every plan has, `storm` holds the brush with which faults are drawn, `moment` the events worth
//! waiting for; each family has its own file, with the class of faults that is its own. A system that contains the
//! service draws its part of a plan with [`plan`], and its own faults with the same brush.

pub mod moment;
pub mod setup;
pub mod storm;

pub mod calm;
pub mod weather;
pub mod partitions;
pub mod crashes;
pub mod disks;
pub mod clocks;
pub mod pauses;
pub mod sessions;
pub mod catch_up;
pub mod observers;
pub mod reconfig;
pub mod logs;
mod locals;
pub mod local_sessions;
pub mod unrestricted;

#[cfg(test)]
mod tests;

use contract::dice::Dice;
use contract::fault::What;
use harness::family::{Family, Idle, PlanDice};
use zookeeper_words::Plan;

use crate::Zookeeper;
use setup::Taste;
use storm::{Class, Storm};

/// A family of the service, as data.
struct ServiceFamily {
    name: &'static str,
    about: &'static str,
    idle: &'static [Idle],
    /// The number that its dice streams are named by; it never changes, whatever the order of the list.
    number: u64,
    taste: Taste,
    /// Draws its faults.
    faults: fn(&mut Storm<'_>),
}

/// What concerns no family in which nobody reconfigures.
pub const SETTLED: Idle = Idle { what: "config.joint-quorum", reason: "no configuration gives way to another" };

/// What concerns no family whose faults begin so soon that hardly a session ends undisturbed.
pub const DISTURBED: Idle = Idle { what: "live.session-ends", reason: "a fault strikes before any session can end undisturbed, but for a few" };

/// What concerns no family without local sessions.
pub const NO_LOCALS: Idle = Idle { what: "local", reason: "every session is known to all, and nobody is served without a quorum" };

static FAMILIES: [ServiceFamily; 14] = [
    calm::FAMILY,
    weather::FAMILY,
    partitions::FAMILY,
    crashes::FAMILY,
    disks::FAMILY,
    clocks::FAMILY,
    pauses::FAMILY,
    sessions::FAMILY,
    catch_up::FAMILY,
    observers::FAMILY,
    reconfig::FAMILY,
    logs::FAMILY,
    local_sessions::FAMILY,
    unrestricted::FAMILY,
];

/// All classes of faults that the service must bear, those of its configurations aside.
pub const CLASSES: &[Class] =
    &[weather::CLASS, partitions::CLASS, crashes::CLASS, disks::CLASS, clocks::CLASS, pauses::CLASS, sessions::CLASS, catch_up::CLASS, logs::CLASS];

/// All families, in the order in which a fuzz takes them.
pub fn families() -> Vec<Family<Zookeeper>> {
    FAMILIES.iter().map(ServiceFamily::family).collect()
}

/// The plan that the family of that name draws.
#[cfg(test)]
pub(crate) fn drawn(name: &str, seed: u64) -> Plan {
    families().iter().find(|family| family.name == name).expect("there is such a family").plan(seed)
}

impl ServiceFamily {
    fn family(&'static self) -> Family<Zookeeper> {
        let locals = (!self.taste.locals).then_some(NO_LOCALS);
        let draw = |seed| plan(&self.taste, PlanDice { seed, family: self.number }, self.faults);
        Family { idle: self.idle.iter().copied().chain(locals).collect(), ..Family::new(self.name, self.about, draw) }
    }
}

/// Draws a plan of the service, and its storm. The name of its family is for whoever keeps the list of families.
pub fn plan(taste: &Taste, dice: PlanDice, faults: fn(&mut Storm<'_>)) -> Plan {
    let mut plan = setup::draw(taste, dice);
    faults(&mut Storm::new(&mut plan, dice));
    if plan.faults.iter().any(|fault| damages(&fault.what)) {
        // A damaged disk is wiped only while a majority of the others stands in for it, and those that stay away
        // cannot.
        plan.heal.absent.clear();
    }
    plan
}

/// Whether a fault can leave a disk that its process calls damaged.
fn damages(what: &What) -> bool {
    matches!(what, What::BitRot { .. } | What::MisdirectedWrite { .. } | What::LyingSync { .. })
}

/// What a stream of a plan's dice is for. The numbers name streams: new purposes get new numbers, and those from 40 to
/// 69 are the stream engine's, whose families draw from the same dice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// How many replicas there are.
    Cluster = 0,
    /// The service's settings.
    Settings = 1,
    /// The weather of links.
    Link = 2,
    /// The weather of disks.
    Disk = 3,
    /// Clocks that are off.
    Clocks = 4,
    /// The length of the storm, and who stays away.
    Heal = 5,
    /// What all clients do together.
    Mix = 6,
    /// One client.
    Client = 7,
    /// The fault budget.
    Budget = 8,
    /// Which classes of faults strike.
    Swarm = 9,
    /// Cuts.
    Partitions = 10,
    /// Crashes.
    Crashes = 11,
    /// Faults of disks.
    Disks = 12,
    /// Faults of clocks.
    ClockFaults = 13,
    /// Pauses.
    Pauses = 14,
    /// Faults to sessions.
    Sessions = 15,
    /// Histories that part.
    CatchUp = 16,
    /// Spells of bad weather.
    Weather = 17,
    /// Observers, weights and groups.
    Quorums = 18,
    /// Faults to observers.
    Observers = 19,
    /// Faults to reconfigurations.
    Reconfig = 20,
    /// How a client uses Curator.
    Curator = 21,
    /// Faults to logs and snapshots.
    Logs = 30,
    /// Local sessions.
    Locals = 31,
    /// Faults that leave clients without a quorum.
    Readers = 32,
}

impl Purpose {
    /// The stream of the `nth` of this purpose.
    pub fn stream(self, dice: PlanDice, nth: u32) -> Dice {
        dice.stream(self as u64, nth)
    }
}
