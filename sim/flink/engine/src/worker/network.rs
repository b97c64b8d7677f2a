//! Streams to other workers: one a pair and direction, opened by the receiving worker, for all channels between the
//! two. Never what goes over a channel.
//!
//! A stream may be dead without a word to either end. The receiving worker finds that out by itself, as TCP does with
//! keep-alive on (taskmanager.network.netty.client.tcp.keepIdleSec, keepIntervalSec, keepCount): after a long silence
//! it asks, and gives the stream up if nothing comes back. Its task fails then, and with it the whole region, the
//! sending task too.

use std::collections::BTreeMap;

use contract::ids::{ConnId, MachineId};
use contract::time::{MILLISECOND, Now};
use flink_words::settings::StreamPlan;

use crate::message::{Message, Out};
use crate::task::Route;

/// How long a stream may take to open (taskmanager.network.netty.client.connectTimeoutSec is 120; ours must end before
/// a checkpoint does).
const OPEN_NS: u64 = 3_000 * MILLISECOND;

/// How many heartbeat timeouts a stream that does not answer is waited for: a cut between two workers may well be
/// longer than one that costs a worker its master.
const PATIENCE: u64 = 3;

/// How a stream stands.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// It does not yet, and must until then.
    Opening { until_ns: u64 },
    /// It does. Something came over it then, at last.
    Heard { at_ns: u64 },
    /// It has been asked since then, and is asked again then.
    Asked { since_ns: u64, again_ns: u64 },
}

/// A worker's streams to others.
#[derive(Clone, Debug)]
pub struct Network {
    me: MachineId,
    /// How long a silence may be.
    silence_ns: u64,
    /// How long between two questions.
    interval_ns: u64,
    /// Those that it opened, to receive.
    opened: BTreeMap<MachineId, (ConnId, Standing)>,
}

impl Network {
    /// A worker without streams to others.
    pub fn new(me: MachineId, plan: &StreamPlan) -> Network {
        let ns = |ms: u32| u64::from(ms) * MILLISECOND;
        Network { me, silence_ns: ns(plan.heartbeat_timeout_ms), interval_ns: ns(plan.heartbeat_interval_ms), opened: BTreeMap::new() }
    }

    /// The way to a producer's worker.
    pub fn route(&mut self, machine: MachineId, now: Now, out: &mut Out) -> Route {
        if machine == self.me {
            return Route::Local;
        }
        let opening = Standing::Opening { until_ns: now.mono_ns + OPEN_NS };
        let (conn, _) = *self.opened.entry(machine).or_insert_with(|| (out.open(machine), opening));
        Route::Remote(conn)
    }

    /// Whether this worker opened a stream, to receive.
    pub fn has_opened(&self, route: Route) -> bool {
        self.opened.values().any(|(conn, _)| route == Route::Remote(*conn))
    }

    /// A stream stands, or something came over it.
    pub fn on_heard(&mut self, conn: ConnId, now: Now) {
        if let Some((_, standing)) = self.opened.values_mut().find(|(known, _)| *known == conn) {
            *standing = Standing::Heard { at_ns: now.mono_ns };
        }
    }

    /// A stream is gone.
    pub fn on_closed(&mut self, conn: ConnId) {
        self.opened.retain(|_, (known, _)| *known != conn);
    }

    /// Asks over the streams that have been silent for long. Gives up those that should stand by now and do not, and
    /// those that do not answer; says which.
    pub fn on_time(&mut self, now: Now, out: &mut Out) -> Vec<ConnId> {
        let mut late = Vec::new();
        for (conn, standing) in self.opened.values_mut() {
            if now.mono_ns < due_ns(*standing, self.silence_ns) {
                continue;
            }
            let since_ns = match *standing {
                Standing::Opening { .. } => {
                    late.push(*conn);
                    continue;
                }
                Standing::Heard { .. } => now.mono_ns,
                Standing::Asked { since_ns, .. } => since_ns,
            };
            if now.mono_ns - since_ns >= PATIENCE * self.silence_ns {
                late.push(*conn);
                continue;
            }
            *standing = Standing::Asked { since_ns, again_ns: now.mono_ns + self.interval_ns };
            out.send(*conn, Message::KeepAlive { is_answer: false });
        }
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

    /// When [`Network::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        self.opened.values().map(|(_, standing)| due_ns(*standing, self.silence_ns)).min()
    }
}

