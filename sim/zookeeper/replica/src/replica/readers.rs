//! A replica that looks for a leader in vain serves whoever only wants to read (QuorumPeer, ReadOnlyZooKeeperServer),
//! from what it knows to be committed. Never a write, and never a session that others know.

use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::LocalFact;

use super::Core;
use crate::Out;
use crate::clients::Serving;

/// How long a replica looks for a leader at least before it serves readers, in ms; a longer tick is waited for
/// (QuorumPeer).
const GRACE_MIN_MS: u32 = 2_000;

impl Core {
    /// There is no leader from now on: readers are served if that lasts too long.
    pub fn await_readers(&mut self, now: Now) {
        let coordination = &self.config.coordination;
        let grace_ms = GRACE_MIN_MS.max(coordination.tick_ms);
        self.readers_ns = coordination.read_only_mode.then(|| now.mono_ns + u64::from(grace_ms) * MILLISECOND);
    }

    /// Serves readers, if it is time.
    pub fn serve_readers(&mut self, now: Now, out: &mut Out) {
        if self.readers_ns.take_if(|at_ns| *at_ns <= now.mono_ns).is_some() {
            self.clients.serving = Serving::Readers;
            out.note(LocalFact::ServesReaders { applied: self.tree.last });
        }
    }

    /// A leader is found, or looked for anew: readers must look for another replica, and their sessions are no more.
    pub fn dismiss_readers(&mut self, out: &mut Out) {
        self.readers_ns = None;
        if self.clients.serving == Serving::Readers {
            self.clients.stop(out);
        }
    }
}
