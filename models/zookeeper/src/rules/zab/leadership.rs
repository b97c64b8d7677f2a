//! Leadership1 and Leadership2: an epoch has one leader, at any time and for ever. Never a comparison of leaders of different epochs, who may well overlap.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Epoch;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const FIRST: Rule<Zookeeper> = Rule {
    id: "zab.leadership-1",
    law: "Two servers that lead the same epoch at the same time, synchronising or broadcasting, are the same server.",
    source: "Zab.tla, ZkV3_7_0.tla: Leadership1",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check: at_any_time,
};

pub const SECOND: Rule<Zookeeper> = Rule {
    id: "zab.leadership-2",
    law: "At most one server ever becomes the established leader of an epoch, and once.",
    source: "Zab.tla, ZkV3_7_0.tla: Leadership2; Remix I-1, primary uniqueness",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check: for_ever,
};

fn at_any_time(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut of_epoch: BTreeMap<Epoch, Vec<usize>> = BTreeMap::new();
    let leaderships = &evidence.replication.leaderships;
    for (at, leadership) in leaderships.iter().enumerate() {
        let others = of_epoch.entry(leadership.epoch).or_default();
        let rival = others
            .iter()
            .map(|other| &leaderships[*other])
            .find(|other| other.machine != leadership.machine && other.over.is_none_or(|over| over > leadership.note));
        finding.judge(rival.is_none(), || {
            let rival = rival.expect("judged not to be none");
            format!(
                "{} leads {} from {}, and so does {} from {}",
                leadership.machine,
                leadership.epoch,
                evidence.when(leadership.note),
                rival.machine,
                evidence.when(rival.note)
            )
        });
        others.push(at);
    }
}

fn for_ever(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut established: BTreeMap<Epoch, (MachineId, u32)> = BTreeMap::new();
    for leadership in &evidence.replication.leaderships {
        let Some(note) = leadership.established else { continue };
        let before = established.insert(leadership.epoch, (leadership.machine, note));
        finding.judge(before.is_none(), || {
            let (machine, first) = before.expect("judged not to be none");
            format!("{} was established by {machine} at {} and by {} at {}", leadership.epoch, evidence.when(first), leadership.machine, evidence.when(note))
        });
    }
}
