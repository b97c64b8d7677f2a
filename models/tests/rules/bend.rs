//! How a test bends a tale in one place, and looks which rules that breaks. It knows no rule.

use std::sync::Arc;

use models::judge;
use vocab::fact::{ClientFact, Fact, ReplicaFact};
use vocab::ids::{Epoch, MachineId};
use vocab::plan::WorkloadKind;
use vocab::recording::{Note, Recording};
use vocab::service::Transaction;
use vocab::verdict::Verdict;

use super::lawful::{A, B, C, tale as lawful};
use super::tale::{Client, Tale};

pub type Notes = Vec<Note<Fact>>;

/// The rules that a recording breaks, the one to blame first.
pub fn broken(recording: &Recording) -> Vec<String> {
    match judge(recording).verdict {
        Verdict::Holds => vec![],
        Verdict::Crashed { place, .. } => panic!("{place}"),
        Verdict::Broken { rule, witness } | Verdict::Stuck { rule, witness } => {
            let also = witness.split_once("(also broken: ").and_then(|(_, also)| also.split_once(')')).map_or("", |(also, _)| also);
            std::iter::once(rule).chain(also.split(", ").filter(|id| !id.is_empty()).map(str::to_owned)).collect()
        }
    }
}

pub fn check(id: &str, bend: impl FnOnce(&mut Notes)) {
    let mut tale = lawful();
    bend(&mut tale.recording.notes);
    check_tale(id, &tale);
}

pub fn check_tale(id: &str, tale: &Tale) {
    assert!(models::rule(id).is_some(), "{id} is no rule");
    let broken = broken(&tale.recording);
    assert!(broken.iter().any(|rule| rule == id), "{id} should be among {broken:?}");
}

/// The place of the n-th note, from 0, that is so.
pub fn nth(notes: &Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) -> usize {
    let mut all = notes.iter().enumerate().filter(|(_, note)| is(note.machine, &note.fact));
    all.nth(n).map(|(at, _)| at).unwrap_or_else(|| panic!("the tale has no such note number {n}"))
}

pub fn replica(is: impl Fn(MachineId, &ReplicaFact) -> bool) -> impl Fn(MachineId, &Fact) -> bool {
    move |machine, fact| matches!(fact, Fact::Replica(fact) if is(machine, fact))
}

pub fn client(is: impl Fn(&ClientFact) -> bool) -> impl Fn(MachineId, &Fact) -> bool {
    move |_, fact| matches!(fact, Fact::Client(fact) if is(fact))
}

/// Removes the n-th note that is so.
pub fn remove(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) {
    let at = nth(notes, n, is);
    notes.remove(at);
}

/// Repeats the n-th note that is so, at once.
pub fn repeat(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) {
    let at = nth(notes, n, is);
    notes.insert(at, notes[at].clone());
}

/// Swaps the n-th note that is so with the one before.
pub fn hasten(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) {
    let at = nth(notes, n, is);
    notes.swap(at - 1, at);
}

pub fn edit_replica(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &ReplicaFact) -> bool, edit: impl Fn(&mut ReplicaFact)) {
    let at = nth(notes, n, replica(is));
    let Fact::Replica(fact) = &mut notes[at].fact else { unreachable!() };
    edit(fact);
}

pub fn edit_client(notes: &mut Notes, n: usize, is: impl Fn(&ClientFact) -> bool, edit: impl Fn(&mut ClientFact)) {
    let at = nth(notes, n, client(is));
    let Fact::Client(fact) = &mut notes[at].fact else { unreachable!() };
    edit(fact);
}

pub fn edit_proposal(notes: &mut Notes, n: usize, edit: impl Fn(&mut Transaction)) {
    let writes = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Proposed { txn, .. } if txn.xid.0 != 0);
    edit_replica(notes, n, writes, |fact| {
        if let ReplicaFact::Proposed { txn, .. } = fact {
            edit(Arc::make_mut(txn));
        }
    });
}

pub fn append(notes: &mut Notes, machine: MachineId, fact: impl Into<Fact>) {
    let at_ns = notes.last().map_or(0, |note| note.at_ns);
    notes.push(Note { at_ns, machine, fact: fact.into() });
}

/// An ensemble with one client, and nothing done yet.
pub fn short(followers: &[MachineId]) -> (Tale, Client) {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers, WorkloadKind::Registers]);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), followers);
    let client = tale.open(0, 0x100, A);
    (tale, client)
}
