//! Nobody writes HA data who does not lead. Real Flink 2.3.0 breaks it: a deposed leader's multi is sent again in a new
//! session (FLINK-10333), which is what the unfenced mode is for.
//!
//! A directory without data may be made by anybody, and everybody may take a lock of its own away: neither changes what
//! a job is.

use judging::{Finding, Footing, Side};
use zookeeper_words::service::EventKind;

use crate::evidence::Evidence;
use crate::evidence::nodes::Place;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.write-fenced",
    law: "Whatever takes effect on plans, counters and checkpoints of a job, and on their locks, is of a process whose latch node is the lowest in the state before.",
    source: "FLINK-10333",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for deed in &stream.nodes.deeds {
        let Some(session) = deed.by else { continue };
        let is_data = match (deed.place, deed.kind) {
            (Place::Plan(_) | Place::Counter(_) | Place::Checkpoint(..), _) => true,
            (Place::Lock(..), EventKind::NodeDeleted) => {
                let machine = |session| stream.nodes.machines.get(session);
                let is_own = deed.owner.as_ref().is_some_and(|owner| *owner == session || machine(owner).is_some() && machine(owner) == machine(&session));
                !is_own
            }
            (Place::Lock(..), _) => true,
            (Place::Directory, kind) => kind == EventKind::NodeDeleted && !deed.path.ends_with("/locks"),
            (Place::Latch | Place::Other, _) => false,
        };
        if is_data {
            finding.judge(deed.led, || {
                let machine = stream.nodes.machines.get(&session);
                let zxid = evidence.service.chain.zxid(deed.position);
                format!(
                    "{zxid} of {session} ({machine:?}) does {:?} to {}, and its latch node is not the lowest (committed at {})",
                    deed.kind,
                    deed.path,
                    evidence.when(deed.committed)
                )
            });
        }
    }
}
