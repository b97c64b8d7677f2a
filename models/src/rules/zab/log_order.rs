//! Logs rise without a gap: within an epoch by one, and each epoch from one. It judges the order of numbers, never what they stand for.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.log-order",
    law: "In every log, and in what a leader proposes, a transaction follows the one before it in its epoch, or is the first of a higher epoch.",
    source: "Zab (DSN 2011), section 2: zxids are (epoch, counter); ZOOKEEPER-1277, 2418, 4925",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    let logged = case.ensemble.logged.iter().map(|logged| (logged.note, logged.machine, logged.before, logged.history, "logs"));
    let proposed = case.ensemble.proposals.iter().map(|proposal| (proposal.note, proposal.machine, proposal.before, proposal.history, "proposes"));
    for (note, machine, before, history, does) in logged.chain(proposed) {
        let (before, zxid) = (histories.last(before), histories.last(history));
        let next = if zxid.epoch() == before.epoch() { zxid.counter() == before.counter().wrapping_add(1) } else { zxid.counter() == 1 };
        finding.judge(zxid > before && next, || format!("{machine} at {} {does} {zxid} after {before}", case.when(note)));
    }
}
