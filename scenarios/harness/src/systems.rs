//! Systems of any kind side by side: what the command and a fuzz need of each, whatever its types are. The only place
//! that forgets them.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use contract::plan::PLAN_FORMAT;
use contract::recording::Ending;
use contract::verdict::{Judgement, Verdict};
use judging::{Hits, Probe, RuleAbout};
use serde_json::Value;

use crate::case::Origin;
use crate::change::{Changes, Set};
use crate::family::Family;
use crate::mistake::Mistake;
use crate::plan::{self, Document, Format, fields};
use crate::run::{Judge, Seen, Wanted, run};
use crate::strikes::Strikes;
use crate::system::{Account, Plan, Planted, System};

/// A family without its way of drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyAbout {
    /// Its system.
    pub system: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does to a system, in a sentence.
    pub about: &'static str,
}

/// A system's flag without what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagAbout {
    /// Its name, without dashes.
    pub name: &'static str,
    /// What it takes, as in help.
    pub value: &'static str,
    /// What it does, for help.
    pub help: &'static str,
    /// It is there for `fuzz` too.
    pub fuzzes: bool,
}

/// What is known of a run that is over.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// The family that drew its plan.
    pub family: String,
    /// What was planned, in a line.
    pub planned: String,
    /// How it ended.
    pub ending: Ending,
    /// Events that reached a process.
    pub events: u64,
    /// Notes of the world and of processes.
    pub facts: u64,
    /// Virtual time at the end, in ns.
    pub end_ns: u64,
    /// The running hash, as 32 hex digits.
    pub hash: String,
    /// What became of the plan's faults.
    pub strikes: Strikes,
    /// The verdict, with what stands behind it.
    pub judgement: Judgement,
    /// The probes that were hit, by their places in the system's table; none, if they were not wanted.
    pub hits: Hits,
    /// What the system itself tells of the run, if it was wanted.
    pub account: Account,
}

impl Report {
    /// The report of a run that did not begin, or did not come to its end, for a reason of ours.
    pub fn unplanned(seed: u64, family: &str, place: &str, message: &str) -> Report {
        let verdict = Verdict::Crashed { place: place.into(), message: message.into() };
        Report {
            seed,
            family: family.into(),
            planned: String::new(),
            ending: Ending::Failed { place: place.into(), message: message.into() },
            events: 0,
            facts: 0,
            end_ns: 0,
            hash: "0".repeat(32),
            strikes: Strikes::default(),
            judgement: Judgement { verdict, tallies: BTreeMap::new() },
            hits: Hits::default(),
            account: Account::default(),
        }
    }
}

/// A plan of some system, ready to be run.
pub trait AnyPlan: Send + Sync {
    /// Runs and judges it. A panic of the harness itself (not of a process, which the world catches) is a verdict too.
    fn run(&self, wanted: Wanted) -> Report;
    /// The plan as text.
    fn text(&self, format: Format) -> String;
    /// The plan as plain data.
    fn fields(&self) -> Value;
    /// The name of its system.
    fn system(&self) -> &'static str;
    /// Where a case of it comes from, if it was drawn and never shrunk.
    fn origin(&self) -> Origin;
    /// The plants that it switches on.
    fn plants(&self) -> &[String];
    /// The same without plants.
    fn without_plants(&self) -> Box<dyn AnyPlan + '_>;
}

