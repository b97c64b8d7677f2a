//! Persistent watches are complete while their connection lasts. What they miss between two connections is lost, by ZooKeeper's own word, and nobody asks for it here.

use super::watch::report;
use crate::case::watches::Wrong;
use crate::rules::{Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.watch-persistent",
    law: "From the reply to an addWatch until a removeWatches or the connection's end, every change of the node, and of all below it for a recursive watch, is told.",
    source: "ZooKeeper programmer's guide, persistent recursive watches; ZOOKEEPER-1416, 4466; reference semantics, section 8",
    footing: Footing::Chain,
    check: |case, finding| {
        finding.held(case.watches.lasting);
        report(case, finding, |fault| fault.wrong == Wrong::Lost && fault.lasting);
    },
};
