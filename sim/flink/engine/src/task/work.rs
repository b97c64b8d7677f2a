//! What a task does with elements: it reads a topic, runs an operator, or writes rows out. Never a channel or a
//! barrier.

use flink_words::settings::SinkKind;
use outside_words::ids::CheckpointId;

use super::context::TaskContext;
use super::restoring::Restored;
use super::sink::{Idempotent, Origin, Sink, TwoPhase};
use super::source::SourceReader;
use crate::job::{Placement, Role};
use crate::message::Deployment;
use crate::operator::Operator;

/// A task's work.
#[derive(Clone, Debug)]
pub enum Work {
    /// Reads, and lets a chained operator have the records first.
    Source {
        /// The reader.
        reader: SourceReader,
        /// The operator.
        chain: Option<Box<Operator>>,
    },
    /// Runs an operator.
    Operator(Box<Operator>),
    /// Writes rows out.
    Sink(Box<Sink>),
    /// The subtask had finished before the checkpoint that it began from: it only says so.
    Finished,
}

impl Work {
    /// The work of a vertex, over what it begins from.
    pub fn new(role: &Role, placement: Placement, restored: &Restored, by: CheckpointId, deployment: &Deployment, context: &mut TaskContext) -> Work {
        let operator = |kind| Box::new(Operator::new(kind, placement));
        match role {
            Role::Source { chain, .. } => {
                let mut reader = SourceReader::default();
                reader.restore(&restored.unkeyed.splits, context);
                Work::Source { reader, chain: chain.as_ref().map(operator) }
            }
            Role::Operator(kind) => {
                let mut operator = operator(kind);
                operator.restore(restored.state.clone());
                Work::Operator(operator)
            }
            Role::Sink => Work::Sink(Box::new(match context.plan.sink {
                SinkKind::TwoPhase => {
                    let own = Origin { job: context.attempt.job, subtask: context.attempt.subtask, next: restored.unkeyed.next_txn };
                    Sink::TwoPhase(TwoPhase::new(own, deployment.token, restored.origins.clone(), restored.unkeyed.committables.clone(), by, context))
                }
                SinkKind::Idempotent => Sink::Idempotent(Idempotent::new(deployment.kind, deployment.token)),
            })),
        }
    }

    /// Whether it takes more input.
    pub fn is_available(&self) -> bool {
        match self {
            Work::Sink(sink) => sink.is_available(),
            Work::Source { .. } | Work::Operator(_) | Work::Finished => true,
        }
    }

    /// Whether its state can be fixed.
    pub fn is_flushed(&self) -> bool {
        match self {
            Work::Sink(sink) => sink.is_flushed(),
            Work::Source { .. } | Work::Operator(_) | Work::Finished => true,
        }
    }

    /// Whether nothing is left to be done outside.
    pub fn is_done(&self) -> bool {
        match self {
            Work::Sink(sink) => sink.is_done(),
            Work::Source { .. } | Work::Operator(_) | Work::Finished => true,
        }
    }

    /// Asks the outside for what is due.
    pub fn ask(&mut self, context: &mut TaskContext) {
        match self {
            Work::Source { reader, .. } => reader.ask(context),
            Work::Sink(sink) => sink.ask(context),
            Work::Operator(_) | Work::Finished => {}
        }
    }
}
