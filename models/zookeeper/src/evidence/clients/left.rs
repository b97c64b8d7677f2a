//! The sessions that their clients have left: nobody has a connection for them, so nobody keeps them alive. Never whether they have ended.

use std::collections::BTreeMap;

use judging::NoteIndex;
use zookeeper_words::ids::SessionId;

/// All of them.
#[derive(Debug, Default)]
pub struct Left {
    /// Since when each is left, and its timeout in ms.
    pub sessions: BTreeMap<SessionId, (NoteIndex, u32)>,
    timeouts_ms: BTreeMap<SessionId, u32>,
}

impl Left {
    /// A client came with this session.
    pub(super) fn attached(&mut self, session: SessionId, timeout_ms: u32) {
        self.timeouts_ms.insert(session, timeout_ms);
        self.sessions.remove(&session);
    }

    /// Its connection ended.
    pub(super) fn detached(&mut self, session: SessionId, at: NoteIndex) {
        self.sessions.extend(self.timeouts_ms.get(&session).map(|timeout_ms| (session, (at, *timeout_ms))));
    }
}
