//! Sessions as a leader tracks them: who was heard of when, who is overdue, who owns them; and a session's password.
//! Never a transaction, which is how they open and close.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use contract::time::MILLISECOND;
use zookeeper_words::ids::SessionId;

/// ZooKeeper's secret, with which a session's number seeds its password.
const PASSWORD_SECRET: i64 = 0xB3415C00;
/// A session's timeout lies between so many ticks (minSessionTimeout) …
const TIMEOUT_TICKS_MIN: u32 = 2;
/// … and so many (maxSessionTimeout).
const TIMEOUT_TICKS_MAX: u32 = 20;

/// The timeout that a client gets that asks for `asked_ms`.
pub fn negotiate(asked_ms: u32, tick_ms: u32) -> u32 {
    asked_ms.clamp(tick_ms * TIMEOUT_TICKS_MIN, tick_ms * TIMEOUT_TICKS_MAX)
}

/// A session's password: 16 bytes of java.util.Random seeded with the session and the secret, so that every replica can
/// verify it.
pub fn password(session: SessionId) -> u128 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut seed = ((session.0 ^ PASSWORD_SECRET) as u64 ^ MULTIPLIER) & MASK;
    let mut bytes = [0; 16];
    for four in bytes.chunks_exact_mut(4) {
        seed = (seed.wrapping_mul(MULTIPLIER).wrapping_add(0xB)) & MASK;
        // nextBytes takes the low byte of each 32-bit word first.
        four.copy_from_slice(&((seed >> 16) as u32).to_le_bytes());
    }
    u128::from_be_bytes(bytes)
}

#[derive(Clone, Debug)]
struct Tracked {
    timeout_ms: u32,
    heard_ns: u64,
    deadline_ns: u64,
    owner: Option<MachineId>,
    closing: bool,
}

/// The leader's table of sessions, with deadlines rounded up to whole ticks (ZooKeeper's ExpiryQueue).
#[derive(Clone, Debug)]
pub struct Tracker {
    tick_ns: u64,
    sessions: BTreeMap<SessionId, Tracked>,
    deadlines: BTreeMap<u64, BTreeSet<SessionId>>,
}

/// A session that was silent for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The session.
    pub session: SessionId,
    /// For how long, in ms.
    pub silent_ms: u64,
    /// Its timeout in ms.
    pub timeout_ms: u32,
}

impl Tracker {
    /// A new leader's table: every session gets its whole timeout again.
    pub fn new(tick_ms: u32, sessions: &BTreeMap<SessionId, u32>, now_ns: u64) -> Tracker {
        let mut tracker = Tracker { tick_ns: u64::from(tick_ms) * MILLISECOND, sessions: BTreeMap::new(), deadlines: BTreeMap::new() };
        for (session, timeout_ms) in sessions {
            tracker.open(*session, *timeout_ms, None, now_ns);
        }
        tracker
    }

    /// Begins to track a session.
    pub fn open(&mut self, session: SessionId, timeout_ms: u32, owner: Option<MachineId>, now_ns: u64) {
        self.forget(session);
        let tracked = Tracked { timeout_ms, heard_ns: now_ns, deadline_ns: self.deadline(timeout_ms, now_ns), owner, closing: false };
        self.deadlines.entry(tracked.deadline_ns).or_default().insert(session);
        self.sessions.insert(session, tracked);
    }

    fn deadline(&self, timeout_ms: u32, now_ns: u64) -> u64 {
        (now_ns + u64::from(timeout_ms) * MILLISECOND).div_ceil(self.tick_ns) * self.tick_ns
    }

    /// The session was heard of. Says whether it lives.
    pub fn touch(&mut self, session: SessionId, now_ns: u64) -> bool {
        let timeout_ms = self.sessions.get(&session).map_or(0, |tracked| tracked.timeout_ms);
        self.renew(session, timeout_ms, now_ns)
    }

    /// The session was heard of on a connection that has negotiated this timeout, which counts from now on. Says
    /// whether it lives.
    pub fn renew(&mut self, session: SessionId, timeout_ms: u32, now_ns: u64) -> bool {
        let after_ns = self.deadline(timeout_ms, now_ns);
        let Some(tracked) = self.sessions.get_mut(&session).filter(|tracked| !tracked.closing) else { return false };
        let before_ns = std::mem::replace(&mut tracked.deadline_ns, after_ns);
        tracked.heard_ns = now_ns;
        tracked.timeout_ms = timeout_ms;
        if after_ns != before_ns {
            self.undue(session, before_ns);
            self.deadlines.entry(after_ns).or_default().insert(session);
        }
        true
    }

    fn undue(&mut self, session: SessionId, deadline_ns: u64) {
        if let Some(due) = self.deadlines.get_mut(&deadline_ns) {
            due.remove(&session);
            if due.is_empty() {
                self.deadlines.remove(&deadline_ns);
            }
        }
    }

