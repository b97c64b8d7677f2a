//! Families with the stream engine: what their plans have beyond those of the coordination service, and the faults that
//! masters, workers, channels and the outside take. Data and dice; never the running of a plan.
//!
//! `setup` draws the engine's part of a plan, `brush` finds its machines, `moment` lists its scenes; `machines`,
//! `cuts`, `messages`, `outside`, `zombies` and `ha_cut` draw faults, and the families put them together. The service's
//! part is drawn as the service draws it alone, by the same dice.

mod setup;
mod brush;
mod moment;

mod machines;
mod cuts;
mod messages;

mod calm;
mod checkpoints;
mod failover;
mod zombies;
mod outside;
mod rescale;
mod savepoints;
mod ha_cut;
mod stream_everything;
mod everything;

#[cfg(test)]
mod tests;

use contract::dice::Dice;
use flink_words::Plan;
use flink_words::settings::Settings;
use harness::family::{Family, Idle, PlanDice, some_of};
use zookeeper_scenarios::family::setup::Taste;
use zookeeper_scenarios::family::{self as service, NO_LOCALS, storm};
use zookeeper_words::settings::HasService;

use crate::Flink;
use setup::StreamTaste;

/// Draws the faults of one class over a plan with an engine.
type Brush<'s> = storm::Brush<'s, Settings>;
/// A plan with an engine whose storm is being drawn.
type Storm<'p> = storm::Storm<'p, Settings>;
/// A class of faults that strike the engine, or what it talks to.
type Class = storm::Class<Settings>;

/// A family with an engine, as data.
struct EngineFamily {
    name: &'static str,
    about: &'static str,
    idle: &'static [Idle],
    /// The number that its dice streams are named by; it never changes, whatever the order of the list.
    number: u64,
    /// What it wants of the service.
    service: Taste,
    /// Draws the faults that strike the service.
    service_faults: fn(&mut storm::Storm<'_>),
    /// What it wants of the engine.
    engine: StreamTaste,
    /// Draws the faults that strike the engine and what it talks to.
    faults: fn(&mut Storm<'_>),
}

static FAMILIES: [EngineFamily; 10] = [
    calm::FAMILY,
    checkpoints::FAMILY,
    failover::FAMILY,
    zombies::FAMILY,
    outside::FAMILY,
    rescale::FAMILY,
    savepoints::FAMILY,
    ha_cut::FAMILY,
    stream_everything::FAMILY,
    everything::FAMILY,
];

/// All families, in the order in which a fuzz takes them.
pub(crate) fn families() -> Vec<Family<Flink>> {
    FAMILIES.iter().map(EngineFamily::family).collect()
}

/// The plan that a family draws from a seed.
#[cfg(test)]
pub(crate) fn plan(name: &str, seed: u64) -> Plan {
    families().iter().find(|family| family.name == name).expect("the family exists").plan(seed)
}

impl EngineFamily {
    fn family(&'static self) -> Family<Flink> {
        assert!(!self.service.locals, "a master's session must be known to all replicas");
        assert!(self.service.unrestricted_ppm == 0, "who may lose what the service has committed can promise nothing of what stands upon it");
        let idle = self.idle.iter().copied().chain([NO_LOCALS]).collect();
        Family { idle, ..Family::new(self.name, self.about, |seed| self.plan(seed)) }
    }

    fn plan(&self, seed: u64) -> Plan {
        let dice = PlanDice { seed, family: self.number };
        let service = service::plan(&self.service, dice, self.service_faults);
        let mut plan = setup::join(service, &self.engine, &self.service, dice);
        (self.faults)(&mut Storm::new(&mut plan, dice));
        plan
    }
}

/// What the clients of these families are: few, and not busy. The engine's own requests are the load.
const FEW: &[(usize, u32)] = &[(2, 1), (3, 1)];

/// What most of these families want of the coordination service.
const QUIET: Taste =
    Taste { replicas: &[(3, 8), (5, 2)], rounds: &[((20, 60), 1), ((60, 150), 1)], rough_ppm: 100_000, wild_clocks_ppm: 50_000, clients: FEW, ..Taste::USUAL };

/// Paints some of these classes, each switched on so often in a million, and at least one of them.
fn paint<X: HasService>(storm: &mut storm::Storm<'_, X>, classes: &[storm::Class<X>], on_ppm: u32, least_thin: u64) {
    let on = some_of(&mut storm.dice(Purpose::Swarm as u64), classes, on_ppm);
    let thin = (on.len() as u64).max(least_thin);
    storm.paint(on, thin);
}

/// Faults at everything that a savepoint needs: masters, workers, their links, what they say, the outside.
fn all_around(storm: &mut Storm<'_>) {
    paint(storm, &[machines::MASTERS, machines::WORKERS, cuts::CLASS, messages::CLASS, outside::CLASS], 350_000, 3);
}

/// What a stream of a plan's dice is for, beside those of the service. The numbers name streams: new purposes get new
/// numbers, from 40 to 69.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Machines, job, heartbeats.
    Engine = 40,
    Input = 41,
    Checkpoints = 42,
    Restart = 43,
    Network = 44,
    Ha = 45,
    Steps = 46,
    Clocks = 47,
    Links = 48,
    Swarm = 50,
    Masters = 51,
    Workers = 52,
    Cuts = 53,
    Messages = 54,
    Outside = 55,
    Zombies = 56,
    Outages = 57,
    ClockFaults = 58,
}

impl Purpose {
    /// The stream of the `nth` of this purpose.
    fn stream(self, dice: PlanDice, nth: u32) -> Dice {
        dice.stream(self as u64, nth)
    }
}
