//! An operator's orders: `expire-session`, with a session's number, or the oldest; `check-containers`. Only a leader
//! can do either, and no other word means anything here.

use contract::time::Now;
use zookeeper_words::ids::SessionId;

use super::{expiry, reaping};
use crate::Out;
use crate::ordering::{GaveUp, Ordering};
use crate::replica::Core;

/// An order came.
pub fn on_order(word: &str, ordering: &mut impl Ordering, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
    let Some(lead) = &core.lead else { return Ok(()) };
    if word == "check-containers" {
        return reaping::reap(ordering, core, now, out);
    }
    let Some(rest) = word.strip_prefix("expire-session") else { return Ok(()) };
    let session = rest.trim().parse().ok().map(SessionId).or_else(|| lead.sessions.alive().next());
    match session.and_then(|session| lead.sessions.find(session, now.mono_ns)) {
        Some(overdue) => expiry::expire(overdue, true, ordering, core, now, out),
        None => Ok(()),
    }
}
