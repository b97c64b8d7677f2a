//! What a plan of a general family has besides its faults: weather, clocks, when the storm ends. Never the faults
//! themselves.

use contract::ids::MachineId;
use contract::plan::{Budget, ClockWeather, DiskWeather, Heal, LinkWeather, PLAN_FORMAT, Seed, Settings, Weather};

use crate::family::{PlanDice, weighted};
use crate::system::{Plan, System};

/// The general families name their dice by numbers from here on, beyond those of any system's own.
pub(super) const FIRST_FAMILY: u64 = 1 << 32;
/// How long after the heal everything must be done, in ms.
const BOUND_MS: u64 = 60_000;

/// What a stream of a plan's dice is for. The numbers name streams: new purposes get new numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Settings = 0,
    Link = 1,
    Disk = 2,
    ClockWeather = 3,
    Heal = 4,
    Swarm = 5,
    Partitions = 6,
    Crashes = 7,
    Disks = 8,
    Clocks = 9,
    Pauses = 10,
}

/// What a family wants of the weather.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taste {
    /// How often in a million links and disks are bad, each by itself.
    rough_ppm: u32,
}

impl Taste {
    pub(super) const FAIR: Taste = Taste { rough_ppm: 0 };
    pub(super) const USUAL: Taste = Taste { rough_ppm: 200_000 };
    pub(super) const ROUGH: Taste = Taste { rough_ppm: 900_000 };
}

/// A plan without faults.
pub(super) fn draw<S: System>(taste: Taste, dice: PlanDice) -> Plan<S> {
    let mut heal = dice.stream(Purpose::Heal as u64, 0);
    let settings = S::settings(&mut dice.stream(Purpose::Settings as u64, 0));
    let machines = settings.roster().count() as u16;
    let supervisor_ms = heal.between(50, 2_000) as u32;
    let (low, high) = weighted(&mut heal, &[((10_000, 20_000), 3), ((20_000, 40_000), 2), ((40_000, 90_000), 1)]);
    Plan::<S> {
        format: PLAN_FORMAT,
        system: S::NAME.into(),
        family: String::new(),
        seed: Seed(dice.seed),
        plants: vec![],
        budget: Budget::Majority,
        supervisor_ms,
        heal: Heal { at_ms: heal.between(low, high), bound_ms: BOUND_MS, absent: vec![] },
        weather: Weather { link: link(taste, dice), links: vec![], disk: disk(taste, dice), clocks: clocks(machines, dice) },
        settings,
        faults: vec![],
    }
}

fn link(taste: Taste, dice: PlanDice) -> LinkWeather {
    let mut dice = dice.stream(Purpose::Link as u64, 0);
    let is_rough = dice.chance(taste.rough_ppm);
    // One rack, one city, one continent.
    let (low, high) = weighted(&mut dice, &[((50, 500), 5), ((500, 3_000), 3), ((5_000, 20_000), 1)]);
    let latency_us = dice.between(low, high);
    let jitter_us = dice.between(0, 2 * latency_us);
    let (tail_ppm, tail_us, loss_ppm) = if is_rough {
        (dice.between(2_000, 20_000), dice.between(20_000, 200_000), dice.between(1_000, 50_000))
    } else {
        (dice.between(0, 3_000), 10_000, dice.between(0, 1_000))
    };
    LinkWeather {
        latency_us: latency_us as u32,
        jitter_us: jitter_us as u32,
        tail_ppm: tail_ppm as u32,
        tail_us: tail_us as u32,
        loss_ppm: loss_ppm as u32,
        duplicate_ppm: dice.between(0, loss_ppm) as u32,
    }
}

fn disk(taste: Taste, dice: PlanDice) -> DiskWeather {
    let mut dice = dice.stream(Purpose::Disk as u64, 0);
    let is_rough = dice.chance(taste.rough_ppm);
    let (low, high) = weighted(&mut dice, &[((30, 300), 3), ((500, 4_000), 3), ((5_000, 15_000), 1)]);
    let sync_us = dice.between(low, high);
    let (tail_ppm, tail_us) = if is_rough { (dice.between(2_000, 20_000), dice.between(20_000, 200_000)) } else { (dice.between(0, 5_000), 20_000) };
    DiskWeather {
        sync_us: sync_us as u32,
        jitter_us: dice.between(0, sync_us) as u32,
        tail_ppm: tail_ppm as u32,
        tail_us: tail_us as u32,
        other_us: dice.between(10, 200) as u32,
    }
}

/// Good clocks: within 200 ms of each other, and crystals within 100 ppm.
fn clocks(machines: u16, dice: PlanDice) -> Vec<ClockWeather> {
    let mut dice = dice.stream(Purpose::ClockWeather as u64, 0);
    let clock =
        |machine| ClockWeather { machine: MachineId(machine), offset_ms: dice.between(0, 400) as i64 - 200, drift_ppm: dice.between(0, 200) as i32 - 100 };
    (0..machines).map(clock).collect()
}
