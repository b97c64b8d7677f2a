//! The names by which faults can speak of the stream engine, beside those of the service and of the outside: the calls of masters and workers, the packets of their network stack.

use contract::kinds::Kinds;

/// What masters, workers and tasks say to each other.
const MESSAGES: [&str; 26] = [
    "register-worker",
    "worker-heartbeat",
    "task-running",
    "task-ended",
    "acknowledge-checkpoint",
    "decline-checkpoint",
    "request-split",
    "worker-registered",
    "master-heartbeat",
    "deploy-task",
    "cancel-task",
    "trigger-checkpoint",
    "notify-complete",
    "notify-aborted",
    "assign-splits",
    "partition-request",
    "add-credit",
    "buffer",
    "barrier",
    "cancel-barrier",
    "end-of-data",
    "end-of-partition",
    "partition-not-found",
    "channel-closed",
    "keep-alive",
    "keep-alive-answer",
];

/// What faults can name.
pub fn kinds() -> Kinds {
    let engine = Kinds { messages: MESSAGES.to_vec(), ..Kinds::default() };
    engine.and(zookeeper_words::kinds::kinds()).and(outside_words::kinds::kinds())
}
