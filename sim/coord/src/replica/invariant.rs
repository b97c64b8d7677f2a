//! What holds of a replica between any two steps. The world asks after every step, so each line costs little; never a rule about more than one replica.

use super::server::{Role, Server};

/// The first thing that should have been true.
pub(super) fn check(server: &Server) -> Result<(), String> {
    let core = &server.core;
    let store = &core.store;
    let ensure = |holds: bool, what: &dyn Fn() -> String| if holds { Ok(()) } else { Err(what()) };
    ensure(store.durable <= store.last, &|| format!("durable up to {}, beyond the log's end {}", store.durable, store.last))?;
    if matches!(server.role, Role::Recovering) {
        return Ok(());
    }
    // The current epoch has always been accepted first (Zab, discovery before synchronisation).
    ensure(store.current <= store.accepted, &|| format!("current {}, accepted {}", store.current, store.accepted))?;
    if core.cutting.is_none() && core.installing.is_none() {
        // Log = applied + unapplied, in order, without a gap.
        let last = core.unapplied.back().map_or(core.tree.last, |txn| txn.head.zxid);
        ensure(last == store.last, &|| format!("applied {} and {} unapplied end at {last}, the log at {}", core.tree.last, core.unapplied.len(), store.last))?;
        let first = core.unapplied.front().map(|txn| txn.head.zxid);
        ensure(first.is_none_or(|first| first > core.tree.last), &|| format!("{first:?} waits to be applied after {}", core.tree.last))?;
    }
    match &server.role {
        Role::Leading(leader) if leader.is_established() => {
            let proposed = leader.proposals.back().map(|proposal| proposal.zxid);
            let logged = core.unapplied.back().map(|txn| txn.head.zxid);
            ensure(proposed == logged && leader.proposals.len() == core.unapplied.len(), &|| {
                format!("{} proposals up to {proposed:?}, {} unapplied up to {logged:?}", leader.proposals.len(), core.unapplied.len())
            })?;
            ensure(core.ahead.is_some(), &|| "an established leader has no tree that runs ahead".into())
        }
        Role::Looking(_) => ensure(store.durable == store.last, &|| "a vote was cast before the disk was at rest".into()),
        Role::Recovering | Role::Settling | Role::Leading(_) | Role::Following(_) => {
            ensure(core.ahead.is_none(), &|| "a tree runs ahead without a leader".into())
        }
    }
}
