//! A process of another system on a machine of this one: the coordination service's, or the outside's. Never what it
//! does.

use contract::process::{Event, Process};
use contract::time::Now;
use flink_words::fact::Fact;

use crate::message::{Message, Out};

/// Lets a process of another system take an event of this one. A message in a language that is not its own is not for
/// it.
pub fn step<P: Process>(process: &mut P, now: Now, event: Event<Message>, out: &mut Out)
where
    Message: From<P::Message> + TryInto<P::Message>,
    Fact: From<P::Fact>,
{
    let Some(event) = event.translate(|message| message.try_into().ok()) else { return };
    let wake_ns = out.host(Message::from, Fact::from, |out| {
        process.step(now, event, out);
        out.wake_ns
    });
    if let Some(mono_ns) = wake_ns {
        out.wake_at(mono_ns);
    }
}
