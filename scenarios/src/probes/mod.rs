//! Probes: named states that a night of runs must reach, or its storms were not real. One pass over a recording; never a judgement.
//!
//! `table` lists them; the other files are folds over the notes, one for each part of the system.

mod table;

mod clients;
mod commits;
mod curator;
mod elections;
mod ensemble;
mod files;
mod local;
mod logs;
mod outcomes;
mod quorums;
mod access;
mod reaping;
mod sessions;
mod streams;
mod syncs;
mod watches;
mod world;

#[cfg(test)]
mod tests;

use vocab::fact::Fact;
use vocab::recording::{Note, Recording};

use ensemble::Ensemble;

use table::Mark;
pub use table::{PROBES_MAX, Probe, probes};

/// Which probes a run has hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits([u64; PROBES_MAX / 64]);

impl Hits {
    /// Whether the probe at that place of [`probes`] was hit.
    pub fn has(self, probe: usize) -> bool {
        self.0[probe / 64] >> (probe % 64) & 1 == 1
    }

    /// The probes that were hit, in the order of [`probes`].
    pub fn probes(self) -> impl Iterator<Item = &'static Probe> {
        probes().iter().enumerate().filter(move |(i, _)| self.has(*i)).map(|(_, probe)| probe)
    }

    fn mark(&mut self, mark: Mark) {
        self.0[mark as usize / 64] |= 1 << (mark as usize % 64);
    }

    fn mark_if(&mut self, mark: Mark, condition: bool) {
        if condition {
            self.mark(mark);
        }
    }
}

/// One part's fold over the notes. `before` is the ensemble as it was before the note.
trait Fold {
    fn see(&mut self, note: &Note<Fact>, before: &Ensemble<'_>, hits: &mut Hits);
}

/// Which probes a recording hits.
pub fn hit(recording: &Recording) -> Hits {
    let plan = &recording.plan;
    let mut hits = Hits::default();
    let mut ensemble = Ensemble::new(plan);
    let mut world = world::World::default();
    let mut elections = elections::Elections::new(plan);
    let mut syncs = syncs::Syncs::new(plan);
    let mut logs = logs::Logs::new(plan);
    let mut files = files::Files::new(plan);
    let mut commits = commits::Commits::new(plan);
    let mut sessions = sessions::Sessions::new(plan);
    let mut outcomes = outcomes::Outcomes::default();
    let mut clients = clients::Clients::default();
    let mut watches = watches::Watches::default();
    let mut access = access::Access::default();
    let mut quorums = quorums::Quorums::new(plan);
    let mut local = local::Local::default();
    let mut reaping = reaping::Reaping::default();
    let mut curators = curator::Curators::default();
    let mut streams = streams::Streams::new(plan);
    for note in &recording.notes {
        world.see(note, &ensemble, &mut hits);
        match &note.fact {
            Fact::World(_) | Fact::Stream(_) => {}
            Fact::Replica(_) => {
                reaping.see(note, &ensemble, &mut hits);
                outcomes.see(note, &ensemble, &mut hits);
                clients.see(note, &ensemble, &mut hits);
            }
            Fact::Client(_) => {
                outcomes.see(note, &ensemble, &mut hits);
                clients.see(note, &ensemble, &mut hits);
                watches.see(note, &ensemble, &mut hits);
                access.see(note, &ensemble, &mut hits);
            }
        }
        if !matches!(note.fact, Fact::Client(_)) {
            elections.see(note, &ensemble, &mut hits);
            syncs.see(note, &ensemble, &mut hits);
            logs.see(note, &ensemble, &mut hits);
            files.see(note, &ensemble, &mut hits);
            commits.see(note, &ensemble, &mut hits);
        }
        sessions.see(note, &ensemble, &mut hits);
        quorums.see(note, &ensemble, &mut hits);
        local.see(note, &ensemble, &mut hits);
        curators.see(note, &ensemble, &mut hits);
        if let Some(streams) = &mut streams {
            streams.see(note, &ensemble, &mut hits);
        }
        ensemble.see(note);
    }
    outcomes.end(recording, &mut hits);
    quorums.end(&mut hits);
    world.end(recording, &mut hits);
    hits
}
