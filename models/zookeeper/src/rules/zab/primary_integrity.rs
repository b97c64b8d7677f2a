//! PrimaryIntegrity: who broadcasts has what all earlier primaries brought about. Deliveries are compared whenever they happen, before the broadcast or after it.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Epoch;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.primary-integrity",
    law: "A primary broadcasts transactions of its own epoch, after it is established, and its initial history holds every transaction of an earlier epoch that any server ever delivers.",
    source: "Zab.tla, ZkV3_7_0.tla: PrimaryIntegrity; Remix I-7",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let (replication, histories) = (&evidence.replication, &evidence.replication.histories);
    let mut broadcast: BTreeMap<Epoch, usize> = BTreeMap::new();
    for proposal in &replication.proposals {
        let leadership = proposal.leadership.map(|leadership| &replication.leaderships[leadership]);
        let zxid = histories.last(proposal.history);
        finding.judge(leadership.is_some_and(|led| led.established.is_some_and(|note| note < proposal.note) && led.epoch == zxid.epoch()), || {
            let role = leadership.map_or_else(|| "leads nothing".to_owned(), |led| format!("leads {}, established: {}", led.epoch, led.established.is_some()));
            format!("{} at {} broadcasts {zxid}, and {role}", proposal.machine, evidence.when(proposal.note))
        });
        if let Some(leadership) = proposal.leadership {
            broadcast.entry(replication.leaderships[leadership].epoch).or_insert(leadership);
        }
    }
    let mut delivered: BTreeMap<Epoch, History> = BTreeMap::new();
    for delivery in &replication.deliveries {
        let longest = delivered.entry(delivery.zxid.epoch()).or_insert(delivery.history);
        if histories.length(delivery.history) > histories.length(*longest) {
            *longest = delivery.history;
        }
    }
    for (epoch, leadership) in &broadcast {
        let primary = &replication.leaderships[*leadership];
        for (earlier, history) in delivered.range(..epoch) {
            finding.judge(histories.is_prefix(*history, primary.initial), || {
                format!(
                    "{} broadcast in {epoch}, which began with {} ({}), but {} of {earlier} was delivered",
                    primary.machine,
                    histories.name(primary.initial),
                    evidence.when(primary.note),
                    histories.name(*history)
                )
            });
        }
    }
}
