//! Which of our sessions stands for which of the recorded ones. Numbers alone; never a session's life.

use std::collections::BTreeMap;

use zookeeper_words::ids::SessionId;

/// Our sessions by the numbers that the real server gave to theirs, and the other way round.
#[derive(Default)]
pub struct Sessions {
    ours: BTreeMap<i64, SessionId>,
    theirs: BTreeMap<SessionId, i64>,
}

impl Sessions {
    /// The session of that number in the log is `ours` here.
    pub fn pair(&mut self, theirs: i64, ours: SessionId) {
        self.ours.insert(theirs, ours);
        self.theirs.insert(ours, theirs);
    }

    /// Our session for that number in the log.
    pub fn ours(&self, theirs: i64) -> Option<SessionId> {
        self.ours.get(&theirs).copied()
    }

    /// The number in the log of the owner of an ephemeral: 0 for no owner, -1 for one that the log does not know.
    pub fn owner(&self, ours: SessionId) -> i64 {
        if ours == SessionId::NONE { 0 } else { self.theirs.get(&ours).copied().unwrap_or(-1) }
    }
}

/// Stands for the number of a session that was opened on this connection, where nobody was told its number.
pub fn nameless(conn: usize) -> i64 {
    -1 - conn as i64
}
