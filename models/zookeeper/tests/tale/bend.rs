//! How a test bends a tale in one place, and which rules a verdict says are broken. It knows no rule.

use contract::ids::MachineId;
use contract::recording::{Note, Noted};
use contract::verdict::Verdict;

/// The rules that a verdict says are broken, the one to blame first.
pub fn broken(verdict: Verdict) -> Vec<String> {
    match verdict {
        Verdict::Holds => vec![],
        Verdict::Crashed { place, .. } => panic!("{place}"),
        Verdict::Broken { rule, witness } | Verdict::Stuck { rule, witness } => {
            let also = witness.split_once("(also broken: ").and_then(|(_, also)| also.split_once(')')).map_or("", |(also, _)| also);
            std::iter::once(rule).chain(also.split(", ").filter(|id| !id.is_empty()).map(str::to_owned)).collect()
        }
    }
}

/// The place of the n-th note, from 0, that is so.
pub fn nth<F>(notes: &[Note<F>], n: usize, is: impl Fn(MachineId, &Noted<F>) -> bool) -> usize {
    let mut all = notes.iter().enumerate().filter(|(_, note)| is(note.machine, &note.what));
    all.nth(n).map(|(at, _)| at).unwrap_or_else(|| panic!("the tale has no such note number {n}"))
}

/// Removes the n-th note that is so.
pub fn remove<F>(notes: &mut Vec<Note<F>>, n: usize, is: impl Fn(MachineId, &Noted<F>) -> bool) {
    let at = nth(notes, n, is);
    notes.remove(at);
}

/// Repeats the n-th note that is so, at once.
pub fn repeat<F: Clone>(notes: &mut Vec<Note<F>>, n: usize, is: impl Fn(MachineId, &Noted<F>) -> bool) {
    let at = nth(notes, n, is);
    notes.insert(at, notes[at].clone());
}

/// Swaps the n-th note that is so with the one before.
pub fn hasten<F>(notes: &mut [Note<F>], n: usize, is: impl Fn(MachineId, &Noted<F>) -> bool) {
    let at = nth(notes, n, is);
    notes.swap(at - 1, at);
}

/// Says something more at the end.
pub fn append<F>(notes: &mut Vec<Note<F>>, machine: MachineId, fact: impl Into<F>) {
    let at_ns = notes.last().map_or(0, |note| note.at_ns);
    notes.push(Note { at_ns, machine, what: Noted::Said(fact.into()) });
}
