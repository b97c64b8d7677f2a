//! A session that one replica alone knows is served by that one alone: elsewhere nobody hears of it, and nobody would know that it is over.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "local.at-home",
    law: "A local session is taken on by the replica alone that opened it, as long as that one has it, until it is made known to all; and a reader without a quorum gets no other.",
    source: "ZooKeeper: LearnerZooKeeperServer.revalidateSession, ReadOnlyZooKeeperServer.validateSession (ZOOKEEPER-1147, 3677)",
    scope: "local",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for taken in &evidence.local.taken {
        let life = evidence.local.lives.get(&taken.session);
        if life.is_none() && !taken.read_only {
            continue; // All know it.
        }
        let is_home = life.is_some_and(|life| {
            let is_over = life.ended.is_some_and(|(ended, _)| ended < taken.asked_after);
            life.replica == taken.replica && life.opened < taken.note && !is_over
        });
        let is_known = !taken.read_only && evidence.local.upgraded_before(taken.session, taken.note);
        finding.judge(is_home || is_known, || {
            let whose = life.map_or("nobody".into(), |life| life.replica.to_string());
            let until = life.and_then(|life| life.ended).map_or(String::new(), |(note, end)| format!(" (until {}: {end:?})", evidence.when(note)));
            format!(
                "{} is attached at {} by {} with {}, which {whose} had opened{until}",
                taken.client,
                evidence.when(taken.note),
                taken.replica,
                taken.session
            )
        });
    }
}
