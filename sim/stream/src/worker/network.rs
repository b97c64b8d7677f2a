//! Streams to other workers: one a pair and direction, opened by the receiving worker, for all channels between the two. Never what goes over a channel.

use std::collections::BTreeMap;

use vocab::ids::{ConnId, MachineId};
use vocab::time::{MILLISECOND, Now};

use crate::message::Out;
use crate::task::Route;

/// How long a stream may take to open (taskmanager.network.netty.client.connectTimeoutSec is 120; ours must end before a checkpoint does).
const OPEN_NS: u64 = 3_000 * MILLISECOND;

/// A worker's streams to others.
#[derive(Clone, Debug)]
pub struct Network {
    me: MachineId,
    /// Those that it opened, to receive. Until when one must stand, as long as it does not.
    opened: BTreeMap<MachineId, (ConnId, Option<u64>)>,
}

impl Network {
    /// No streams.
    pub fn new(me: MachineId) -> Network {
        Network { me, opened: BTreeMap::new() }
    }

    /// The way to a producer's worker.
    pub fn route(&mut self, machine: MachineId, now: Now, out: &mut Out) -> Route {
        if machine == self.me {
            return Route::Local;
        }
        let (conn, _) = *self.opened.entry(machine).or_insert_with(|| (out.open(machine), Some(now.mono_ns + OPEN_NS)));
        Route::Remote(conn)
    }

    /// Whether this worker opened a stream, to receive.
    pub fn has_opened(&self, route: Route) -> bool {
        self.opened.values().any(|(conn, _)| route == Route::Remote(*conn))
    }

    /// A stream stands.
    pub fn on_opened(&mut self, conn: ConnId) {
        if let Some((_, until_ns)) = self.opened.values_mut().find(|(known, _)| *known == conn) {
            *until_ns = None;
        }
    }

    /// A stream is gone.
    pub fn on_closed(&mut self, conn: ConnId) {
        self.opened.retain(|_, (known, _)| *known != conn);
    }

    /// The streams that should stand by now and do not: they are given up.
    pub fn give_up(&mut self, now: Now, out: &mut Out) -> Vec<ConnId> {
        let late: Vec<ConnId> =
            self.opened.values().filter(|(_, until_ns)| until_ns.is_some_and(|until_ns| until_ns <= now.mono_ns)).map(|(conn, _)| *conn).collect();
        for conn in &late {
            out.close(*conn);
            self.on_closed(*conn);
        }
        late
    }

    /// Closes streams that no channel needs any more: who restarts must not find an old one.
    pub fn close_unused(&mut self, is_used: impl Fn(Route) -> bool, out: &mut Out) {
        self.opened.retain(|_, (conn, _)| {
            let used = is_used(Route::Remote(*conn));
            if !used {
                out.close(*conn);
            }
            used
        });
    }

    /// When [`Network::give_up`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        self.opened.values().filter_map(|(_, until_ns)| *until_ns).min()
    }
}
