//! A recording as one system looks at it: its settings, and the notes that are the world's or its own. Those of a
//! containing system keep their places, so that a note has one number for everybody.

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::plan::{PlanView, Settings};
use contract::recording::{Ending, Noted, Recording};

/// A place in a recording's notes.
pub type NoteIndex = u32;

/// A recording, seen by the system whose settings are `X` and whose facts are `F`.
#[derive(Clone, Debug)]
pub struct View<'r, X, F> {
    /// What was to happen.
    pub plan: PlanView<'r, X>,
    /// What happened and what was said, in order.
    pub notes: Vec<NoteView<'r, F>>,
    /// How it ended.
    pub ending: &'r Ending,
    /// Events that reached a process.
    pub events: u64,
    /// Virtual time at the end, in ns.
    pub end_ns: u64,
}

/// A note, seen by one system.
#[derive(Debug)]
pub struct NoteView<'r, F> {
    /// World time in ns.
    pub at_ns: u64,
    /// Who said it, or whom it befell.
    pub machine: MachineId,
    /// What happened, or what was said.
    pub what: Heard<'r, F>,
}

/// What one system hears of a note.
#[derive(Debug)]
pub enum Heard<'r, F> {
    /// The world did it.
    World(&'r Happening),
    /// A process of the system says so.
    Said(&'r F),
    /// A process of a containing system says something of its own.
    Else,
}

// By hand, since a derive would ask it of the facts.
impl<F> Clone for Heard<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F> Copy for Heard<'_, F> {}
impl<F> Clone for NoteView<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F> Copy for NoteView<'_, F> {}

impl<'r, X: Settings, F> View<'r, X, F> {
    /// All of a recording.
    pub fn of(recording: &'r Recording<X, F>) -> View<'r, X, F> {
        let notes = recording.notes.iter().map(|note| {
            let what = match &note.what {
                Noted::World(happening) => Heard::World(happening),
                Noted::Said(fact) => Heard::Said(fact),
            };
            NoteView { at_ns: note.at_ns, machine: note.machine, what }
        });
        View { plan: recording.plan.view(), notes: notes.collect(), ending: &recording.ending, events: recording.events, end_ns: recording.end_ns }
    }
}

impl<'r, X, F> View<'r, X, F> {
    /// What a system that this one contains sees of the recording: `settings` finds its part of the settings, `fact`
    /// its facts among this system's.
    pub fn part<Y, G>(&self, settings: impl Fn(&'r X) -> &'r Y, fact: impl Fn(&'r F) -> Option<&'r G>) -> View<'r, Y, G> {
        let notes = self.notes.iter().map(|note| {
            let what = match note.what {
                Heard::World(happening) => Heard::World(happening),
                Heard::Said(said) => fact(said).map_or(Heard::Else, Heard::Said),
                Heard::Else => Heard::Else,
            };
            NoteView { at_ns: note.at_ns, machine: note.machine, what }
        });
        View { plan: self.plan.part(settings(self.plan.settings)), notes: notes.collect(), ending: self.ending, events: self.events, end_ns: self.end_ns }
    }

    /// A note's place for a witness: its time and its number.
    pub fn when(&self, note: NoteIndex) -> String {
        when(self.notes.get(note as usize).map_or(0, |note| note.at_ns), note)
    }
}

/// A note's place for a witness: its time and its number.
pub fn when(at_ns: u64, note: NoteIndex) -> String {
    format!("{}.{:06} ms (note {note})", at_ns / 1_000_000, at_ns % 1_000_000)
}
