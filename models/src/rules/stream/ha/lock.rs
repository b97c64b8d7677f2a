//! What another store has locked stays: its node, its locks, its blobs.

use vocab::service::EventKind;
use vocab::stream::OutsideFact;
use vocab::stream::outside::Author;

use crate::case::Case;
use crate::case::stream::Said;
use crate::case::stream::nodes::Place;
use crate::rules::stream::files::living::Living;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.lock",
    law: "A lock is taken away by its own store or by its session's end; and no master has blobs deleted of a checkpoint on whose node another store has a lock.",
    source: "catalogue, HA-LOCK; reference zk_protocol, section 4; Flink: ZooKeeperStateHandleStore.releaseAndTryRemove",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let machine = |session| stream.nodes.machines.get(&session).copied();
    for deed in &stream.nodes.deeds {
        let (Place::Lock(..), EventKind::NodeDeleted) = (deed.place, deed.kind) else { continue };
        let (Some(by), Some(owner)) = (deed.by, deed.owner) else {
            finding.held(1);
            continue;
        };
        finding.judge(by == owner || machine(by) == machine(owner), || {
            format!("{} takes {} of {owner} away (committed at {})", by, deed.path, case.when(deed.committed))
        });
    }
    let mut living = Living::new(stream);
    for spoken in &stream.spoken {
        let Said::Outside(OutsideFact::BlobDeleted { name, by: Author::Leader(leader) }) = spoken.said else { continue };
        living.advance(spoken.note);
        let own = stream.grant(*leader).map(|grant| grant.machine);
        let locked = living.who_needs(name).find_map(|holder| {
            let locks = living.locks.get(&holder)?.iter();
            locks.map(|(path, session)| (path.clone(), machine(*session))).find(|(_, of)| *of != own)
        });
        finding.judge(locked.is_none(), || format!("{name} is deleted at {} for {leader}, and is locked by another: {locked:?}", case.when(spoken.note)));
    }
}
