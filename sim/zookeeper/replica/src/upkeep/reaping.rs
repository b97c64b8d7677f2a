//! Containers without children and nodes that have outlived their time are taken away by the leader (ContainerManager).

use contract::time::Now;
use zookeeper_words::ids::SessionId;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{Op, Path};

use crate::Out;
use crate::ordering::{GaveUp, Ordering};
use crate::replica::{Core, Write};

/// Nodes that are taken away at one look; the next look finds the others (ZooKeeper spreads 10,000 over a minute).
const REAPED_MAX: usize = 500;

/// Looks for nodes that are due, if it is time to look.
pub(super) fn reap_if_due(ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    let Some(lead) = core.lead.as_mut().filter(|lead| lead.reap_at_ns <= now.mono_ns) else { return Ok(()) };
    lead.reap_at_ns = core.config.next_reaping_ns(now);
    reap(ordering, core, now, out)
}

/// Deletes nodes that are due by what is committed; whether they still can be is decided on the tree that runs ahead,
/// as in ZooKeeper by children and kind alone: another node that was made there meanwhile goes too. What is already on
/// its way is not asked for again.
pub(super) fn reap(ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    let Some(lead) = &core.lead else { return Ok(()) };
    let due = core.tree.due(now.wall_ms(), core.config.has(Plant::ReapEarly));
    let due: Vec<Path> = due.filter(|path| lead.ahead.node(path).is_some()).take(REAPED_MAX).cloned().collect();
    due.into_iter().try_for_each(|path| ordering.propose(Write::own(SessionId::NONE, Op::DeleteContainer { path }), core, now, out))
}
