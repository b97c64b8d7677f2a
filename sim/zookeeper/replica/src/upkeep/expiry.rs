//! Sessions that were silent for too long are closed by their leader (SessionTrackerImpl).

use contract::time::Now;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::Op;

use crate::Out;
use crate::ordering::{GaveUp, Ordering};
use crate::replica::{Core, Write};
use crate::session::Overdue;

/// Closes all whose time is up.
pub(super) fn expire_overdue(ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    let overdue = core.lead.as_ref().map_or_else(Vec::new, |lead| lead.sessions.overdue(now.mono_ns));
    overdue.into_iter().try_for_each(|overdue| expire(overdue, false, ordering, core, now, out))
}

/// Closes one, because it is overdue or because an operator says so.
pub(super) fn expire(overdue: Overdue, ordered: bool, ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    let Overdue { session, silent_ms, timeout_ms } = overdue;
    out.note(ReplicaFact::SessionExpired { session, silent_ms, timeout_ms, ordered });
    if core.config.has(Plant::SessionExpiredTwice)
        && let Some(lead) = &mut core.lead
    {
        lead.expired_again = Some((session, now.mono_ns + core.config.ticks_ns(1)));
    }
    ordering.propose(Write::own(session, Op::CloseSession), core, now, out)
}

/// Closes one once more: only a plant asks for that.
pub(super) fn expire_again(ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    match core.lead.as_mut().and_then(|lead| lead.expired_again.take_if(|(_, at_ns)| *at_ns <= now.mono_ns)) {
        Some((session, _)) => ordering.propose(Write::own(session, Op::CloseSession), core, now, out),
        None => Ok(()),
    }
}
