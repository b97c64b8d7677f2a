//! Probes: named states of the service that a night of runs must reach, or its storms were not real. One pass over the
//! evidence; never a judgement.
//!
//! `table` lists them, `roles` follows who does what; the other files are folds over the notes, one for each part of
//! the service.

mod table;
mod roles;

mod access;
mod clients;
mod commits;
mod curator;
mod elections;
mod files;
mod local;
mod logs;
mod outcomes;
mod quorums;
mod reaping;
mod sessions;
mod syncs;
mod watches;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::{Heard, Marks, NoteIndex, Probes};
use zookeeper_models::{Evidence, Zookeeper as Law};
use zookeeper_words::fact::Fact;
use zookeeper_words::service::Op;
use zookeeper_words::settings::Settings;

use roles::Roles;
use table::{Mark, PROBES};

/// All probes of the service.
pub fn probes() -> Probes<Law> {
    Probes::<Law>::found(PROBES, look)
}

type PlanView<'p> = contract::plan::PlanView<'p, Settings>;

/// The probes that are hit.
struct Hits<'m, 'h>(&'m mut Marks<'h>);

impl Hits<'_, '_> {
    fn mark(&mut self, mark: Mark) {
        self.0.mark(mark as usize);
    }

    fn mark_if(&mut self, mark: Mark, condition: bool) {
        if condition {
            self.mark(mark);
        }
    }
}

/// A note of the recording.
struct Note<'e> {
    at_ns: u64,
    machine: MachineId,
    what: Heard<'e, Fact>,
    /// The request that the note ends, if it tells of a reply, or that a request was given up.
    ends: Option<&'e Op>,
}

/// One part's fold over the notes. `before` is who did what before the note.
trait Fold {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>);
}

/// Which probes the evidence hits.
fn look(evidence: &Evidence<'_>, marks: &mut Marks<'_>) {
    let (plan, ending) = (evidence.view.plan, evidence.view.ending);
    let mut hits = Hits(marks);
    let mut roles = Roles::new(plan);
    let mut world = world::World::default();
    let mut elections = elections::Elections::new(plan);
    let mut syncs = syncs::Syncs::new(plan);
    let mut logs = logs::Logs::new(plan);
    let mut files = files::Files::new(plan);
    let mut commits = commits::Commits::new(plan);
    let mut sessions = sessions::Sessions::new(plan);
    let mut outcomes = outcomes::Outcomes::default();
    let mut clients = clients::Clients::new(&evidence.users);
    let mut watches = watches::Watches::default();
    let mut access = access::Access::default();
    let mut quorums = quorums::Quorums::new(plan);
    let mut local = local::Local::default();
    let mut reaping = reaping::Reaping::default();
    let mut curators = curator::Curators::new(&evidence.clients);
    let mut ended = ended(evidence).into_iter().peekable();
    for (at, note) in (0..).zip(&evidence.view.notes) {
        let ends = ended.next_if(|(ending, _)| *ending == at).map(|(_, op)| op);
        let note = Note { at_ns: note.at_ns, machine: note.machine, what: note.what, ends };
        world.see(&note, &roles, &mut hits);
        match note.what {
            Heard::World(_) | Heard::Else => {}
            Heard::Said(Fact::Replica(_)) => {
                reaping.see(&note, &roles, &mut hits);
                outcomes.see(&note, &roles, &mut hits);
                clients.see(&note, &roles, &mut hits);
            }
            Heard::Said(Fact::Client(_)) => {
                outcomes.see(&note, &roles, &mut hits);
                clients.see(&note, &roles, &mut hits);
                watches.see(&note, &roles, &mut hits);
                access.see(&note, &roles, &mut hits);
            }
        }
        if matches!(note.what, Heard::World(_) | Heard::Said(Fact::Replica(_))) {
            elections.see(&note, &roles, &mut hits);
            syncs.see(&note, &roles, &mut hits);
            logs.see(&note, &roles, &mut hits);
            files.see(&note, &roles, &mut hits);
            commits.see(&note, &roles, &mut hits);
        }
        sessions.see(&note, &roles, &mut hits);
        quorums.see(&note, &roles, &mut hits);
        local.see(&note, &roles, &mut hits);
        curators.see(&note, &roles, &mut hits);
        roles.see(&note);
    }
    outcomes.end(ending, &mut hits);
    quorums.end(&mut hits);
    world.end(ending, &mut hits);
}

/// The notes that end requests, in order, each with its request: of two requests that one note ends, the later one.
fn ended<'e>(evidence: &'e Evidence<'_>) -> BTreeMap<NoteIndex, &'e Op> {
    let ends = evidence.clients.requests.iter().flat_map(|request| {
        let returned = request.returned.map(|returned| returned.note);
        returned.into_iter().chain(request.unknown).map(|note| (note, request.op))
    });
    ends.collect()
}
