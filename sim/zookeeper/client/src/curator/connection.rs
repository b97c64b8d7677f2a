//! How the session stands in the application's eyes (Curator 5, ConnectionStateManager): CONNECTED, SUSPENDED, LOST,
//! RECONNECTED. Never a word to the service.

use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::ConnectionState;

/// The state that was told last, and when the session must be given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// None before the first connection.
    state: Option<ConnectionState>,
    /// Since when it is SUSPENDED.
    suspended_ns: Option<u64>,
    /// How much of the negotiated timeout may pass in SUSPENDED before the session is given up
    /// (sessionExpirationPercent); 0 waits for the service's word.
    expiration_percent: u32,
}

impl Connection {
    pub(super) fn new(expiration_percent: u32) -> Connection {
        Connection { state: None, suspended_ns: None, expiration_percent }
    }

    /// Whether requests can be sent.
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, Some(ConnectionState::Connected | ConnectionState::Reconnected))
    }

    /// The session has a connection. Only the very first one is told as CONNECTED, whatever became of the sessions
    /// before.
    pub(super) fn attached(&mut self) -> Option<ConnectionState> {
        if self.is_connected() {
            return None;
        }
        Some(self.set(if self.state.is_none() { ConnectionState::Connected } else { ConnectionState::Reconnected }))
    }

    /// The connection is gone. Who is LOST is not SUSPENDED by a connection that comes to nothing.
    pub(super) fn detached(&mut self, now: Now) -> Option<ConnectionState> {
        if !self.is_connected() {
            return None;
        }
        let state = self.set(ConnectionState::Suspended);
        self.suspended_ns = Some(now.mono_ns);
        Some(state)
    }

    /// The session is over, by the service's word or by the client's own.
    pub(super) fn expired(&mut self) -> Option<ConnectionState> {
        if self.state == Some(ConnectionState::Lost) {
            return None;
        }
        Some(self.set(ConnectionState::Lost))
    }

    /// When a SUSPENDED session of this negotiated timeout is given up (CURATOR-405): nobody may be told in time that
    /// the service expired it.
    pub(super) fn deadline_ns(&self, timeout_ms: u32) -> Option<u64> {
        let patience_ns = u64::from(timeout_ms) * MILLISECOND * u64::from(self.expiration_percent) / 100;
        self.suspended_ns.filter(|_| self.expiration_percent > 0).map(|ns| ns + patience_ns)
    }

    pub(super) fn look(&self) -> String {
        self.state.map_or_else(|| "latent".into(), |state| format!("{state:?}").to_uppercase())
    }

    fn set(&mut self, state: ConnectionState) -> ConnectionState {
        self.state = Some(state);
        self.suspended_ns = None;
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zookeeper_words::fact::ConnectionState::{Connected, Lost, Reconnected, Suspended};

    #[test]
    fn each_change_is_told_once() {
        let check = |events: &str, expected: &[ConnectionState]| {
            let mut connection = Connection::new(100);
            let mut notices = Vec::new();
            for event in events.chars() {
                notices.extend(match event {
                    'a' => connection.attached(),
                    'd' => connection.detached(Now { mono_ns: 0, wall_ns: 0 }),
                    'x' => connection.expired(),
                    event => panic!("no event {event}"),
                });
            }
            assert_eq!(notices, expected, "after {events}");
        };
        check("a", &[Connected]);
        check("ada", &[Connected, Suspended, Reconnected]);
        check("adxa", &[Connected, Suspended, Lost, Reconnected]);
        check("adxdxa", &[Connected, Suspended, Lost, Reconnected]); // A lost session can be lost no more.
        check("xa", &[Lost, Reconnected]); // It was never there, yet something was told before.
        check("dada", &[Connected, Suspended, Reconnected]); // A first try that fails is no news.
    }

    #[test]
    fn a_suspended_session_is_given_up_after_its_timeout() {
        let check = |percent: u32, timeout_ms: u32, expected: Option<u64>| {
            let mut connection = Connection::new(percent);
            connection.attached();
            assert_eq!(connection.deadline_ns(timeout_ms), None);
            connection.detached(Now { mono_ns: 500 * MILLISECOND, wall_ns: 0 });
            assert_eq!(connection.deadline_ns(timeout_ms), expected.map(|ms| ms * MILLISECOND));
            connection.attached();
            assert_eq!(connection.deadline_ns(timeout_ms), None);
        };
        check(100, 4_000, Some(4_500));
        check(33, 4_000, Some(1_820));
        check(0, 4_000, None);
    }
}
