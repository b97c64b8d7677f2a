//! The languages that messages of the engine carry: the coordination service's and the outside's. Never the engine's
//! own.

use outside::Carries;
use outside_words::message::Answer;

use super::Message;

impl From<outside_words::message::Message> for Message {
    fn from(message: outside_words::message::Message) -> Message {
        match message {
            outside_words::message::Message::Ask { request, ask } => Message::Ask { request, ask },
            outside_words::message::Message::Answer { request, answer } => Message::Answer { request, answer },
        }
    }
}

impl Carries for Message {
    fn answer(&self) -> Option<(u64, &Answer)> {
        match self {
            Message::Answer { request, answer } => Some((*request, answer)),
            Message::Coord(_) | Message::Up { .. } | Message::Down { .. } | Message::Net(_) | Message::KeepAlive { .. } | Message::Ask { .. } => None,
        }
    }
}

impl From<zookeeper_words::message::Message> for Message {
    fn from(message: zookeeper_words::message::Message) -> Message {
        Message::Coord(message)
    }
}

/// What the coordination service understands; any other message comes back.
impl TryFrom<Message> for zookeeper_words::message::Message {
    type Error = Message;

    fn try_from(message: Message) -> Result<Self, Message> {
        match message {
            Message::Coord(message) => Ok(message),
            Message::Up { .. } | Message::Down { .. } | Message::Net(_) | Message::KeepAlive { .. } | Message::Ask { .. } | Message::Answer { .. } => {
                Err(message)
            }
        }
    }
}

/// What the outside understands; any other message comes back.
impl TryFrom<Message> for outside_words::message::Message {
    type Error = Message;

    fn try_from(message: Message) -> Result<Self, Message> {
        match message {
            Message::Ask { request, ask } => Ok(outside_words::message::Message::Ask { request, ask }),
            Message::Answer { request, answer } => Ok(outside_words::message::Message::Answer { request, answer }),
            Message::Coord(_) | Message::Up { .. } | Message::Down { .. } | Message::Net(_) | Message::KeepAlive { .. } => Err(message),
        }
    }
}