/// When something is to be done about a stream.
fn due_ns(standing: Standing, silence_ns: u64) -> u64 {
    match standing {
        Standing::Opening { until_ns } => until_ns,
        Standing::Heard { at_ns } => at_ns + silence_ns,
        Standing::Asked { again_ns, .. } => again_ns,
    }
}

#[cfg(test)]
mod tests {
    use contract::process::Effect;
    use flink_words::job::JobKind;
    use flink_words::settings::InputPlan;

    use super::*;

    const HERE: MachineId = MachineId(0);
    const THERE: MachineId = MachineId(1);

    /// A network whose workers tolerate a silence of 1,000 ms and ask every 400.
    fn network() -> Network {
        let input = InputPlan { records: 1, partitions: 1, until_ms: 0, disorder_ms: 0, idle_ms: 0 };
        Network::new(HERE, &StreamPlan { heartbeat_timeout_ms: 1_000, heartbeat_interval_ms: 400, ..StreamPlan::of(JobKind::Q0, input) })
    }

    fn at(ms: u64) -> Now {
        Now { mono_ns: ms * MILLISECOND, wall_ns: 0 }
    }

    /// What it does by itself until then, in ms: when it asks, and when it gives up.
    fn deadlines(network: &mut Network, until_ms: u64) -> (Vec<u64>, Option<u64>) {
        let mut asked = Vec::new();
        while let Some(ns) = network.wake_ns().filter(|ns| *ns <= until_ms * MILLISECOND) {
            let mut out = Out::new(ConnId(9));
            let given_up = network.on_time(Now { mono_ns: ns, wall_ns: 0 }, &mut out);
            let asks = out.list.iter().filter(|effect| matches!(effect, Effect::Send { message: Message::KeepAlive { is_answer: false }, .. }));
            asked.extend(asks.map(|_| ns / MILLISECOND));
            if !given_up.is_empty() {
                assert!(out.list.iter().any(|effect| matches!(effect, Effect::Close { .. })), "{:?}", out.list);
                return (asked, Some(ns / MILLISECOND));
            }
        }
        (asked, None)
    }

    #[test]
    fn a_stream_that_does_not_come_to_stand_is_given_up() {
        let mut network = network();
        let mut out = Out::new(ConnId(1));
        assert_eq!(network.route(HERE, at(0), &mut out), Route::Local);
        let route = network.route(THERE, at(0), &mut out);
        assert!(network.has_opened(route));
        assert_eq!(deadlines(&mut network, 10_000), (vec![], Some(3_000)));
        assert!(!network.has_opened(route));
    }

    #[test]
    fn a_silent_stream_is_asked_and_given_up_if_nothing_comes_back() {
        let stand = |heard_ms: Option<u64>| {
            let mut network = network();
            let Route::Remote(conn) = network.route(THERE, at(0), &mut Out::new(ConnId(1))) else { panic!("another machine is reached by a stream") };
            network.on_heard(conn, at(100));
            let before = deadlines(&mut network, heard_ms.unwrap_or(10_000));
            heard_ms.map_or(before, |ms| {
                network.on_heard(conn, at(ms));
                deadlines(&mut network, ms + 1_500)
            })
        };
        let silent = vec![1_100, 1_500, 1_900, 2_300, 2_700, 3_100, 3_500, 3_900];
        assert_eq!(stand(None), (silent, Some(4_300)));
        assert_eq!(stand(Some(2_000)), (vec![3_000, 3_400], None)); // An answer, or anything else.
        assert_eq!(stand(Some(900)), (vec![1_900, 2_300], None)); // It was never asked.
    }
}
