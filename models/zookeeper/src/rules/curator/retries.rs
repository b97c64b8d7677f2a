//! A call is tried as often as its policy says, and no oftener.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::fact::RequestId;
use zookeeper_words::service::ErrorCode;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "curator.retries",
    law: "A call whose tries are lost, or find their session at its end, is tried again as many times as its policy has retries and no oftener, over all sessions.",
    source: "Curator 5: RetryLoop, ExponentialBackoffRetry; Flink 2.3.0: high-availability.zookeeper.client.max-retry-attempts",
    scope: "curator",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    // How often a call was tried again, and its last try.
    let mut calls: BTreeMap<RequestId, (u32, RequestId)> = BTreeMap::new();
    for (note, machine, retry) in &evidence.clients.recipes.retried {
        let (made, last) = calls.entry(retry.first).or_insert((0, retry.first));
        let before = std::mem::replace(last, retry.again);
        let answer = evidence.clients.find(before.session, before.xid).and_then(|request| request.returned);
        if answer.is_some_and(|answer| *answer.result != Err(ErrorCode::SessionExpired)) {
            // A create that found no parent comes again once there is one, and is still the same try.
            continue;
        }
        *made += 1;
        let most = evidence.users.curator(*machine).map(|setting| setting.retries);
        finding.judge(most.is_some_and(|most| *made <= most), || {
            format!("{machine} tries {:?} again at {}, for the {made}. time; its policy has {most:?}", retry.first, evidence.when(*note))
        });
    }
}
