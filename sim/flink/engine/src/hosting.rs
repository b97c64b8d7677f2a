//! A process of another system on a machine of this one: the coordination service's, or the outside's. Never what it
//! does.

use std::ops::Deref;

use contract::ids::ConnId;
use contract::process::{Effects, Event, Process};
use contract::time::Now;
use flink_words::fact::Fact;

use crate::message::{Message, Out};

/// A process of another system, with the effects that its steps are given.
#[derive(Clone)]
pub struct Hosted<P: Process> {
    process: P,
    /// Empty between steps.
    effects: Effects<P::Message, P::Fact>,
}

impl<P: Process> Hosted<P> {
    /// A process before its first step.
    pub fn new(process: P) -> Hosted<P> {
        Hosted { process, effects: Effects::new(ConnId(0)) }
    }

    /// Lets it take an event of this system. A message in a language that is not its own is not for it.
    pub fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out)
    where
        Message: From<P::Message> + TryInto<P::Message>,
        Fact: From<P::Fact>,
    {
        let Some(event) = event.translate(|message| message.try_into().ok()) else { return };
        let process = &mut self.process;
        let wake_ns = out.host_in(&mut self.effects, Message::from, Fact::from, |out| {
            process.step(now, event, out);
            out.wake_ns
        });
        if let Some(mono_ns) = wake_ns {
            out.wake_at(mono_ns);
        }
    }
}

impl<P: Process> Deref for Hosted<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.process
    }
}
