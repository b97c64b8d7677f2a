//! What the shared part of a plan must satisfy beyond its shape. Each flaw names its place in the file and what to do;
//! nothing is mended in silence.

use super::{Plan, Settings};
use crate::fault::{Fault, Moment, Named, Shape, Target, What, When};
use crate::ids::MachineId;
use crate::kinds::Kinds;
use crate::roster::Roster;

/// The most machines that a plan may have: link state grows with their square.
const MACHINES_MAX: u32 = 2_000;
/// The largest drift of a clock in parts per million; beyond it no timeout means anything.
const DRIFT_PPM_MAX: u32 = 200_000;
/// The longest time that a plan may name, in ms: 1,000 hours. No run is as long, and sums of such times stay far below
/// 2^64 ns.
pub const MS_MAX: u64 = 3_600_000_000;
/// Parts of a plan that are no system's own.
const SHARED: [&str; 10] = ["format", "system", "family", "seed", "plants", "budget", "supervisor_ms", "heal", "weather", "faults"];

/// Something in a plan that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where: table keys and array indexes, from the outside in.
    pub at: Vec<String>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Flaw {
    /// A flaw at a place.
    pub fn new(at: &[&str], what: impl Into<String>, remedy: impl Into<String>) -> Flaw {
        Flaw { at: at.iter().map(ToString::to_string).collect(), what: what.into(), remedy: remedy.into() }
    }
}

/// Refuses a number above the most that may be given there.
pub fn within(at: &[&str], value: u64, most: u64) -> Result<(), Flaw> {
    if value <= most { Ok(()) } else { Err(Flaw::new(at, format!("{value} is too long"), format!("give at most {most}"))) }
}

impl<X: Settings> Plan<X> {
    /// Says what cannot be run, the first flaw first: of the settings, then of what all systems share.
    pub fn check(&self) -> Result<(), Flaw> {
        let count = self.roster().count();
        if count == 0 || count > MACHINES_MAX {
            return Err(Flaw::new(&["settings"], format!("{count} machines"), format!("give 1 to {MACHINES_MAX} machines in all")));
        }
        X::check(self.view()).map_err(placed)?;
        let check = Check { roster: self.roster(), kinds: X::kinds() };
        check.weather(&self.weather)?;
        within(&["heal", "at_ms"], self.heal.at_ms, MS_MAX)?;
        within(&["heal", "bound_ms"], self.heal.bound_ms, MS_MAX)?;
        for machine in &self.heal.absent {
            check.exists(*machine, &["heal", "absent"])?;
        }
        self.faults.iter().enumerate().try_for_each(|(i, fault)| check.fault(&i.to_string(), fault))
    }
}

/// A flaw of the settings, placed within the plan.
fn placed(mut flaw: Flaw) -> Flaw {
    if flaw.at.first().is_none_or(|first| !SHARED.contains(&first.as_str())) {
        flaw.at.insert(0, "settings".into());
    }
    flaw
}

/// What places and names of a plan are held against.
struct Check {
    roster: Roster,
    kinds: Option<Kinds>,
}

impl Check {
    fn weather(&self, weather: &super::Weather) -> Result<(), Flaw> {
        check_chances(&["weather", "link"], &weather.link.chances())?;
        check_chances(&["weather", "disk"], &[("tail_ppm", weather.disk.tail_ppm)])?;
        for (i, link) in weather.links.iter().enumerate() {
            let i = i.to_string();
            self.exists(link.from, &["weather", "links", &i, "from"])?;
            self.exists(link.to, &["weather", "links", &i, "to"])?;
            check_chances(&["weather", "links", &i, "weather"], &link.weather.chances())?;
        }
        for (i, clock) in weather.clocks.iter().enumerate() {
            let i = i.to_string();
            self.exists(clock.machine, &["weather", "clocks", &i, "machine"])?;
            check_drift(&["weather", "clocks", &i, "drift_ppm"], clock.drift_ppm)?;
            within(&["weather", "clocks", &i, "offset_ms"], clock.offset_ms.unsigned_abs(), MS_MAX)?;
        }
        Ok(())
    }

