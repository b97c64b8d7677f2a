//! How a request becomes a pending checkpoint: queue, guards, plan, number, word to the first tasks
//! (startTriggeringCheckpoint). Never a request that does not end, whatever fails on the way (FLINK-27148).

use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use flink_words::plant::StreamPlant;
use flink_words::state::SnapshotKind;
use outside_words::ids::CheckpointId;

use super::super::context::MasterContext;
use super::pending::Pending;
use super::requests::{Next, Request, Standing};
use super::{Coordinator, Participants};
use crate::message::Down;

impl Coordinator {
    /// Whether the timer has come; if so it is set again.
    pub fn is_timer_due(&mut self, context: &MasterContext) -> bool {
        let interval_ns = u64::from(context.plan().checkpoints.interval_ms) * MILLISECOND;
        match &mut self.timer_ns {
            Some(timer_ns) if context.now.mono_ns >= *timer_ns => {
                // A fixed rate, without catching up on what a pause of the whole process has missed.
                *timer_ns = (*timer_ns + interval_ns).max(context.now.mono_ns + 1);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Somebody wants a checkpoint or savepoint.
    pub fn request(&mut self, kind: SnapshotKind, periodic: bool, context: &mut MasterContext) {
        let (leader, number) = (self.leader, self.next_request);
        self.next_request += 1;
        context.note(MasterFact::TriggerAsked { leader, request: number, kind, periodic });
        if let Some(refused) = self.requests.add(Request { number, kind, periodic, at_ms: context.mono_ms() }) {
            self.refuse(refused, "too-many-checkpoint-requests", context);
        }
    }

    /// The next request to be carried out, if one may be: the owner must then ask the counter for a number, or refuse
    /// it.
    pub fn next(&mut self, participants: &Result<Participants, &'static str>, context: &mut MasterContext) -> bool {
        loop {
            let standing = Standing {
                triggering: self.triggering.is_some(),
                // One that is being finalized is pending until it is in the store.
                pending: self.pending.len() + self.archive.adding(),
                cleaning: self.archive.cleaning(),
                completed_ms: self.completed_ms,
                now_ms: context.mono_ms(),
            };
            match self.requests.next(&standing) {
                Next::None => return false,
                Next::TooSoon(request, wait_ms) => {
                    self.refuse(request, "minimum-time-between-checkpoints", context);
                    // Rescheduled, unless the timer has been stopped meanwhile.
                    self.timer_ns = self.timer_ns.map(|_| context.after_ms(wait_ms));
                }
                Next::Go(request) => match participants {
                    Ok(_) => {
                        self.triggering = Some(request);
                        return true;
                    }
                    Err(why) => self.refuse(request, why, context),
                },
            }
        }
    }

    /// The counter gave a number, or none.
    pub fn numbered(
        &mut self,
        number: Result<CheckpointId, String>,
        participants: Result<Participants, &'static str>,
        context: &mut MasterContext,
    ) -> Option<CheckpointId> {
        let request = self.triggering.take()?;
        let (id, participants) = match (number, participants) {
            (Ok(id), Ok(participants)) => (id, participants),
            (Err(why), _) => {
                self.refuse(request, &why, context);
                return None;
            }
            (Ok(_), Err(why)) => {
                self.refuse(request, why, context);
                return None;
            }
        };
        let (leader, job) = (self.leader, self.job);
        context.note(MasterFact::TriggerEnded { leader, request: request.number, outcome: Ok(id) });
        let unassigned = participants.unassigned.values().flatten().copied().collect();
        context.note(MasterFact::Triggered {
            leader,
            job,
            checkpoint: id,
            kind: request.kind,
            periodic: request.periodic,
            tasks: participants.tasks.clone(),
            unassigned,
            mono_ms: context.mono_ms(),
        });
        let mut pending = Pending::new(id, request.kind, request.number, self.timeout_ns(context), participants.tasks);
        if context.has(StreamPlant::AckOfOldAttempt) {
            pending = pending.counting_any_attempt();
        }
        pending.finished = participants.finished;
        pending.unassigned = participants.unassigned;
        self.pending.insert(id, pending);
        for attempt in participants.first {
            context.tell(attempt, Down::Trigger { attempt, checkpoint: id, kind: request.kind });
        }
        Some(id)
    }

    /// All requests that wait, and the one that is being carried out, end without a checkpoint.
    pub(super) fn refuse_waiting(&mut self, why: &str, context: &mut MasterContext) {
        for request in self.requests.drain() {
            self.refuse(request, why, context);
        }
        // The number that is on its way is nobody's any more.
        if let Some(request) = self.triggering.take() {
            self.refuse(request, why, context);
        }
    }

    fn refuse(&mut self, request: Request, why: &str, context: &mut MasterContext) {
        let leader = self.leader;
        if request.kind.is_savepoint() {
            self.lost_savepoint = true;
        }
        context.note(MasterFact::TriggerEnded { leader, request: request.number, outcome: Err(why.into()) });
    }
}
