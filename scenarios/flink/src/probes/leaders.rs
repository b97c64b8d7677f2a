//! Leaders: who believed to lead, when one followed another, and what was under way then.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use flink_words::fact::{Fact, MasterFact, StreamFact, WorkerFact};
use flink_words::ids::WorkerId;
use flink_words::master::AddOutcome;
use judging::{Heard, NoteView};
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId};
use zookeeper_words::fact::{self as service, ClientFact, ConnectionState, ReplicaFact};
use zookeeper_words::ids::SessionId;

use super::is_end;
use super::table::Mark;
use super::{Fold, Hits, Plan};

/// A master that believes to lead, and what it has under way.
#[derive(Default)]
struct Reign {
    leader: LeaderId,
    pending: BTreeSet<CheckpointId>,
    /// Added, and nobody told yet.
    untold: BTreeSet<CheckpointId>,
    /// Attempts that have been sent out and do not run yet.
    starting: BTreeSet<AttemptId>,
    /// Jobs with a result whose data is still there.
    dirty: BTreeSet<JobId>,
}

/// How a machine's session stands.
#[derive(Default)]
struct Link {
    session: SessionId,
    is_suspended: bool,
}

#[derive(Default)]
pub(super) struct Leaders {
    reigns: BTreeMap<MachineId, Reign>,
    /// The last grant, and whose.
    last: Option<(LeaderId, MachineId)>,
    links: BTreeMap<MachineId, Link>,
    expired: BTreeSet<SessionId>,
    /// The leader that a worker's life heeded last.
    heeded: BTreeMap<WorkerId, LeaderId>,
    /// The life that a worker's machine is in.
    lives: BTreeMap<MachineId, WorkerId>,
}

impl Leaders {
    /// A master leads no more, by its own word or by its end.
    fn lost(&mut self, master: MachineId, hits: &mut Hits<'_, '_>) {
        let Some(reign) = self.reigns.remove(&master) else { return };
        hits.mark_if(Mark::LostPending, !reign.pending.is_empty());
        hits.mark_if(Mark::LostUntold, !reign.untold.is_empty());
        hits.mark_if(Mark::LostRestoring, !reign.starting.is_empty());
        hits.mark_if(Mark::LostCleaning, !reign.dirty.is_empty());
    }

    /// Whether a master that believes to lead is being deposed, or has been: another leads, its session is gone, or it
    /// has no connection.
    fn is_deposed(&self, master: MachineId, leader: LeaderId) -> bool {
        let link = self.links.get(&master);
        self.last.is_some_and(|(last, _)| last != leader) || link.is_some_and(|link| link.is_suspended || self.expired.contains(&link.session))
    }

    fn master(&mut self, master: MachineId, fact: &MasterFact, hits: &mut Hits<'_, '_>) {
        if let MasterFact::Granted { leader, .. } = fact {
            hits.mark_if(Mark::TwoMasters, self.reigns.keys().any(|other| *other != master));
            if let Some((last, by)) = self.last.replace((*leader, master)) {
                hits.mark_if(Mark::MasterFailover, by != master);
                hits.mark_if(Mark::MasterAgain, by == master && last != *leader);
            }
            self.reigns.insert(master, Reign { leader: *leader, ..Reign::default() });
            return;
        }
        let deposed = |leader: &LeaderId| self.is_deposed(master, *leader);
        match fact {
            MasterFact::Completed { leader, .. } => hits.mark_if(Mark::CompletedDeposed, deposed(leader)),
            MasterFact::Added { leader, outcome: AddOutcome::Added | AddOutcome::Assumed, .. } => {
                hits.mark_if(Mark::AddedDeposed, self.last.is_some_and(|(last, _)| last != *leader));
            }
            MasterFact::Revoked { .. } => self.lost(master, hits),
            _ => {}
        }
        let Some(reign) = self.reigns.get_mut(&master) else { return };
        match fact {
            MasterFact::Recovered { checkpoints, .. } => {
                hits.mark_if(Mark::Recovered, !checkpoints.is_empty());
                hits.mark_if(Mark::RecoveredSeveral, checkpoints.len() > 1);
            }
            MasterFact::Triggered { checkpoint, .. } => drop(reign.pending.insert(*checkpoint)),
            MasterFact::Aborted { checkpoint, .. } => drop(reign.pending.remove(checkpoint)),
            MasterFact::Added { checkpoint, outcome: AddOutcome::Added | AddOutcome::Assumed, .. } => drop(reign.untold.insert(*checkpoint)),
            MasterFact::Completed { checkpoint, kind, .. } => {
                reign.pending.remove(checkpoint);
                // The tasks of a stopping savepoint are told when what follows it is stored.
                reign.untold.extend(kind.stops().then_some(*checkpoint));
            }
            MasterFact::Notifying { checkpoint, .. } => drop(reign.untold.remove(checkpoint)),
            MasterFact::Restoring { tasks, .. } => reign.starting.extend(tasks),
            MasterFact::TaskFailed { attempt, .. } => drop(reign.starting.remove(attempt)),
            MasterFact::ResultStored { job, dirty: true, .. } => drop(reign.dirty.insert(*job)),
            MasterFact::CleanedUp { job, .. } => {
                hits.mark(Mark::CleanedUp);
                reign.dirty.remove(job);
            }
            _ => {}
        }
    }

    fn worker(&mut self, machine: MachineId, fact: &WorkerFact, hits: &mut Hits<'_, '_>) {
        match fact {
            WorkerFact::Started { worker, .. } => drop(self.lives.insert(machine, *worker)),
            WorkerFact::Registered { worker, leader } => {
                let before = self.heeded.insert(*worker, *leader);
                hits.mark_if(Mark::WorkerNewLeader, before.is_some_and(|before| before != *leader));
            }
            WorkerFact::Refused { .. } => hits.mark(Mark::TokenRefused),
            WorkerFact::LeaderLost { .. } => hits.mark(Mark::WorkerLostLeader),
            WorkerFact::Running { attempt, .. } => {
                for reign in self.reigns.values_mut().filter(|reign| reign.leader == attempt.leader) {
                    reign.starting.remove(attempt);
                }
                hits.mark_if(Mark::ZombieTask, self.last.is_some_and(|(last, _)| last != attempt.leader));
            }
            _ => {}
        }
    }

    /// How the sessions of masters stand.
    fn service(&mut self, machine: MachineId, fact: &service::Fact) {
        match fact {
            service::Fact::Client(ClientFact::Attached { session, .. }) => {
                self.links.insert(machine, Link { session: *session, is_suspended: false });
            }
            service::Fact::Client(ClientFact::Connection(ConnectionState::Suspended)) => {
                if let Some(link) = self.links.get_mut(&machine) {
                    link.is_suspended = true;
                }
            }
            service::Fact::Client(_) => {}
            service::Fact::Replica(ReplicaFact::SessionExpired { session, .. }) => drop(self.expired.insert(*session)),
            service::Fact::Replica(_) => {}
        }
    }
}

impl Fold for Leaders {
    fn see(&mut self, note: &NoteView<'_, Fact>, _: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::Said(Fact::Stream(StreamFact::Master(fact))) => self.master(note.machine, fact, hits),
            Heard::Said(Fact::Stream(StreamFact::Worker(fact))) => self.worker(note.machine, fact, hits),
            Heard::Said(Fact::Service(fact)) => self.service(note.machine, fact),
            Heard::World(happening) if is_end(happening) => {
                self.links.remove(&note.machine);
                self.lost(note.machine, hits);
            }
            Heard::Said(Fact::Stream(StreamFact::Outside(_))) | Heard::World(_) | Heard::Else => {}
        }
    }
}