    fn fault(&self, i: &str, fault: &Fault) -> Result<(), Flaw> {
        let about = fault.what.about();
        within(&["faults", i], fault.longest_ms(), MS_MAX)?;
        for machine in &about.machines {
            self.exists(*machine, &["faults", i, "what"])?;
        }
        match &fault.when {
            When::At { .. } => {
                if about.targets.iter().any(|target| matches!(target, Target::Subject | Target::Peer)) {
                    let remedy = "name the machine, or let the fault wait for an event with `when = { on = … }`";
                    return Err(Flaw::new(&["faults", i, "what"], "a fault at a time hits no subject or peer", remedy));
                }
            }
            When::On { machine, nth, moment, kind, .. } => {
                if let Some(machine) = machine {
                    self.exists(*machine, &["faults", i, "when"])?;
                }
                if *nth == 0 {
                    return Err(Flaw::new(&["faults", i, "when"], "nth is 0", "count from 1"));
                }
                if matches!(moment, Moment::Append | Moment::Sync) && about.targets.contains(&Target::Peer) {
                    return Err(Flaw::new(&["faults", i, "what"], "a disk operation has no peer", "hit the subject, or name the machine"));
                }
                self.awaited(&["faults", i, "when"], *moment, kind)?;
            }
        }
        if let Some(named) = about.named {
            self.named(&["faults", i, "what"], named)?;
        }
        match &fault.what {
            What::Partition { shape: Shape::Ring(ring), .. } if ring.order.len() < 4 => {
                let remedy = "give at least four machines: in a smaller ring all are neighbours";
                Err(Flaw::new(&["faults", i, "what"], format!("a ring of {}", ring.order.len()), remedy))
            }
            What::ClockDrift { ppm, .. } => check_drift(&["faults", i, "what"], *ppm),
            _ => Ok(()),
        }
    }

    /// What a fault waits for must be able to happen.
    fn awaited(&self, at: &[&str], moment: Moment, kind: &str) -> Result<(), Flaw> {
        let Some(kinds) = &self.kinds else { return Ok(()) };
        match moment {
            Moment::Send | Moment::Deliver => is_one_of(at, "message", kind, &kinds.messages),
            Moment::Append => is_one_of(at, "file that is written to", kind, &kinds.written),
            Moment::Sync => is_one_of(at, "file that is synced", kind, &kinds.synced),
        }
    }

    /// What a fault names must be there.
    fn named(&self, at: &[&str], named: Named<'_>) -> Result<(), Flaw> {
        let Some(kinds) = &self.kinds else { return Ok(()) };
        match named {
            Named::Message(kind) => is_one_of(at, "message", kind, &kinds.messages),
            Named::File(kind) => is_one_of(at, "file that is written to", kind, &kinds.written),
            Named::Order(order) if kinds.orders.iter().any(|known| known.is(order)) => Ok(()),
            Named::Order(order) => {
                let known: Vec<String> = kinds.orders.iter().map(ToString::to_string).collect();
                Err(Flaw::new(at, format!("no process heeds the order {order:?}"), format!("give one of: {}", known.join(", "))))
            }
        }
    }

    fn exists(&self, machine: MachineId, at: &[&str]) -> Result<(), Flaw> {
        let count = self.roster.count();
        if u32::from(machine.0) < count {
            return Ok(());
        }
        Err(Flaw::new(at, format!("{machine} does not exist"), format!("this plan has machines 0 to {}: {}", count - 1, self.roster)))
    }
}

fn is_one_of(at: &[&str], what: &str, kind: &str, known: &[&'static str]) -> Result<(), Flaw> {
    if known.contains(&kind) {
        return Ok(());
    }
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    Err(Flaw::new(at, format!("there is no {what} of kind {kind:?}"), format!("give one of: {}", known.join(", "))))
}

fn check_drift(at: &[&str], ppm: i32) -> Result<(), Flaw> {
    if ppm.unsigned_abs() <= DRIFT_PPM_MAX { Ok(()) } else { Err(Flaw::new(at, format!("a drift of {ppm} ppm"), "stay within -200000 and 200000")) }
}

/// Chances are out of a million.
fn check_chances(at: &[&str], chances: &[(&str, u32)]) -> Result<(), Flaw> {
    match chances.iter().find(|(_, ppm)| *ppm > 1_000_000) {
        None => Ok(()),
        Some((key, ppm)) => {
            let at: Vec<&str> = at.iter().copied().chain([*key]).collect();
            Err(Flaw::new(&at, format!("{ppm} in a million"), "give at most 1000000"))
        }
    }
}
