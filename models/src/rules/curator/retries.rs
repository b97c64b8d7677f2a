//! A call is tried as often as its policy says, and no oftener.

use std::collections::BTreeMap;

use vocab::fact::{ClientFact, Fact, RequestId};
use vocab::service::ErrorCode;

use super::setting_of;
use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "curator.retries",
    law: "A call whose tries are lost, or find their session at its end, is tried again as many times as its policy has retries and no oftener, over all sessions.",
    source: "Curator 5: RetryLoop, ExponentialBackoffRetry; Flink 2.3.0: high-availability.zookeeper.client.max-retry-attempts",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    // How often a call was tried again, and its last try.
    let mut calls: BTreeMap<RequestId, (u32, RequestId)> = BTreeMap::new();
    for (at, note) in case.recording.notes.iter().enumerate() {
        let Fact::Client(ClientFact::Retried(retry)) = &note.fact else { continue };
        let (made, last) = calls.entry(retry.first).or_insert((0, retry.first));
        let before = std::mem::replace(last, retry.again);
        let answer = case.clients.find(before.session, before.xid).and_then(|request| request.returned);
        if answer.is_some_and(|answer| *answer.result != Err(ErrorCode::SessionExpired)) {
            // A create that found no parent comes again once there is one, and is still the same try.
            continue;
        }
        *made += 1;
        let most = setting_of(case, note.machine).map(|setting| setting.retries);
        finding.judge(most.is_some_and(|most| *made <= most), || {
            format!("{} tries {:?} again at {}, for the {made}. time; its policy has {most:?}", note.machine, retry.first, case.when(at as u32))
        });
    }
}
