//! How a test bends a tale of the engine in one place, and looks which rules that breaks. It knows no rule.

use contract::ids::MachineId;
use contract::recording::{Note, Noted};
use contract::verdict::Judgement;
use flink_words::Recording;
use flink_words::fact::{Fact, StreamFact};
use judging::{Outcome, View};
use stormglass_flink_models::{Evidence, rules};

use crate::streams::{self, Tale};
use crate::tale::bend;

pub type Notes = Vec<Note<Fact>>;

/// Judges a recording of the engine.
pub fn judge(recording: &Recording) -> Judgement {
    let outcome = Outcome { ending: &recording.ending, events: recording.events, bound_ms: recording.plan.heal.bound_ms };
    judging::judge(&rules(), &Evidence::read(View::of(recording)), outcome)
}

/// The names of the rules on the engine and on the outside, those of the service left out.
pub fn ids() -> Vec<&'static str> {
    let of_service: Vec<&str> = zookeeper_models::rules().abouts().map(|rule| rule.id).collect();
    rules().abouts().map(|rule| rule.id).filter(|id| !of_service.contains(id)).collect()
}

/// The rules that a recording breaks, the one to blame first.
pub fn broken(recording: &Recording) -> Vec<String> {
    bend::broken(judge(recording).verdict)
}

/// Says that the tale of streams breaks a rule when it is bent so.
pub fn check(id: &str, bend: impl FnOnce(&mut Notes)) {
    let mut tale = streams::tale();
    bend(&mut tale.recording.notes);
    check_tale(id, &tale);
}

/// Says that a tale breaks a rule.
pub fn check_tale(id: &str, tale: &Tale) {
    assert!(ids().contains(&id), "{id} is no rule");
    let broken = broken(&tale.recording);
    assert!(broken.iter().any(|rule| rule == id), "{id} should be among {broken:?}");
}

/// The place of the n-th fact that is so.
pub fn place(notes: &Notes, n: usize, is: impl Fn(&StreamFact) -> bool) -> usize {
    bend::nth(notes, n, |_, what| matches!(what, Noted::Said(Fact::Stream(fact)) if is(fact)))
}

pub fn edit(notes: &mut Notes, n: usize, is: impl Fn(&StreamFact) -> bool, edit: impl FnOnce(&mut StreamFact)) {
    let at = place(notes, n, is);
    let Noted::Said(Fact::Stream(fact)) = &mut notes[at].what else { unreachable!() };
    edit(fact);
}

pub fn remove(notes: &mut Notes, n: usize, is: impl Fn(&StreamFact) -> bool) {
    let at = place(notes, n, is);
    notes.remove(at);
}

pub fn repeat(notes: &mut Notes, n: usize, is: impl Fn(&StreamFact) -> bool) {
    let at = place(notes, n, is);
    notes.insert(at, notes[at].clone());
}

/// Takes a note to another place.
pub fn hasten(notes: &mut Notes, from: usize, to: usize) {
    let note = notes.remove(from);
    notes.insert(to, note);
}

/// A process says something more, right after a place.
pub fn insert(notes: &mut Notes, after: usize, machine: MachineId, fact: impl Into<Fact>) {
    insert_note(notes, after, machine, Noted::Said(fact.into()));
}

/// Something more is noted, right after a place.
pub fn insert_note(notes: &mut Notes, after: usize, machine: MachineId, what: Noted<Fact>) {
    let at_ns = notes[after].at_ns + 1;
    notes.insert(after + 1, Note { at_ns, machine, what });
}

macro_rules! master {
    ($pattern:pat $(if $guard:expr)?) => {
        |fact: &StreamFact| matches!(fact, StreamFact::Master($pattern) $(if $guard)?)
    };
}
macro_rules! worker {
    ($pattern:pat $(if $guard:expr)?) => {
        |fact: &StreamFact| matches!(fact, StreamFact::Worker($pattern) $(if $guard)?)
    };
}
macro_rules! outside {
    ($pattern:pat $(if $guard:expr)?) => {
        |fact: &StreamFact| matches!(fact, StreamFact::Outside($pattern) $(if $guard)?)
    };
}
pub(crate) use {master, outside, worker};
