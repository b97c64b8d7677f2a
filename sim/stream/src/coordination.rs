//! What a machine's client of the coordination service hears of the machine's events. Never what it makes of them.

use vocab::ids::MachineId;
use vocab::process::Event;

use crate::message::Message;

/// An event as the client hears it; `None` if it is none of its. A client takes every stream that is not its own for a mistake and closes it, so it hears of streams to replicas alone.
pub fn heard(event: &Event<Message>, servers: &[MachineId]) -> Option<Event<coord::message::Message>> {
    match event {
        Event::Wake => Some(Event::Wake),
        Event::Opened { conn, to } => servers.contains(to).then_some(Event::Opened { conn: *conn, to: *to }),
        Event::Closed { conn, peer } => servers.contains(peer).then_some(Event::Closed { conn: *conn, peer: *peer }),
        Event::Message { conn, from, message: Message::Coord(message) } => Some(Event::Message { conn: *conn, from: *from, message: message.clone() }),
        Event::Message { .. } | Event::Boot | Event::Order(_) | Event::Accepted { .. } | Event::Datagram { .. } | Event::Disk(_) => None,
    }
}
