//! What an author concludes of a write of which a try was lost in the dark. The chain has every try that took effect, whichever session it came in, so each conclusion is right or wrong.
//!
//! Two conclusions are promises, and are judged: that the write was applied, and that it was not, whereupon what belongs to it is thrown away (FLINK-24543). `Assumed` is one as well when the write was fenced and
//! what stands in its way was, as nobody else can have written then. Without a fence, its own or the other's, a leader of Flink 2.3.0 takes another one's work for its own at times; that is a danger known upstream
//! (FLINK-10333), which is waived here, and counted by a probe too. `Superseded` and `Undecided` say nothing that could be wrong. A protected create that was given up is searched for and deleted; `curator.protected-once` looks at that.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::fact::{Belief, Conclusion};
use zookeeper_words::service::Op;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::rules::curator::protected_once::uuid;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "x.retry-idempotent",
    law: "What its author takes for applied is so by one of its own tries; and no try of what it takes for not applied ever takes effect.",
    source: "FLINK-24543; Flink 2.3.0: ZooKeeperStateHandleStore.addAndLock",
    scope: "cross",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for (note, machine, conclusion) in &evidence.clients.recipes.concluded {
        let expected = match conclusion.belief {
            Belief::Applied => true,
            Belief::NotApplied if uuid(&conclusion.path).is_some() => continue,
            Belief::NotApplied => false,
            Belief::Assumed if is_fenced(evidence, conclusion) => true,
            Belief::Assumed => {
                finding.waive();
                continue;
            }
            Belief::Superseded | Belief::Undecided => continue,
        };
        let mut tries = evidence.clients.recipes.tries(conclusion.first).filter_map(|request| evidence.chain.of_request(request.session, request.xid));
        // What is taken for applied was committed by then; what is not applied must never be.
        let done = tries.find_map(|position| {
            let step = &evidence.chain.steps[position as usize - 1];
            (step.is_done() && (!expected || step.committed < *note)).then_some(step)
        });
        finding.judge(done.is_some() == expected, || {
            let done = done.map_or_else(
                || "no try of it took effect".to_owned(),
                |step| format!("{} did it, committed at {}", step.txn.zxid, evidence.when(step.committed)),
            );
            format!("{machine} at {} takes its write to {} for {:?}; {done}", evidence.when(*note), conclusion.path, conclusion.belief)
        });
    }
}

/// Whether the write was fenced, and so was the one that made what refused it: a fence holds off none but those who have one.
fn is_fenced(evidence: &Evidence<'_>, conclusion: &Conclusion) -> bool {
    let refused = evidence.clients.recipes.tries(conclusion.first).filter_map(|request| evidence.chain.of_request(request.session, request.xid)).max();
    let made = refused.and_then(|refused| evidence.chain.changes.created(&conclusion.path, refused).checked_sub(1));
    let maker = made.map(|at| &evidence.chain.steps[at as usize].txn.request);
    let write = evidence.clients.find(conclusion.first.session, conclusion.first.xid).map(|request| request.op);
    write.is_some_and(begins_with_check) && maker.is_none_or(|maker| maker.op().is_some_and(begins_with_check))
}

fn begins_with_check(op: &Op) -> bool {
    matches!(op, Op::Multi(ops) if matches!(ops.first(), Some(Op::Check { .. })))
}
