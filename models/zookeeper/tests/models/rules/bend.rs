//! How a test bends a tale of the service in one place, and looks which rules that breaks. It knows no rule.

use std::sync::Arc;

use contract::ids::MachineId;
use contract::recording::{Note, Noted};
use contract::verdict::Judgement;
use judging::{Outcome, View};
use zookeeper_models::evidence::users::Guest;
use zookeeper_models::{Evidence, rules};
use zookeeper_words::Recording;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact};
use zookeeper_words::ids::Epoch;
use zookeeper_words::service::Transaction;
use zookeeper_words::settings::WorkloadKind;

use super::lawful::tale as lawful;
pub use crate::tale::bend::{append, hasten, nth, remove, repeat};
use crate::tale::{A, B, C, Client, Tale, bend};

pub type Notes = Vec<Note<Fact>>;

/// Judges a recording of the service alone.
pub fn judge(recording: &Recording) -> Judgement {
    judge_with(recording, &[])
}

/// Judges a recording of the service, of which these machines are guests.
pub fn judge_with(recording: &Recording, guests: &[Guest]) -> Judgement {
    let outcome = Outcome { ending: &recording.ending, events: recording.events, bound_ms: recording.plan.heal.bound_ms };
    judging::judge(&rules(), &Evidence::read_with_guests(View::of(recording), guests), outcome)
}

/// The names of all rules by which a recording of the service is judged.
pub fn ids() -> Vec<&'static str> {
    rules().all().iter().map(|rule| rule.id).collect()
}

/// The rules that a recording breaks, the one to blame first.
pub fn broken(recording: &Recording) -> Vec<String> {
    broken_with(recording, &[])
}

/// The same, of a service that these machines are guests of.
pub fn broken_with(recording: &Recording, guests: &[Guest]) -> Vec<String> {
    bend::broken(judge_with(recording, guests).verdict)
}

pub fn check(id: &str, bend: impl FnOnce(&mut Notes)) {
    let mut tale = lawful();
    bend(&mut tale.recording.notes);
    check_tale(id, &tale);
}

pub fn check_tale(id: &str, tale: &Tale) {
    assert!(ids().contains(&id), "{id} is no rule");
    let broken = broken(&tale.recording);
    assert!(broken.iter().any(|rule| rule == id), "{id} should be among {broken:?}");
}

pub fn replica(is: impl Fn(MachineId, &ReplicaFact) -> bool) -> impl Fn(MachineId, &Noted<Fact>) -> bool {
    move |machine, what| matches!(what, Noted::Said(Fact::Replica(fact)) if is(machine, fact))
}

pub fn client(is: impl Fn(&ClientFact) -> bool) -> impl Fn(MachineId, &Noted<Fact>) -> bool {
    move |_, what| matches!(what, Noted::Said(Fact::Client(fact)) if is(fact))
}

pub fn edit_replica(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &ReplicaFact) -> bool, edit: impl Fn(&mut ReplicaFact)) {
    let at = nth(notes, n, replica(is));
    let Noted::Said(Fact::Replica(fact)) = &mut notes[at].what else { unreachable!() };
    edit(fact);
}

pub fn edit_client(notes: &mut Notes, n: usize, is: impl Fn(&ClientFact) -> bool, edit: impl Fn(&mut ClientFact)) {
    let at = nth(notes, n, client(is));
    let Noted::Said(Fact::Client(fact)) = &mut notes[at].what else { unreachable!() };
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

/// An ensemble with one client, and nothing done yet.
pub fn short(followers: &[MachineId]) -> (Tale, Client) {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers, WorkloadKind::Registers]);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), followers);
    let client = tale.open(0, 0x100, A);
    (tale, client)
}