/// A system, whatever its types are.
pub trait AnySystem: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Its families, in the order in which a fuzz takes them.
    fn families(&self) -> Vec<FamilyAbout>;
    /// All rules by which its runs are judged, in the order in which a breach is told.
    fn rules(&self) -> Vec<RuleAbout>;
    /// Its probes, in the order of reports.
    fn probes(&self) -> Vec<Probe>;
    /// Its known bugs.
    fn plants(&self) -> Vec<Planted>;
    /// Its own flags.
    fn flags(&self) -> Vec<FlagAbout>;
    /// Why a rule may judge nothing in a family; `None` if it must judge something.
    fn excuse(&self, family: &str, rule: &str) -> Option<&'static str>;
    /// Whether its plans have the part that a field is in.
    fn has(&self, set: &Set) -> bool;
    /// The plan that a family draws from a seed, changed; and what the user should know of the changes. Panics if there
    /// is no such family.
    fn draw(&self, family: &str, seed: u64, changes: &Changes) -> Result<(Box<dyn AnyPlan + '_>, String), Mistake>;
    /// Plans that are simpler in the system's own terms than this one, all as plain data; none for what is no plan.
    fn simpler(&self, plan: &Value) -> Vec<Value>;
    /// Whether the plan within a document is one of this system.
    fn knows(&self, document: &Document, within: &[&str]) -> bool;
    /// Reads the plan within a document.
    fn read(&self, document: &Document, within: &[&str]) -> Result<Box<dyn AnyPlan + '_>, Mistake>;
}

/// The systems of a program, in the order in which a fuzz takes them.
#[derive(Default)]
pub struct Systems {
    list: Vec<Box<dyn AnySystem>>,
}

impl Systems {
    /// This system alone.
    pub fn of<S: System>() -> Systems {
        Systems::default().and::<S>()
    }

    /// These systems and another.
    #[must_use]
    pub fn and<S: System>(mut self) -> Systems {
        self.list.push(Box::new(Opened::<S> { judge: Judge::new(), families: S::families() }));
        self
    }

    /// These systems and others that were opened elsewhere.
    #[must_use]
    pub fn with(mut self, others: Systems) -> Systems {
        self.list.extend(others.list);
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn AnySystem> {
        self.list.iter().map(AsRef::as_ref)
    }

    /// The system of that name.
    pub fn named(&self, name: &str) -> Option<&dyn AnySystem> {
        self.iter().find(|system| system.name() == name)
    }

    /// Reads the plan within a document, of whichever system it is.
    pub fn read(&self, document: &Document, within: &[&str]) -> Result<Box<dyn AnyPlan + '_>, Mistake> {
        let (format, fields) = fields(document, within)?;
        if let Some(system) = self.iter().find(|system| system.knows(document, within)) {
            return system.read(document, within);
        }
        let names: Vec<&str> = self.iter().map(AnySystem::name).collect();
        let at: Vec<String> = within.iter().copied().chain(["system"]).map(ToString::to_string).collect();
        let what = match fields.get("system").and_then(Value::as_str) {
            Some(name) => format!("there is no system {name:?} here"),
            None if format == u64::from(PLAN_FORMAT) => "the plan does not say of which system it is".into(),
            None => format!("a plan of format {format} of no system that is here"),
        };
        Err(document.mistake(&at, what, format!("give `system = \"…\"`, one of: {}", names.join(", "))))
    }
}

/// A system with what is made of it once.
struct Opened<S: System> {
    judge: Judge<S>,
    families: Vec<Family<S>>,
}

impl<S: System> Opened<S> {
    fn family(&self, name: &str) -> &Family<S> {
        self.families.iter().find(|family| family.name == name).expect("whoever asks has seen the list of families")
    }

    fn plan(&self, plan: Plan<S>) -> Box<dyn AnyPlan + '_> {
        Box::new(OpenPlan { judge: &self.judge, plan })
    }
}

