//! A leader asks nobody whether a local session lives: the replica by which its write comes vouches for it. So that must be sound.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::Request;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "local.vouched",
    law: "A write for which a replica vouches is of a session that this replica had opened, once, and that was not known to all before.",
    source: "ZooKeeper: LearnerSessionTracker, UpgradeableSessionTracker, LeaderSessionTracker.checkSession (ZOOKEEPER-1147)",
    scope: "local",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for (note, machine, session) in &evidence.local.again {
        finding.judge(false, || format!("{machine} opens {session} at {}, which had been opened before", evidence.when(*note)));
    }
    for (at, step) in evidence.chain.steps.iter().enumerate().filter(|(_, step)| matches!(step.txn.request, Request::Local(_))) {
        let txn = step.txn;
        let sent = evidence.clients.find(txn.session, txn.xid).map(|request| request.invoked);
        // What was sent after the end found nobody who could vouch for it.
        let is_opened = evidence
            .local
            .lives
            .get(&txn.session)
            .is_some_and(|life| life.opened < step.proposed && life.ended.is_none_or(|(ended, _)| sent.is_none_or(|sent| sent < ended)));
        let is_known = evidence.chain.lives.get(&txn.session).and_then(|life| life.opened.first()).is_some_and(|opened| *opened as usize <= at);
        finding.judge(is_opened && !is_known, || {
            let what = if is_known { "was known to all by then" } else { "no replica had opened by itself, or not any more" };
            format!("{} (proposed at {}) is vouched for, of {}, which {what}", txn.zxid, evidence.when(step.proposed), txn.session)
        });
    }
}
