//! Single messages of the engine that are lost, or whose answers are: each has its own timeout, retry or rule by which
//! nothing is lost with it. Names; never what the receiver makes of the loss.

use contract::fault::What;

use super::brush::EngineBrush;
use super::{Brush, Class, Purpose};

/// Messages whose loss hurts. On a stream what comes behind is lost too.
const DROPPED: &[&str] = &[
    "acknowledge-checkpoint",
    "acknowledge-checkpoint",
    "notify-complete",
    "notify-complete",
    "trigger-checkpoint",
    "deploy-task",
    "assign-splits",
    "assign-splits",
    "request-split",
    "task-running",
    "task-ended",
    "cancel-task",
    "notify-aborted",
    "decline-checkpoint",
    "register-worker",
    "worker-registered",
    "master-heartbeat",
    "worker-heartbeat",
    "barrier",
    "barrier",
    "buffer",
    "add-credit",
    "cancel-barrier",
    "partition-request",
    "end-of-data",
    "end-of-partition",
    "txn-commit",
    "txn-write",
    "init-producer",
    "blob-put",
    "blob-delete",
    "fetch",
    "answer",
];

/// What the engine asks the service, from a machine of its own.
const ASKED: &[&str] = &["multi", "multi", "create2", "setData", "getData", "delete", "getChildren2", "exists", "ConnectRequest"];

/// Requests whose lost answer leaves the asking end in the dark.
const UNANSWERED: &[&str] = &[
    "txn-commit",
    "txn-commit",
    "txn-commit",
    "txn-write",
    "init-producer",
    "upsert",
    "txn-abort",
    "blob-put",
    "blob-put",
    "blob-get",
    "blob-delete",
    "blob-list",
    "fetch",
];

/// Its class of faults.
pub(super) const CLASS: Class = Class { dice: Purpose::Messages as u64, faults };

/// Losses of every kind.
fn faults(brush: &mut Brush<'_>, thin: u64) {
    for _ in 0..brush.count(thin) {
        let when = brush.at();
        match brush.dice.below(10) {
            0..=4 => {
                let kind = *brush.dice.pick(DROPPED);
                let count = if brush.dice.chance(700_000) { 1 } else { brush.dice.between(2, 4) as u32 };
                brush.fault(when, What::Drop { kind: kind.into(), from: None, to: None, count });
            }
            5 | 6 => {
                let (kind, from) = (*brush.dice.pick(ASKED), Some(brush.master()));
                if brush.dice.chance(400_000) {
                    brush.fault(when, What::Drop { kind: kind.into(), from, to: None, count: 1 });
                } else {
                    brush.fault(when, What::DropReply { kind: kind.into(), from });
                }
            }
            _ => {
                let kind = *brush.dice.pick(UNANSWERED);
                let from = brush.dice.chance(300_000).then(|| brush.worker());
                brush.fault(when, What::DropReply { kind: kind.into(), from });
            }
        }
    }
}
