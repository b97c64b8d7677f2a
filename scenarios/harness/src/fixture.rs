//! A small system for tests of the harness itself: three machines that greet each other, with settings, kinds, a rule,
//! a probe, a plant and a flag.

use contract::kinds::Kinds;
use contract::plan::{Flaw, PlanView, Settings};
use contract::process::{Effects, Event, Message, Process};
use contract::roster::Roster;
use contract::time::Now;
use judging::{Finding, Footing, Heard, Plain, Probe, ProbeOf, Probes, Rule, Rules, Side, View};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::family::{Family, Idle, general};
use crate::mistake::Mistake;
use crate::system::{Account, Applied, Evidence, Flag, Plan, Planted, Recording, System, Upgraded};

/// Machines that greet the first of them when they start.
pub(crate) struct Greeting;

/// How many machines there are, and how they greet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manners {
    pub(crate) greeters: u16,
    #[serde(default)]
    pub(crate) word: Word,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    #[default]
    Hello,
    Ahoy,
}

impl Default for Manners {
    fn default() -> Manners {
        Manners { greeters: 3, word: Word::Hello }
    }
}

impl Settings for Manners {
    fn roster(&self) -> Roster {
        Roster::new().with("greeter", self.greeters)
    }
    fn check(plan: PlanView<'_, Self>) -> Result<(), Flaw> {
        if plan.settings.greeters < 2 { Err(Flaw::new(&["greeters"], "nobody to greet", "give at least 2")) } else { Ok(()) }
    }
    fn kinds() -> Option<Kinds> {
        Some(Kinds { messages: vec!["HELLO"], written: vec!["guests"], ..Kinds::default() })
    }
}

/// The only message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hello;
impl Message for Hello {
    fn kind(&self) -> &'static str {
        "HELLO"
    }
}

/// Somebody was greeted: how often in this life.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Greeted(pub(crate) u32);

#[derive(Clone)]
pub(crate) struct Greeter {
    greets: bool,
    panics: bool,
    greeted: u32,
}

impl Process for Greeter {
    type Message = Hello;
    type Fact = Greeted;
    fn step(&mut self, _now: Now, event: Event<Hello>, out: &mut Effects<Hello, Greeted>) {
        match event {
            Event::Boot if self.greets => drop(out.open(contract::ids::MachineId(0))),
            Event::Opened { conn, .. } => out.send(conn, Hello),
            Event::Message { .. } => {
                assert!(!self.panics, "who said that?");
                self.greeted += 1;
                out.note(Greeted(self.greeted));
            }
            _ => {}
        }
    }
}

type Laws = Plain<Manners, Greeted>;

const COUNTS: Rule<Laws> = Rule {
    id: "greeting.counts",
    law: "Greetings are counted one by one.",
    source: "this test",
    scope: "greeting",
    side: Side::Safety,
    footing: Footing::Firm,
    check: counts,
};

fn counts(view: &View<'_, Manners, Greeted>, finding: &mut Finding) {
    let rude = view.plan.plants.iter().any(|plant| plant == "miscount");
    for note in &view.notes {
        if let Heard::Said(Greeted(count)) = note.what {
            finding.judge(!rude && *count > 0, || format!("{count} at {} ns", note.at_ns));
        }
    }
}

/// A run in which somebody was greeted twice.
fn greeted_twice(view: &View<'_, Manners, Greeted>) -> bool {
    view.notes.iter().any(|note| matches!(note.what, Heard::Said(Greeted(2))))
}

impl System for Greeting {
    const NAME: &'static str = "greeting";
    type Settings = Manners;
    type Fact = Greeted;
    type Process = Greeter;
    type Law = Laws;
    fn processes(plan: &Plan<Self>) -> Vec<(Greeter, u64)> {
        (0..plan.settings.greeters).map(|nth| (Greeter { greets: nth > 0, panics: plan.has_plant("panic"), greeted: 0 }, 0)).collect()
    }
    fn evidence(recording: &Recording<Self>) -> Evidence<'_, Self> {
        View::of(recording)
    }
    fn rules() -> Rules<Laws> {
        Rules::of(&[COUNTS])
    }
    fn probes() -> Probes<Laws> {
        let probe = Probe { name: "greeted-twice", about: "somebody was greeted twice", required: true };
        Probes::of(&[ProbeOf { probe, is_hit: greeted_twice }])
    }
    fn families() -> Vec<Family<Self>> {
        let mut families = general::families();
        families[0].idle.push(Idle { what: "greeting", reason: "a test says so" });
        families
    }
    fn plants() -> Vec<Planted> {
        let planted = |name, about| Planted { name, about, rule: "greeting.counts", family: "calm" };
        vec![planted("miscount", "Every greeting is miscounted."), planted("panic", "Whoever is greeted panics.")]
    }
    fn flags() -> Vec<Flag<Self>> {
        vec![Flag { name: "word", value: "WORD", help: "what to say", fuzzes: true, apply: say }]
    }
    fn account(view: &Evidence<'_, Self>) -> Account {
        let greeted = view.notes.iter().filter(|note| matches!(note.what, Heard::Said(_))).count();
        Account { text: format!("{greeted} greetings\n"), data: Some(("greeting", greeted.into())) }
    }
    /// Format 1 had the greeters at the top, as `hosts`.
    fn upgraded(format: u64, fields: &Map<String, Value>) -> Option<Upgraded> {
        let hosts = fields.get("hosts").filter(|_| format == 1)?;
        let mut fields = fields.clone();
        fields.insert("settings".into(), serde_json::json!({ "greeters": hosts }));
        fields.remove("hosts");
        fields.insert("system".into(), "greeting".into());
        fields.insert("format".into(), 2.into());
        Some(Upgraded { fields, moved: vec![("settings.greeters", "hosts")] })
    }
}

fn say(word: &str, plan: &mut Plan<Greeting>) -> Result<Applied, Mistake> {
    plan.settings.word = match word {
        "hello" => Word::Hello,
        "ahoy" => Word::Ahoy,
        _ => return Err(Mistake::new(format!("--word {word}"), "nobody says that", "give hello or ahoy")),
    };
    Ok(Applied { notes: "as you say\n".into(), blame: None })
}
