//! What a system is to the harness: its settings, its processes, what it wants done, its laws, its storms. Whoever
//! implements [`System`] has `cargo test` with seeds, the whole command and case files.

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::plan::{self, Flaw, Settings};
use contract::process::{self, Process};
use contract::recording;
use judging::{Law, Probes, Rules};
use serde_json::{Map, Value};
use world::World;

use crate::family::{Family, general};
use crate::mistake::Mistake;

/// A plan of a system.
pub type Plan<S> = plan::Plan<<S as System>::Settings>;
/// A recording of a system's run.
pub type Recording<S> = recording::Recording<<S as System>::Settings, <S as System>::Fact>;
/// What a system's rules look at.
pub type Evidence<'r, S> = <<S as System>::Law as Law>::Evidence<'r>;

/// A system that can be run through storms and judged.
pub trait System: Sized + Send + Sync + 'static {
    /// Its name, in plans and on the command line.
    const NAME: &'static str;

    /// Its own part of a plan.
    type Settings: Settings;
    /// What its processes note for the judge.
    type Fact: process::Fact;
    /// What runs on its machines: an enum, where there are several kinds.
    type Process: Process<Fact = Self::Fact>;
    /// What its rules look at. [`judging::Plain`] will do where they look at the notes themselves.
    type Law: Law;

    /// The processes in the order of the machines, each with when it starts, in ns.
    fn processes(plan: &Plan<Self>) -> Vec<(Self::Process, u64)>;

    /// Whether all that the plan wants is done. Asked again and again after the heal; until then the storm goes on,
    /// whatever is done.
    fn is_done(_world: &World<Self::Process>, _plan: &Plan<Self>) -> bool {
        true
    }

    /// What waits for what when the bound after the heal has passed, a line each. By default all machines that take
    /// part, as they stand.
    fn waiting(world: &World<Self::Process>, plan: &Plan<Self>) -> Vec<String> {
        let roster = plan.roster();
        let stands = |machine: MachineId| match world.process(machine) {
            None => format!("{} is down", roster.name(machine)),
            Some(process) => format!("{}: {}", roster.name(machine), told(&process.look())),
        };
        taking_part(world).map(stands).collect()
    }

    /// A recording, read once for all rules, probes and reports.
    fn evidence(recording: &Recording<Self>) -> Evidence<'_, Self>;

    /// What must be true of every run. Without any, the invariants of processes must hold, and runs must come to an
    /// end.
    fn rules() -> Rules<Self::Law> {
        Rules::none()
    }

    /// States that a night of runs must reach.
    fn probes() -> Probes<Self::Law> {
        Probes::none()
    }

    /// Named ways to draw a plan from a seed. By default the general ones, over the roster of what [`System::settings`]
    /// draws.
    fn families() -> Vec<Family<Self>> {
        general::families()
    }

    /// Settings for a plan of a general family.
    fn settings(_dice: &mut Dice) -> Self::Settings {
        Self::Settings::default()
    }

    /// Known bugs that can be switched on, to prove that a rule sees them.
    fn plants() -> Vec<Planted> {
        Vec::new()
    }

    /// Plans that are simpler in the system's own terms, for the shrinking of one that fails: fewer requests, records,
    /// machines; those that leave out the most first. One that cannot be run is passed by. By default none: lists and
    /// times are shortened anyway.
    fn simpler(_plan: &Plan<Self>) -> Vec<Plan<Self>> {
        Vec::new()
    }

    /// Flags of its own for the command line.
    fn flags() -> Vec<Flag<Self>> {
        Vec::new()
    }

    /// What a report tells of a run beside what it tells of every system's.
    fn account(_evidence: &Evidence<'_, Self>) -> Account {
        Account::default()
    }

    /// The fields of a plan of the present format, made of those of an older one; `None` if it is no plan of this
    /// system.
    fn upgraded(_format: u64, _fields: &Map<String, Value>) -> Option<Upgraded> {
        None
    }
}

/// The machines that take part in the healing phase.
pub fn taking_part<P: Process>(world: &World<P>) -> impl Iterator<Item = MachineId> + use<'_, P> {
    (0..world.machines()).map(MachineId).filter(|machine| !world.is_left_out(*machine))
}

/// Names and values in one line.
pub fn told(look: &[(&'static str, String)]) -> String {
    look.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

/// A known bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// Its name in plans and on the command line.
    pub name: &'static str,
    /// What is wrong when it is switched on, in a sentence.
    pub about: &'static str,
    /// The rule that must see it.
    pub rule: &'static str,
    /// A family whose storms show it.
    pub family: &'static str,
}

/// A flag of a system's own: it changes the plans that a family draws.
pub struct Flag<S: System> {
    /// Its name, without dashes.
    pub name: &'static str,
    /// What it takes, as in help: `JOB`.
    pub value: &'static str,
    /// What it does, for help.
    pub help: &'static str,
    /// It is there for `fuzz` too, and not for `run` alone.
    pub fuzzes: bool,
    /// Changes a plan. Whether the plan can still be run is not asked here.
    pub apply: fn(&str, &mut Plan<S>) -> Result<Applied, Mistake>,
}

/// What comes of a flag.
#[derive(Default)]
pub struct Applied {
    /// What the user should know, for standard error: lines with their newlines.
    pub notes: String,
    /// The mistake behind a flaw of the changed plan, if it lies in what the flag brought.
    pub blame: Option<Blame>,
}

/// Finds the mistake behind a flaw of a plan.
pub type Blame = Box<dyn Fn(&Flaw) -> Option<Mistake>>;

/// What a report tells of a run in a system's own terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Lines for people, with their newlines.
    pub text: String,
    /// A field of the JSON object: its name, and the same as data.
    pub data: Option<(&'static str, Value)>,
}

/// A plan of an older format, made one of the present.
#[derive(Clone, Debug, PartialEq)]
pub struct Upgraded {
    /// All its fields.
    pub fields: Map<String, Value>,
    /// Where the parts that moved stand now, and where they stood: `settings.cluster`, `cluster`. The longest match
    /// counts.
    pub moved: Vec<(&'static str, &'static str)>,
}
