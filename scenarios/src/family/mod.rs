//! Families: named ways to draw a plan from a seed. Data and dice; never the running of a plan.
//!
//! `setup` draws what every plan has, `storm` holds the brush with which blows are drawn, `moment` the events worth waiting for, `idle` says what a family cannot exercise; each family has its
//! own file, those of the stream engine theirs under `stream`.

mod setup;
mod moment;
mod storm;
mod idle;

mod calm;
mod catch_up;
mod clocks;
mod crashes;
mod disks;
mod everything;
mod local_sessions;
mod logs;
mod observers;
mod partitions;
mod pauses;
mod reconfig;
mod sessions;
mod stream;
mod weather;

#[cfg(test)]
mod tests;

use vocab::dice::Dice;
use vocab::plan::{Budget, Plan, What};

pub use idle::Idle;

use setup::Taste;
use storm::Storm;

/// A named way to draw a plan from a seed.
#[derive(Debug)]
pub struct Family {
    /// Its name on the command line and in plans.
    pub name: &'static str,
    /// What it does to a cluster, in a sentence.
    pub about: &'static str,
    /// Rules that it cannot exercise; every other one must judge something in it.
    pub idle: &'static [Idle],
    /// The number that its dice streams are named by; it never changes, whatever the order of the list.
    number: u64,
    taste: Taste,
    blows: fn(&mut Storm<'_>),
}

/// What concerns no family in which nobody reconfigures.
const SETTLED: Idle = Idle { rule: "config.joint-quorum", reason: "no configuration gives way to another" };

/// What concerns no family whose blows begin so soon that hardly a session ends undisturbed.
const DISTURBED: Idle = Idle { rule: "live.session-ends", reason: "a fault strikes before any session can end undisturbed, but for a few" };

static FAMILIES: [Family; 23] = [
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
    stream::calm::FAMILY,
    stream::checkpoints::FAMILY,
    stream::failover::FAMILY,
    stream::zombies::FAMILY,
    stream::outside::FAMILY,
    stream::rescale::FAMILY,
    stream::savepoints::FAMILY,
    stream::ha_cut::FAMILY,
    stream::everything::FAMILY,
    everything::FAMILY,
];

/// All families, in the order in which a fuzz takes them.
pub fn families() -> &'static [Family] {
    &FAMILIES
}

/// The family of that name.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// The plan that a family draws from a seed; `None` when there is no such family. Equal arguments give equal plans on every machine.
pub fn plan(name: &str, seed: u64) -> Option<Plan> {
    family(name).map(|family| family.plan(seed))
}

impl Family {
    /// The plan that the family draws from a seed.
    pub fn plan(&self, seed: u64) -> Plan {
        let dice = PlanDice { seed, family: self.number };
        let mut plan = setup::draw(self.name, &self.taste, dice);
        (self.blows)(&mut Storm::new(&mut plan, dice));
        if plan.faults.iter().any(|fault| damages(&fault.what)) {
            // A damaged disk is wiped only while a majority of the others stands in for it, and those that stay away cannot.
            plan.heal.absent.clear();
        }
        match self.taste.stream {
            // Who may lose what the service has committed can promise nothing of what stands upon it.
            Some(taste) if plan.budget != Budget::Unrestricted => {
                stream::setup::join(&mut plan, taste, &self.taste, dice);
                (taste.blows)(&mut Storm::new(&mut plan, dice));
            }
            Some(_) | None => {}
        }
        plan
    }
}

/// Whether a blow can leave a disk that its process calls damaged.
fn damages(what: &What) -> bool {
    matches!(what, What::BitRot { .. } | What::MisdirectedWrite { .. } | What::LyingSync { .. })
}

/// The dice of a plan: a stream for each purpose, so that drawing one thing otherwise leaves the others alone.
#[derive(Clone, Copy, Debug)]
struct PlanDice {
    seed: u64,
    family: u64,
}

impl PlanDice {
    /// The stream of the `nth` of a purpose.
    fn stream(self, purpose: Purpose, nth: u32) -> Dice {
        Dice::named(self.seed, "plan", self.family, (purpose as u64) << 32 | u64::from(nth))
    }
}

/// What a stream of a plan's dice is for. The numbers name streams: new purposes get new numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Cluster = 0,
    Settings = 1,
    Link = 2,
    Disk = 3,
    Clocks = 4,
    Heal = 5,
    Mix = 6,
    Client = 7,
    Budget = 8,
    Swarm = 9,
    Partitions = 10,
    Crashes = 11,
    Disks = 12,
    ClockFaults = 13,
    Pauses = 14,
    Sessions = 15,
    CatchUp = 16,
    Weather = 17,
    Quorums = 18,
    Observers = 19,
    Reconfig = 20,
    Curator = 21,
    Logs = 30,
    Locals = 31,
    Readers = 32,
    Stream = 40,
    StreamInput = 41,
    StreamCheckpoints = 42,
    StreamRestart = 43,
    StreamNetwork = 44,
    StreamHa = 45,
    StreamSteps = 46,
    StreamClocks = 47,
    StreamLinks = 48,
    StreamSwarm = 50,
    Masters = 51,
    Workers = 52,
    StreamCuts = 53,
    Messages = 54,
    Outside = 55,
    Zombies = 56,
    Outages = 57,
    StreamClockFaults = 58,
}

/// One of `items`, each as often as its weight says.
fn weighted<T: Copy>(dice: &mut Dice, items: &[(T, u32)]) -> T {
    let total: u64 = items.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut left = dice.below(total);
    for (item, weight) in items {
        match left.checked_sub(u64::from(*weight)) {
            None => return *item,
            Some(rest) => left = rest,
        }
    }
    unreachable!("the draw is below the sum of the weights")
}
