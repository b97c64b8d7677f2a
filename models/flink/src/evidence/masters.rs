//! What each fact of a master adds to the picture. Never a judgement of it.

use contract::ids::MachineId;
use flink_words::fact::MasterFact;
use judging::NoteIndex;
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId};

use super::entries::{Checkpoint, Grant, Job, Restore, Task};
use super::stream::Stream;

impl<'r> Stream<'r> {
    /// A job is as its execution plan says, whoever said so first.
    fn planned(&mut self, job: JobId, parallelism: u16, from: Option<(JobId, CheckpointId)>) -> &mut Job {
        let known = self.jobs.entry(job).or_default();
        known.parallelism.get_or_insert(parallelism);
        known.from = known.from.or(from);
        known
    }

    pub(super) fn master(&mut self, note: NoteIndex, machine: MachineId, fact: &'r MasterFact) {
        match fact {
            MasterFact::Granted { leader, node } => {
                self.grant_of.entry(*leader).or_insert(self.grants.len());
                let node = node.rsplit('/').next().unwrap_or(node);
                self.grants.push(Grant { leader: *leader, machine, node, note, over: None, position: None });
            }
            MasterFact::Revoked { leader } => {
                if let Some(grant) = self.grant_of.get(leader) {
                    self.grants[*grant].over.get_or_insert(note);
                }
            }
            MasterFact::Submitted { job, parallelism, from, .. } => {
                self.planned(*job, *parallelism, *from).submitted.push(note);
            }
            // Who submitted it may have died before it could say so.
            MasterFact::Recovered { job, parallelism, from, .. } => {
                self.planned(*job, *parallelism, *from);
            }
            MasterFact::ResultStored { job, status, dirty, .. } => self.jobs.entry(*job).or_default().results.push((note, *status, *dirty)),
            MasterFact::Restoring { leader, job, from, tasks, global } => {
                self.jobs.entry(*job).or_default();
                let restore = self.restores.len();
                self.restores.push(Restore { note, leader: *leader, job: *job, from: *from, tasks, global: *global });
                for attempt in tasks {
                    self.task_mut(*attempt).restore.get_or_insert(restore);
                }
            }
            MasterFact::Deploying { attempt, worker } => drop(self.task_mut(*attempt).deploying.get_or_insert((note, *worker))),
            MasterFact::TaskFailed { attempt, .. } => drop(self.task_mut(*attempt).failed.get_or_insert(note)),
            MasterFact::Triggered { leader, job, checkpoint, kind, tasks, unassigned, .. } => {
                self.checkpoint_of.entry((*job, *checkpoint)).or_default().push(self.checkpoints.len());
                self.checkpoints.push(Checkpoint {
                    leader: *leader,
                    job: *job,
                    id: *checkpoint,
                    kind: *kind,
                    tasks,
                    unassigned,
                    triggered: note,
                    acks: vec![],
                    finalized: None,
                    added: vec![],
                    completed: vec![],
                    aborted: vec![],
                    notifying: vec![],
                    durable: None,
                    cuts: Default::default(),
                });
            }
            MasterFact::AckReceived { leader, checkpoint, attempt, outcome } => {
                if let Some(checkpoint) = self.of_grant(*leader, attempt.job, *checkpoint) {
                    checkpoint.acks.push((note, *attempt, *outcome));
                }
            }
            MasterFact::Finalized { leader, job, checkpoint, metadata, blobs } => {
                if let Some(checkpoint) = self.of_grant(*leader, *job, *checkpoint) {
                    checkpoint.finalized.get_or_insert((note, metadata, blobs));
                }
            }
            MasterFact::Added { leader, job, checkpoint, outcome } => {
                if let Some(checkpoint) = self.of_grant(*leader, *job, *checkpoint) {
                    checkpoint.added.push((note, *outcome));
                }
            }
            MasterFact::Completed { leader, job, checkpoint, mono_ms, .. } => {
                if let Some(checkpoint) = self.of_grant(*leader, *job, *checkpoint) {
                    checkpoint.completed.push((note, *mono_ms));
                }
            }
            MasterFact::Aborted { leader, job, checkpoint, why } => {
                if let Some(checkpoint) = self.of_grant(*leader, *job, *checkpoint) {
                    checkpoint.aborted.push((note, why));
                }
            }
            MasterFact::Notifying { leader, job, checkpoint, .. } => {
                if let Some(checkpoint) = self.of_grant(*leader, *job, *checkpoint) {
                    checkpoint.notifying.push(note);
                }
            }
            MasterFact::Started
            | MasterFact::Status { .. }
            | MasterFact::WorkerRegistered { .. }
            | MasterFact::WorkerLost { .. }
            | MasterFact::RestartDecided { .. }
            | MasterFact::SplitAssigned { .. }
            | MasterFact::TriggerAsked { .. }
            | MasterFact::TriggerEnded { .. }
            | MasterFact::FailureCounted { .. }
            | MasterFact::Subsumed { .. }
            | MasterFact::Discarding { .. }
            | MasterFact::CleanedUp { .. }
            | MasterFact::Done { .. } => {}
        }
    }

    /// The checkpoint of this number that was last triggered under this grant.
    fn of_grant(&mut self, leader: LeaderId, job: JobId, id: CheckpointId) -> Option<&mut Checkpoint<'r>> {
        let all = self.checkpoint_of.get(&(job, id))?;
        let at = all.iter().rev().find(|at| self.checkpoints[**at].leader == leader)?;
        Some(&mut self.checkpoints[*at])
    }

    pub(super) fn task_mut(&mut self, attempt: AttemptId) -> &mut Task<'r> {
        let at = *self.task_of.entry(attempt).or_insert_with(|| {
            self.tasks.push(Task {
                id: attempt,
                restore: None,
                deploying: None,
                machine: None,
                deployed: None,
                running: None,
                ended: None,
                failed: None,
                snapshots: vec![],
                notified: vec![],
            });
            self.tasks.len() - 1
        });
        &mut self.tasks[at]
    }
}
