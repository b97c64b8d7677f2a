//! Nobody is told of what is not committed: a read from the future is seen here, whether the future comes or not.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.committed-read",
    law: "Every reply is from a state that a leader had committed by then.",
    source: "Zab (DSN 2011), section 4, phase 3; ZooKeeper: FinalRequestProcessor answers from the applied tree",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for (request, returned) in evidence.clients.answered() {
        let position = evidence.chain.position(returned.zxid);
        let committed = position.and_then(|position| position.checked_sub(1)).map(|at| evidence.chain.steps[at as usize].committed);
        finding.judge(position.is_some() && committed.is_none_or(|committed| committed < returned.note), || {
            let when = match (position, committed) {
                (None, _) => "was never committed".to_owned(),
                (Some(_), committed) => format!("was committed at {}", committed.map_or_else(String::new, |note| evidence.when(note))),
            };
            format!("{} at {} gets a reply to its {} from {}, which {when}", request.machine, evidence.when(returned.note), request.op.name(), returned.zxid)
        });
    }
}