impl<S: System> AnySystem for Opened<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn families(&self) -> Vec<FamilyAbout> {
        self.families.iter().map(|family| FamilyAbout { system: S::NAME, name: family.name, about: family.about }).collect()
    }

    fn rules(&self) -> Vec<RuleAbout> {
        self.judge.rules().all()
    }

    fn probes(&self) -> Vec<Probe> {
        self.judge.probes().table().copied().collect()
    }

    fn plants(&self) -> Vec<Planted> {
        S::plants()
    }

    fn flags(&self) -> Vec<FlagAbout> {
        S::flags().iter().map(|flag| FlagAbout { name: flag.name, value: flag.value, help: flag.help, fuzzes: flag.fuzzes }).collect()
    }

    fn excuse(&self, family: &str, rule: &str) -> Option<&'static str> {
        let about = self.judge.rules().abouts().find(|about| about.id == rule);
        self.family(family).excuse(rule, about.map(|about| about.scope))
    }

    fn has(&self, set: &Set) -> bool {
        self.families.first().is_none_or(|family| set.is_in::<S>(&family.plan(0)))
    }

    fn draw(&self, family: &str, seed: u64, changes: &Changes) -> Result<(Box<dyn AnyPlan + '_>, String), Mistake> {
        let mut plan = self.family(family).plan(seed);
        let notes = changes.apply::<S>(&mut plan)?;
        Ok((self.plan(plan), notes))
    }

    fn simpler(&self, plan: &Value) -> Vec<Value> {
        let plan: Option<Plan<S>> = plan::typed(plan.clone()).ok();
        plan.iter().flat_map(S::simpler).map(|plan| plan::plain(&plan)).collect()
    }

    fn knows(&self, document: &Document, within: &[&str]) -> bool {
        fields(document, within).is_ok_and(|(format, fields)| {
            if format == u64::from(PLAN_FORMAT) { fields.get("system").is_some_and(|name| name == S::NAME) } else { S::upgraded(format, fields).is_some() }
        })
    }

    fn read(&self, document: &Document, within: &[&str]) -> Result<Box<dyn AnyPlan + '_>, Mistake> {
        Ok(self.plan(plan::read::<S>(document, within)?))
    }
}

struct OpenPlan<'s, S: System> {
    judge: &'s Judge<S>,
    plan: Plan<S>,
}

impl<S: System> AnyPlan for OpenPlan<'_, S> {
    fn run(&self, wanted: Wanted) -> Report {
        let report = || {
            let recording = run::<S>(&self.plan);
            let Seen { judgement, hits, account } = self.judge.look(&recording, wanted);
            Report {
                seed: self.plan.seed.0,
                family: self.plan.family.clone(),
                planned: planned::<S>(&self.plan),
                strikes: Strikes::of(&self.plan.faults, &recording.notes),
                ending: recording.ending,
                events: recording.events,
                facts: recording.notes.len() as u64,
                end_ns: recording.end_ns,
                hash: recording.hash,
                judgement,
                hits,
                account,
            }
        };
        catch_unwind(AssertUnwindSafe(report)).unwrap_or_else(|panic| {
            let report = Report::unplanned(self.plan.seed.0, &self.plan.family, "the harness itself, not a process", &words(panic.as_ref()));
            Report { planned: planned::<S>(&self.plan), ..report }
        })
    }

    fn text(&self, format: Format) -> String {
        plan::text(&self.plan, format)
    }

    fn fields(&self) -> Value {
        plan::plain(&self.plan)
    }

    fn system(&self) -> &'static str {
        S::NAME
    }

    fn origin(&self) -> Origin {
        Origin::here(&self.plan.family, self.plan.seed.0)
    }

    fn plants(&self) -> &[String] {
        &self.plan.plants
    }

    fn without_plants(&self) -> Box<dyn AnyPlan + '_> {
        Box::new(OpenPlan { judge: self.judge, plan: Plan::<S> { plants: vec![], ..self.plan.clone() } })
    }
}

/// What a plan has, in a line.
fn planned<S: System>(plan: &Plan<S>) -> String {
    let faults = match plan.faults.len() {
        1 => "1 fault".to_string(),
        count => format!("{count} faults"),
    };
    let plants: String = plan.plants.iter().map(|plant| format!(", planted: {plant}")).collect();
    format!("{}, {faults}, heal at {} ms{plants}", plan.roster().to_string().replace(", then ", ", "), plan.heal.at_ms)
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    said.unwrap_or_else(|| "a panic without words".into())
}
