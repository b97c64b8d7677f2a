//! A read is right when it is what the reference says at its zxid. How fresh that zxid is, other rules ask.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{ErrorCode, Op};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.read",
    law: "Every read is answered as the reference answers it from the state with the reply's zxid.",
    source: "ZooKeeper: FinalRequestProcessor; the reference, proven on transcripts of ZooKeeper 3.8.0 and 3.9.3",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for read in &evidence.chain.reads {
        let request = &evidence.clients.requests[read.request];
        let (Some(position), Some(returned)) = (read.position, request.returned) else {
            finding.waive(); // A state that was never committed is `committed_read`'s.
            continue;
        };
        let excused = match returned.result {
            // Who has no leader can ask none: `readers.no_write` looks at it.
            Err(ErrorCode::NotReadOnly) => matches!(request.op, Op::Sync { .. }) && evidence.local.readers.contains(&request.session),
            Err(ErrorCode::SessionExpired) => {
                let declared = evidence.replication.expiries.iter().any(|expiry| expiry.session == request.session && expiry.note < returned.note);
                declared || !evidence.chain.lives.get(&request.session).is_some_and(|life| life.is_open(position))
            }
            _ => false,
        };
        if excused {
            finding.waive();
            continue;
        }
        finding.judge(read.instead.is_none(), || {
            format!(
                "{} at {} is told {:?} for {:?} from {}; the reference says {:?}",
                request.machine,
                evidence.when(returned.note),
                returned.result,
                request.op,
                returned.zxid,
                read.instead
            )
        });
    }
}
