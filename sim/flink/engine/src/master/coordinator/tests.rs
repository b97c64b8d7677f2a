//! Laws of the coordinator, whatever order acknowledgements, declines, timeouts, failures and answers come in. Its blob
//! store and coordination service answer as the story wants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::plant::Plants;
use contract::process::Effects;
use contract::time::{MILLISECOND, Now};
use flink_words::fact::{Fact, MasterFact, StreamFact};
use flink_words::job::JobKind;
use flink_words::settings::{Fencing, StreamMachines, StreamPlan};
use flink_words::state::SnapshotKind;
use outside::{AskId, Caller, Lost};
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, Subtask, VertexId};
use outside_words::message::Answer;
use proptest::prelude::*;
use zookeeper_client::curator::store::{Fence, StateHandleStore};
use zookeeper_client::curator::{Answer as Answered, CallError, CallId, Curator, Lots, Notice, Tries as Tried, Uuid};
use zookeeper_words::service::{ErrorCode, Reply};

use super::archive::Archive;
use super::failures::Reason;
use super::{Coordinator, Participants};
use crate::config::Config;
use crate::coordination;
use crate::master::context::MasterContext;
use crate::master::workers::Workers;
use crate::message::Message;
use crate::snapshot::SubtaskSnapshot;

/// Tasks of the job.
const TASKS: u16 = 3;
/// The checkpoint timeout, in ms.
const TIMEOUT_MS: u32 = 1_000;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Move {
    Ask { savepoint: bool },
    Number { given: bool },
    Acknowledge { checkpoint: u64, task: u16, old: bool },
    Decline { checkpoint: u64, task: u16 },
    Pass { ms: u64 },
    FailOver,
    Blob { kept: bool },
    Service { answered: bool },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => any::<bool>().prop_map(|savepoint| Move::Ask { savepoint }),
        4 => prop::bool::weighted(0.9).prop_map(|given| Move::Number { given }),
        12 => (1..8_u64, 0..TASKS, prop::bool::weighted(0.1)).prop_map(|(checkpoint, task, old)| Move::Acknowledge { checkpoint, task, old }),
        1 => (1..8_u64, 0..TASKS).prop_map(|(checkpoint, task)| Move::Decline { checkpoint, task }),
        2 => (1..700_u64).prop_map(|ms| Move::Pass { ms }),
        1 => Just(Move::FailOver),
        5 => prop::bool::weighted(0.9).prop_map(|kept| Move::Blob { kept }),
        8 => prop::bool::weighted(0.9).prop_map(|answered| Move::Service { answered }),
    ];
    prop::collection::vec(one, 0..120)
}

/// A coordinator with nobody around it.
struct Stage {
    config: Config,
    curator: Curator,
    blobs: Caller,
    workers: Workers,
    lots: Lots,
    now_ms: u64,
    coordinator: Coordinator,
    next_id: u64,
    number: u32,
    blob_answers: u64,
    answered: BTreeSet<u64>,
    facts: Vec<MasterFact>,
}

impl Stage {
    fn new(fencing: Fencing) -> Stage {
        let mut plan = StreamPlan { fencing, ..crate::operator::tests::plan(JobKind::Q0) };
        (plan.checkpoints.timeout_ms, plan.checkpoints.max_concurrent, plan.checkpoints.tolerable_failures) = (TIMEOUT_MS, 2, 100);
        let machines = StreamMachines::new(1, &plan);
        let config = Config { me: MachineId(1), plan: Arc::new(plan), plants: Plants::none(), machines, servers: vec![MachineId(0)], lot: 1 };
        let (leader, job) = (LeaderId(1), JobId(1));
        let mut curator = Curator::new(coordination::settings(&config), 1);
        curator.start(Now { mono_ns: 0, wall_ns: 0 }, &mut Effects::new(ConnId(1)));
        let store = StateHandleStore { root: "/c".into(), lock: Uuid(1), fence: Fence::None };
        let archive = Archive::new(leader, job, store, 1, Vec::new());
        let (mut blobs, mut workers, mut lots) = (Caller::new(machines.blobs()), Workers::new(leader, 500, 2_500), Lots::new(1));
        let mut out = Effects::new(ConnId(1));
        let now = Now { mono_ns: 0, wall_ns: 0 };
        let context = MasterContext { config: &config, curator: &mut curator, blobs: &mut blobs, workers: &mut workers, lots: &mut lots, now, out: &mut out };
        let coordinator = Coordinator::new(leader, job, 1, archive, &context);
        let answered = BTreeSet::new();
        Stage { config, curator, blobs, workers, lots, now_ms: 0, coordinator, next_id: 1, number: 1, blob_answers: 0, answered, facts: Vec::new() }
    }

    fn act<R>(&mut self, act: impl FnOnce(&mut Coordinator, &mut MasterContext) -> R) -> R {
        let mut out: Effects<Message, Fact> = Effects::new(ConnId(1));
        let now = Now { mono_ns: self.now_ms * MILLISECOND, wall_ns: 0 };
        let Stage { config, curator, blobs, workers, lots, coordinator, .. } = self;
        let result = act(coordinator, &mut MasterContext { config, curator, blobs, workers, lots, now, out: &mut out });
        let of_master = |fact| if let Fact::Stream(StreamFact::Master(fact)) = fact { Some(fact) } else { None };
        self.facts.extend(out.notes.into_iter().filter_map(of_master));
        self.coordinator.check().unwrap();
        result
    }

