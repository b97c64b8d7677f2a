//! What another store has locked stays: its node, its locks, its blobs.

use judging::{Finding, Footing, Side};
use outside_words::fact::Author;
use outside_words::fact::OutsideFact;
use zookeeper_words::service::EventKind;

use crate::evidence::Evidence;
use crate::evidence::living::Living;
use crate::evidence::nodes::Place;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.lock",
    law: "A lock is taken away by its own store or by its session's end; and no master has blobs deleted of a checkpoint on whose node another store has a lock.",
    source: "Flink: ZooKeeperStateHandleStore.releaseAndTryRemove",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let machine = |session| stream.nodes.machines.get(&session).copied();
    for deed in &stream.nodes.deeds {
        let (Place::Lock(..), EventKind::NodeDeleted) = (deed.place, deed.kind) else { continue };
        let (Some(by), Some(owner)) = (deed.by, deed.owner) else {
            finding.held(1);
            continue;
        };
        finding.judge(by == owner || machine(by) == machine(owner), || {
            format!("{} takes {} of {owner} away (committed at {})", by, deed.path, evidence.when(deed.committed))
        });
    }
    let mut living = Living::new(stream);
    for statement in &stream.statements {
        let Said::Outside(OutsideFact::BlobDeleted { name, by: Author::Leader(leader) }) = statement.said else { continue };
        living.advance(statement.note);
        let own = stream.grant(*leader).map(|grant| grant.machine);
        let locked = living.who_needs(name).find_map(|holder| {
            let locks = living.locks.get(&holder)?.iter();
            locks.map(|(path, session)| (path.clone(), machine(*session))).find(|(_, of)| *of != own)
        });
        finding
            .judge(locked.is_none(), || format!("{name} is deleted at {} for {leader}, and is locked by another: {locked:?}", evidence.when(statement.note)));
    }
}
