//! A replica that looks for a leader in vain serves whoever only wants to read (QuorumPeer, ReadOnlyZooKeeperServer), from what it knows to be committed. Never a write, and never a session that others know.

use vocab::fact::LocalFact;
use vocab::time::{MILLISECOND, Now};

use super::core::Out;
use super::server::Server;
use crate::clients::Serving;

/// How long a replica looks for a leader at least before it serves readers, in ms; a longer tick is waited for (QuorumPeer).
const GRACE_MIN_MS: u32 = 2_000;

impl Server {
    /// An election begins: readers are served if it lasts too long.
    pub(super) fn await_readers(&mut self, now: Now) {
        let coordination = &self.core.config.coordination;
        let grace_ms = GRACE_MIN_MS.max(coordination.tick_ms);
        self.readers_ns = coordination.read_only_mode.then(|| now.mono_ns + u64::from(grace_ms) * MILLISECOND);
    }

    /// Serves readers, if it is time.
    pub(super) fn serve_readers(&mut self, now: Now, out: &mut Out) {
        if self.readers_ns.take_if(|at_ns| *at_ns <= now.mono_ns).is_some() {
            self.core.clients.serving = Serving::Readers;
            out.note(LocalFact::ServesReaders { applied: self.core.tree.last });
        }
    }

    /// The election is over, or begins anew: readers must look for somebody else, and their sessions are no more.
    pub(super) fn dismiss_readers(&mut self, out: &mut Out) {
        self.readers_ns = None;
        if self.core.clients.serving == Serving::Readers {
            self.core.clients.stop(out);
        }
    }
}