    fn task(&self, index: u16, number: u32) -> AttemptId {
        AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(0), index }, leader: LeaderId(1), number }
    }

    fn participants(&self) -> Result<Participants, &'static str> {
        let tasks: Vec<AttemptId> = (0..TASKS).map(|index| self.task(index, self.number)).collect();
        Ok(Participants { first: tasks.clone(), tasks, ..Participants::default() })
    }

    fn play(&mut self, step: Move) {
        let participants = self.participants();
        match step {
            Move::Ask { savepoint } => {
                let kind = if savepoint { SnapshotKind::Savepoint } else { SnapshotKind::Checkpoint };
                self.act(|coordinator, context| coordinator.request(kind, false, context));
                self.act(|coordinator, context| coordinator.next(&participants, context));
            }
            Move::Number { given } => {
                let number = if given { Ok(CheckpointId(self.next_id)) } else { Err("none".to_string()) };
                self.next_id += 1;
                self.act(|coordinator, context| coordinator.numbered(number, participants.clone(), context));
                self.act(|coordinator, context| coordinator.next(&participants, context));
            }
            Move::Acknowledge { checkpoint, task, old } => {
                let attempt = self.task(task, self.number.saturating_sub(u32::from(old)));
                self.act(|coordinator, context| coordinator.on_ack(attempt, CheckpointId(checkpoint), SubtaskSnapshot::default(), context));
            }
            Move::Decline { checkpoint, task } => {
                let attempt = self.task(task, self.number);
                self.act(|coordinator, context| coordinator.on_decline(attempt, CheckpointId(checkpoint), "story".into(), true, context));
            }
            Move::Pass { ms } => {
                self.now_ms += ms;
                self.act(Coordinator::on_time);
            }
            Move::FailOver => {
                self.number += 1;
                self.act(|coordinator, context| coordinator.abort_all(&Reason::Failover, context));
            }
            Move::Blob { kept } => {
                let id = AskId(self.blob_answers);
                if !self.blobs.is_pending(id) {
                    return;
                }
                self.blob_answers += 1;
                let result = if kept { Ok(Answer::Done) } else { Err(Lost) };
                self.act(|coordinator, context| {
                    let outcomes = coordinator.archive.on_blob(id, &result, context);
                    coordinator.on_archive(outcomes, context)
                });
            }
            Move::Service { answered } => self.service(answered),
        }
    }

    /// The oldest call that has no answer gets one.
    fn service(&mut self, answers: bool) {
        let calls = self.curator.look().into_iter().find(|(name, _)| *name == "calls").map(|(_, calls)| calls).unwrap_or_default();
        let mut open = calls.split(", ").filter_map(|call| {
            let mut words = call.split(' ');
            Some((words.next()?.parse::<u64>().ok()?, words.next()?.to_string()))
        });
        let Some((id, op)) = open.find(|(id, _)| !self.answered.contains(id)) else { return };
        self.answered.insert(id);
        let result = match op.as_str() {
            _ if !answers => Err(CallError::ConnectionLoss),
            "multi" => Ok(Reply::Multi(Vec::new())),
            "delete" => Ok(Reply::Done),
            _ => Err(CallError::Refused(ErrorCode::NoNode)),
        };
        let notice = Notice::Done { call: CallId(id), answer: Answered { result, tries: Tried::default() } };
        self.act(|coordinator, context| {
            let outcomes = coordinator.archive.on_notice(&notice, context);
            coordinator.on_archive(outcomes, context)
        });
    }

    /// All that is under way comes to an end.
    fn drain(&mut self) {
        for _ in 0..300 {
            self.play(Move::Number { given: true });
            self.play(Move::Pass { ms: u64::from(TIMEOUT_MS) });
            self.play(Move::Blob { kept: true });
            self.service(true);
        }
    }
}

proptest! {
    #[test]
    fn every_request_and_every_number_ends_once_and_nothing_is_told_before_it_is_durable(story in moves(), fenced in any::<bool>()) {
        let mut stage = Stage::new(if fenced { Fencing::Fenced } else { Fencing::Unfenced });
        for step in story {
            stage.play(step);
        }
        stage.drain();
        let (mut asked, mut ended) = (BTreeMap::new(), BTreeMap::new());
        let (mut triggered, mut durable) = (BTreeSet::new(), BTreeSet::new());
        let mut over: BTreeMap<CheckpointId, u32> = BTreeMap::new();
        for fact in &stage.facts {
            match fact {
                MasterFact::TriggerAsked { request, .. } => *asked.entry(*request).or_insert(0) += 1,
                MasterFact::TriggerEnded { request, .. } => *ended.entry(*request).or_insert(0) += 1,
                MasterFact::Triggered { checkpoint, tasks, .. } => {
                    prop_assert!(triggered.insert(*checkpoint));
                    prop_assert_eq!(tasks.len(), usize::from(TASKS));
                }
                MasterFact::Added { checkpoint, outcome, .. } => {
                    use flink_words::master::AddOutcome::{Added, Assumed};
                    if matches!(outcome, Added | Assumed) {
                        durable.insert(*checkpoint);
                    }
                }
                MasterFact::Completed { checkpoint, .. } | MasterFact::Aborted { checkpoint, .. } => *over.entry(*checkpoint).or_insert(0) += 1,
                MasterFact::Notifying { checkpoint, .. } => prop_assert!(durable.contains(checkpoint)),
                _ => {}
            }
        }
        prop_assert!(asked.iter().all(|(_, count)| *count == 1) && asked == ended, "asked {:?}, ended {:?}", asked, ended);
        prop_assert!(over.values().all(|count| *count == 1) && over.keys().copied().collect::<BTreeSet<_>>() == triggered, "triggered {:?}, over {:?}", triggered, over);
    }
}
