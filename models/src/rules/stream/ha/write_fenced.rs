//! Nobody writes HA data who does not lead. Real Flink 2.3.0 breaks it: a deposed leader's multi is sent again in a new session (FLINK-10333), which is what the unfenced mode is for.
//!
//! A directory without data may be made by anybody, and everybody may take a lock of its own away: neither changes what a job is.

use vocab::service::EventKind;

use crate::case::Case;
use crate::case::stream::nodes::Place;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.write-fenced",
    law: "Whatever takes effect on plans, counters and checkpoints of a job, and on their locks, is of a process whose latch node is the lowest in the state before.",
    source: "catalogue, HA-WRITE-FENCED; reference zk_protocol, section 4; FLINK-10333",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
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
                let zxid = case.course.zxid(deed.position);
                format!(
                    "{zxid} of {session} ({machine:?}) does {:?} to {}, and its latch node is not the lowest (committed at {})",
                    deed.kind,
                    deed.path,
                    case.when(deed.committed)
                )
            });
        }
    }
}
