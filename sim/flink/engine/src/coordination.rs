//! A machine's client of the coordination service: how it is set, and what it hears of the machine's events. Never what
//! it makes of them.

use contract::ids::MachineId;
use contract::process::Event;
use zookeeper_client::curator::{Config as CuratorConfig, RetryPolicy};
use zookeeper_client::raw;

use crate::config::Config;
use crate::message::Message;

/// Flink's high-availability.zookeeper.client.connection-timeout.
const CONNECTION_TIMEOUT_MS: u32 = 15_000;
/// The longest wait between two tries of a request.
const RETRY_WAIT_MAX_MS: u32 = 8_000;
/// How much of the negotiated session timeout may pass in SUSPENDED before Curator gives the session up
/// (simulatedSessionExpirationPercent).
const EXPIRATION_PERCENT: u32 = 100;

/// How masters and workers set their client.
pub fn settings(config: &Config) -> CuratorConfig {
    let ha = &config.plan.ha;
    CuratorConfig {
        client: raw::Config { servers: config.servers.clone(), first: 0, timeout_ms: ha.session_timeout_ms, can_be_read_only: false },
        retry: RetryPolicy::ExponentialBackoff { base_ms: ha.retry_wait_ms, retries: ha.retries, sleep_max_ms: RETRY_WAIT_MAX_MS },
        connection_timeout_ms: CONNECTION_TIMEOUT_MS,
        expiration_percent: EXPIRATION_PERCENT,
        auths: Vec::new(),
    }
}

/// An event as the client hears it; `None` if it is none of its. A client takes every stream that is not its own for a
/// mistake and closes it, so it hears of streams to replicas alone.
pub fn heard(event: &Event<Message>, servers: &[MachineId]) -> Option<Event<zookeeper_words::message::Message>> {
    match event {
        Event::Wake => Some(Event::Wake),
        Event::Opened { conn, to } => servers.contains(to).then_some(Event::Opened { conn: *conn, to: *to }),
        Event::Closed { conn, peer } => servers.contains(peer).then_some(Event::Closed { conn: *conn, peer: *peer }),
        Event::Message { conn, from, message: Message::Coord(message) } => Some(Event::Message { conn: *conn, from: *from, message: message.clone() }),
        Event::Message { .. } | Event::Boot | Event::Order(_) | Event::Accepted { .. } | Event::Datagram { .. } | Event::Disk(_) => None,
    }
}
