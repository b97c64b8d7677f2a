//! Persistent watches are complete while their connection lasts. What they miss between two connections is lost, by ZooKeeper's own word, and nobody asks for it here.

use judging::{Footing, Rule, Side};

use super::watch::report;
use crate::Zookeeper;
use crate::evidence::watches::Wrong;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.watch-persistent",
    law: "From the reply to an addWatch until a removeWatches or the connection's end, every change of the node, and of all below it for a recursive watch, is told.",
    source: "ZooKeeper programmer's guide, persistent recursive watches; ZOOKEEPER-1416, 4466",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check: |evidence, finding| {
        finding.held(evidence.watches.lasting);
        report(evidence, finding, |mismatch| mismatch.wrong == Wrong::Lost && mismatch.lasting);
    },
};
