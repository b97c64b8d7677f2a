//! A system that has the outside and nothing else: its settings, and how its recordings are judged.

use contract::plan::{Budget, DiskWeather, Heal, LinkWeather, PLAN_FORMAT, Plan, Seed, Weather};
use contract::recording::{Ending, RECORDING_FORMAT};
use contract::roster::Roster;
use contract::verdict::{Judgement, Verdict};
use judging::{Outcome, View};
use outside_words::fact::OutsideFact;
use serde::{Deserialize, Serialize};
use stormglass_outside_models::{Evidence, rules};

/// The settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Alone;

impl contract::plan::Settings for Alone {
    fn roster(&self) -> Roster {
        Roster::new().with("log", 1).with("ledger", 1).with("blob store", 1)
    }
}

/// A recording of it.
pub type Recording = contract::recording::Recording<Alone, OutsideFact>;

/// A recording of which nothing is told yet.
pub fn recording() -> Recording {
    let plan = Plan {
        format: PLAN_FORMAT,
        system: "outside".into(),
        family: "tale".into(),
        seed: Seed(1),
        plants: vec![],
        budget: Budget::Majority,
        supervisor_ms: 100,
        heal: Heal { at_ms: 10, bound_ms: 60_000, absent: vec![] },
        weather: Weather {
            link: LinkWeather { latency_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
            links: vec![],
            disk: DiskWeather { sync_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 10 },
            clocks: vec![],
        },
        settings: Alone,
        faults: vec![],
    };
    Recording { format: RECORDING_FORMAT, plan, notes: vec![], ending: Ending::Finished, events: 1_000, end_ns: 0, hash: String::new() }
}

/// Judges a recording.
pub fn judge(recording: &Recording) -> Judgement {
    let outcome = Outcome { ending: &recording.ending, events: recording.events, bound_ms: recording.plan.heal.bound_ms };
    judging::judge(&rules(), &Evidence::read(&View::of(recording)), outcome)
}

/// The names of the rules on the outside.
pub fn ids() -> Vec<&'static str> {
    rules().abouts().map(|rule| rule.id).collect()
}

/// Says that a rule is among those that a recording breaks.
pub fn check_broken(id: &str, recording: &Recording) {
    assert!(ids().contains(&id), "{id} is no rule");
    match judge(recording).verdict {
        Verdict::Broken { rule, witness } => {
            let also = witness.split_once("(also broken: ").map_or("", |(_, also)| also.trim_end_matches(')'));
            assert!(rule == id || also.split(", ").any(|other| other == id), "{id} should be broken, not {rule}: {witness}");
        }
        verdict => panic!("{id} should be broken: {verdict:?}"),
    }
}