    /// The session moves to the client's new replica, with what was negotiated there. Says whether it lives.
    pub fn adopt(&mut self, session: SessionId, timeout_ms: u32, owner: MachineId, now_ns: u64) -> bool {
        let lives = self.renew(session, timeout_ms, now_ns);
        if let Some(tracked) = self.sessions.get_mut(&session).filter(|_| lives) {
            tracked.owner = Some(owner);
        }
        lives
    }

    /// Whether a request that came by `from` may speak for the session: it must own it, or be the first to. `None` if
    /// the session is no more.
    pub fn is_owned_by(&mut self, session: SessionId, from: MachineId) -> Option<bool> {
        let tracked = self.sessions.get_mut(&session).filter(|tracked| !tracked.closing)?;
        Some(*tracked.owner.get_or_insert(from) == from)
    }

    /// The session is being closed: it is heard of no more.
    pub fn close(&mut self, session: SessionId) {
        if let Some(tracked) = self.sessions.get_mut(&session) {
            tracked.closing = true;
            let deadline_ns = tracked.deadline_ns;
            self.undue(session, deadline_ns);
        }
    }

    /// The session is closed.
    pub fn forget(&mut self, session: SessionId) {
        self.close(session);
        self.sessions.remove(&session);
    }

    /// Whether the session is here and not being closed.
    pub fn knows(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|tracked| !tracked.closing)
    }

    /// What is known of a session that is not being closed, as if it were overdue.
    pub fn find(&self, session: SessionId, now_ns: u64) -> Option<Overdue> {
        let tracked = self.sessions.get(&session).filter(|tracked| !tracked.closing)?;
        Some(Overdue { session, silent_ms: now_ns.saturating_sub(tracked.heard_ns) / MILLISECOND, timeout_ms: tracked.timeout_ms })
    }

    /// The sessions that are not being closed, in order.
    pub fn alive(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.iter().filter(|(_, tracked)| !tracked.closing).map(|(session, _)| *session)
    }

    /// The sessions whose deadline has passed.
    pub fn overdue(&self, now_ns: u64) -> Vec<Overdue> {
        self.deadlines.range(..=now_ns).flat_map(|(_, sessions)| sessions).filter_map(|session| self.find(*session, now_ns)).collect()
    }

    /// When the next session is overdue.
    pub fn next_deadline_ns(&self) -> Option<u64> {
        self.deadlines.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_those_of_a_real_server() {
        // Recorded from ZooKeeper 3.8.0.
        let check = |session, secret: u128| assert_eq!(password(SessionId(session)), secret, "{session:#x}");
        check(0x1000008d12c0000, 0x363399488b839a6304b01db14cd21967);
        check(0x1000008d12c0005, 0x95d87b48abfdf6bbcefe218a6e7e8068);
    }

    #[test]
    fn timeouts_are_negotiated_within_bounds() {
        let check = |asked, given| assert_eq!(negotiate(asked, 2_000), given);
        check(0, 4_000);
        check(5_000, 5_000);
        check(90_000, 40_000);
    }

    #[test]
    fn a_session_is_overdue_at_the_tick_after_its_timeout() {
        let ms = |ms: u64| ms * MILLISECOND;
        let mut tracker = Tracker::new(500, &BTreeMap::from([(SessionId(1), 1_000)]), ms(100));
        assert_eq!(tracker.next_deadline_ns(), Some(ms(1_500)));
        assert!(tracker.overdue(ms(1_499)).is_empty());
        assert_eq!(tracker.overdue(ms(1_500)), [Overdue { session: SessionId(1), silent_ms: 1_400, timeout_ms: 1_000 }]);
        assert!(tracker.touch(SessionId(1), ms(600)));
        assert_eq!(tracker.next_deadline_ns(), Some(ms(2_000)));
        // A connection's own timeout counts, a shorter one too.
        assert!(tracker.renew(SessionId(1), 2_000, ms(600)));
        assert_eq!(tracker.next_deadline_ns(), Some(ms(3_000)));
        assert!(tracker.renew(SessionId(1), 1_000, ms(600)));
        assert_eq!(tracker.next_deadline_ns(), Some(ms(2_000)));
        tracker.close(SessionId(1));
        assert!(!tracker.touch(SessionId(1), ms(700)));
        assert_eq!(tracker.next_deadline_ns(), None);
    }

    #[test]
    fn a_session_belongs_to_the_replica_that_last_took_it() {
        let mut tracker = Tracker::new(500, &BTreeMap::from([(SessionId(1), 1_000)]), 0);
        assert_eq!(tracker.is_owned_by(SessionId(1), MachineId(0)), Some(true)); // The first to speak owns it.
        assert!(tracker.adopt(SessionId(1), 1_000, MachineId(1), 0));
        assert_eq!(tracker.is_owned_by(SessionId(1), MachineId(0)), Some(false));
        assert_eq!(tracker.is_owned_by(SessionId(2), MachineId(0)), None);
    }
}
