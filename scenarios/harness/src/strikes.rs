//! Which faults of a plan struck, by what the world noted. A fault that waits for an event which never came, or that
//! the budget did not permit, changed nothing: whoever reads "holds" must know.

use std::collections::BTreeSet;

use contract::fault::{Fault, When};
use contract::happening::Happening;
use contract::recording::{Note, Noted};
use serde::Serialize;

/// What became of a plan's faults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Strikes {
    /// How many struck.
    pub struck: u64,
    /// Those that never did: what they wait for did not come, or came too late.
    pub never: Vec<Unstruck>,
    /// Those that the fault budget did not permit.
    pub spared: Vec<Unstruck>,
}

/// A fault that did not strike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unstruck {
    /// Its place in the plan's list, from 0.
    pub fault: u32,
    /// Its plain name, as in a plan: `partition`, `crash`.
    pub kind: &'static str,
    /// When it was to strike, in words.
    pub when: String,
}

impl Strikes {
    /// Reads what became of the faults.
    pub fn of<F>(faults: &[Fault], notes: &[Note<F>]) -> Strikes {
        let (mut struck, mut spared) = (BTreeSet::new(), BTreeSet::new());
        for note in notes {
            match &note.what {
                Noted::World(Happening::Struck { fault, .. }) => drop(struck.insert(*fault)),
                Noted::World(Happening::Spared { fault, .. }) => drop(spared.insert(*fault)),
                Noted::World(_) | Noted::Said(_) => {}
            }
        }
        let unstruck = |fault: u32| {
            let Fault { when, what } = &faults[fault as usize];
            Unstruck { fault, kind: what.about().name, when: in_words(when) }
        };
        let places = 0..faults.len() as u32;
        let never = places.filter(|fault| !struck.contains(fault) && !spared.contains(fault)).map(unstruck).collect();
        let spared = spared.iter().filter(|fault| !struck.contains(fault)).map(|fault| unstruck(*fault)).collect();
        Strikes { struck: struck.len() as u64, never, spared }
    }

    /// Whether each fault struck.
    pub fn is_whole(&self) -> bool {
        self.never.is_empty() && self.spared.is_empty()
    }

    /// A line for people, with its newline; nothing if there is nothing to tell.
    pub fn text(&self) -> String {
        let list = |faults: &[Unstruck]| {
            let told: Vec<String> = faults.iter().map(|Unstruck { fault, kind, when }| format!("fault {fault}, {kind} {when}")).collect();
            told.join("; ")
        };
        let mut text = String::new();
        if !self.never.is_empty() {
            text += &format!("{} never struck: {}\n", self.never.len(), list(&self.never));
        }
        if !self.spared.is_empty() {
            text += &format!("{} spared by the fault budget: {}\n", self.spared.len(), list(&self.spared));
        }
        text
    }
}

fn in_words(when: &When) -> String {
    match when {
        When::At { ms } => format!("at {ms} ms"),
        When::On { moment, kind, machine, nth, after_ms } => {
            let moment = format!("{moment:?}").to_lowercase();
            let of = machine.map(|machine| format!(" by {machine}")).unwrap_or_default();
            let after = if *after_ms > 0 { format!("{after_ms} ms after ") } else { "on ".into() };
            format!("{after}{moment} {nth} of {kind}{of}")
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::fault::{Moment, Target, What};
    use contract::ids::MachineId;

    use super::*;

    #[test]
    fn faults_that_did_not_strike_are_told_with_what_they_wait_for() {
        let pause = What::Pause { machine: Target::Machine(MachineId(0)), for_ms: 5 };
        let on = When::On { moment: Moment::Sync, kind: "log".into(), machine: Some(MachineId(2)), nth: 9, after_ms: 3 };
        let faults = [When::At { ms: 5 }, on, When::At { ms: 7 }].map(|when| Fault { when, what: pause.clone() });
        let note = |what| Note { at_ns: 0, machine: MachineId(0), what: Noted::<()>::World(what) };
        let notes = [note(Happening::Struck { fault: 0, kind: "pause".into() }), note(Happening::Spared { fault: 2, kind: "pause".into() })];
        let strikes = Strikes::of(&faults, &notes);
        assert_eq!((strikes.struck, strikes.is_whole()), (1, false));
        assert_eq!(
            strikes.text(),
            "1 never struck: fault 1, pause 3 ms after sync 9 of log by machine 2\n1 spared by the fault budget: fault 2, pause at 7 ms\n"
        );
        assert_eq!(Strikes::of(&faults[..1], &notes[..1]).text(), "");
    }
}
