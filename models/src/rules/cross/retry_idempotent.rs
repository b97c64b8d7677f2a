//! What an author concludes of a write of which a try was lost in the dark. The chain has every try that took effect, whichever session it came in, so each conclusion is right or wrong.
//!
//! Two conclusions are promises, and are judged: that the write was applied, and that it was not, whereupon what belongs to it is thrown away (FLINK-24543). `Assumed` is one as well when the write was fenced and
//! what stands in its way was, as nobody else can have written then. Without a fence, its own or the other's, a leader of Flink 2.3.0 takes another one's work for its own at times; that is a danger known upstream
//! (FLINK-10333), which is waived here, and counted by a probe too. `Superseded` and `Undecided` say nothing that could be wrong. A protected create that was given up is searched for and deleted; `curator.protected-once` looks at that.

use std::collections::BTreeMap;

use vocab::fact::{Belief, Conclusion};
use vocab::ids::{SessionId, Xid};
use vocab::service::Op;

use crate::case::Case;
use crate::case::course::Position;
use crate::rules::curator::protected_once::uuid;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "x.retry-idempotent",
    law: "What its author takes for applied is so by one of its own tries; and no try of what it takes for not applied ever takes effect.",
    source: "catalogue, X-RETRY-IDEMPOTENT; FLINK-24543; Flink 2.3.0: ZooKeeperStateHandleStore.addAndLock",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let by_request = case.course.by_request();
    for (note, machine, conclusion) in &case.clients.concluded {
        let expected = match conclusion.belief {
            Belief::Applied => true,
            Belief::NotApplied if uuid(&conclusion.path).is_some() => continue,
            Belief::NotApplied => false,
            Belief::Assumed if is_fenced(case, conclusion, &by_request) => true,
            Belief::Assumed => {
                finding.waive();
                continue;
            }
            Belief::Superseded | Belief::Undecided => continue,
        };
        let mut tries = case.clients.tries(conclusion.first).filter_map(|request| by_request.get(&(request.session, request.xid)));
        // What is taken for applied was committed by then; what is not applied must never be.
        let done = tries.find_map(|position| {
            let step = &case.course.steps[*position as usize - 1];
            (step.is_done() && (!expected || step.committed < *note)).then_some(step)
        });
        finding.judge(done.is_some() == expected, || {
            let done = done
                .map_or_else(|| "no try of it took effect".to_owned(), |step| format!("{} did it, committed at {}", step.txn.zxid, case.when(step.committed)));
            format!("{machine} at {} takes its write to {} for {:?}; {done}", case.when(*note), conclusion.path, conclusion.belief)
        });
    }
}

/// Whether the write was fenced, and so was the one that made what refused it: a fence holds off none but those who have one.
fn is_fenced(case: &Case<'_>, conclusion: &Conclusion, by_request: &BTreeMap<(SessionId, Xid), Position>) -> bool {
    let refused = case.clients.tries(conclusion.first).filter_map(|request| by_request.get(&(request.session, request.xid))).max();
    let made = refused.and_then(|refused| case.course.changes.created(&conclusion.path, *refused).checked_sub(1));
    let maker = made.map(|at| &case.course.steps[at as usize].txn.request);
    let write = case.clients.find(conclusion.first.session, conclusion.first.xid).map(|request| request.op);
    write.is_some_and(begins_with_check) && maker.is_none_or(|maker| maker.op().is_some_and(begins_with_check))
}

fn begins_with_check(op: &Op) -> bool {
    matches!(op, Op::Multi(ops) if matches!(ops.first(), Some(Op::Check { .. })))
}
