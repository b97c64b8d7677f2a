//! What the service does without a client's asking: as the leader it closes sessions that were silent for too long and
//! takes away nodes that are due, and it heeds an operator's orders. Whatever that changes goes through the order as
//! any write does, so that nothing here knows by which protocol. (What a replica does without a leader is in
//! [`crate::replica`].)

mod expiry;
mod orders;
mod reaping;

use contract::time::Now;

use crate::Out;
use crate::ordering::{GaveUp, Ordering};
use crate::replica::Core;
pub use orders::on_order;

/// Time has passed: what is due is done, if this replica leads.
pub fn on_wake(ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    expiry::expire_overdue(ordering, core, now, out)?;
    reaping::reap_if_due(ordering, core, now, out)?;
    expiry::expire_again(ordering, core, now, out)
}

/// When something is due, if this replica leads.
pub fn wake_ns(core: &Core) -> Option<u64> {
    let lead = core.lead.as_ref()?;
    let again_ns = lead.expired_again.map(|(_, at_ns)| at_ns);
    [lead.sessions.next_deadline_ns(), Some(lead.reap_at_ns), again_ns].into_iter().flatten().min()
}
