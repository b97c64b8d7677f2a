//! Sending: a message meets the faults that wait for its kind, then the weather of its link. Each draws the same words
//! from the link's dice whatever becomes of it.

use contract::dice::Dice;
use contract::fault::Moment;
use contract::ids::{ConnId, MachineId};
use contract::process::{Event, Message, Process};
use contract::time::MILLISECOND;

use crate::net::{Datagram, Segment};
use crate::queue::Job;
use crate::world::World;

/// How much later than the plain latency an end may learn that its stream was reset: about what a retransmission takes.
const RESET_SPREAD_NS: u64 = 200 * MILLISECOND;

impl<P: Process> World<P> {
    /// A process sends on a stream; into nothing if the stream is gone.
    pub(crate) fn send(&mut self, machine: MachineId, conn: ConnId, message: P::Message) {
        let Some(peer) = self.net.streams.peer(conn, machine) else { return };
        let (mut is_dropped, mut is_marked) = (false, false);
        if self.faults.is_sending_watched {
            let kind = message.kind();
            self.trigger(Moment::Send, kind, machine, Some(peer));
            if self.machines[machine.index()].process.is_none() {
                return;
            }
            is_dropped = self.drop_is_due(kind, machine, peer);
            is_marked = !is_dropped && self.reply_drop_is_due(kind, machine);
        }
        let latency_ns = self.net.links.draw(machine, peer).stream_ns();
        if is_dropped || !self.net.streams.send(self.now_ns, conn, machine, Segment::Data(message, is_marked), latency_ns, &mut self.queue) {
            // What was sent before still arrives; this message and all after it do not.
            self.break_stream(conn, true, false);
        }
    }

    /// A process sends a datagram.
    pub(crate) fn send_datagram(&mut self, machine: MachineId, to: MachineId, message: P::Message) {
        if to.index() >= self.machines.len() {
            self.blame(machine, &format!("it sends a datagram to {to}, which does not exist"));
        }
        let mut is_dropped = false;
        if self.faults.is_sending_watched {
            let kind = message.kind();
            self.trigger(Moment::Send, kind, machine, Some(to));
            if self.machines[machine.index()].process.is_none() {
                return;
            }
            is_dropped = self.drop_is_due(kind, machine, to) || self.faults.take_doomed_reply(machine, to);
        }
        let transit = self.net.links.draw(machine, to);
        if is_dropped || transit.lost || transit.is_cut {
            return;
        }
        if let Some(again_ns) = transit.again_ns {
            let slot = self.net.datagrams.put(Datagram { from: machine, to, message: message.clone() });
            self.queue.push(self.now_ns + again_ns, Job::Datagram { slot });
        }
        let slot = self.net.datagrams.put(Datagram { from: machine, to, message });
        self.queue.push(self.now_ns + transit.latency_ns, Job::Datagram { slot });
    }

    /// A datagram has arrived, and may be the one whose reply is to be lost.
    pub(crate) fn reply_is_due(&mut self, from: MachineId, to: MachineId, message: &P::Message) {
        if self.reply_drop_is_due(message.kind(), from) {
            self.faults.doom_reply(to, from);
        }
    }

    /// A stream breaks in the middle; what is on its way still arrives if `keep`, and both ends learn of it, each at
    /// its own time, unless it is `silent`.
    pub(crate) fn break_stream(&mut self, conn: ConnId, keep: bool, silent: bool) {
        let Some([a, b]) = self.net.streams.ends(conn) else { return };
        let mut dice = Dice::named(self.seed, "reset", conn.0, 0);
        let told_ns = [(b, a), (a, b)].map(|(from, to)| self.net.links.plain_ns(from, to) + dice.below(RESET_SPREAD_NS));
        self.net.streams.break_up(self.now_ns, conn, keep, (!silent).then_some(told_ns), &mut self.queue);
    }

    /// A frozen process closed a stream: what its kernel had taken for it is not told any more.
    pub(crate) fn forget(&mut self, machine: MachineId, closed: ConnId) {
        self.machines[machine.index()].inbox.retain(|event| match event {
            Event::Accepted { conn, .. } | Event::Opened { conn, .. } | Event::Closed { conn, .. } | Event::Message { conn, .. } => *conn != closed,
            Event::Boot | Event::Wake | Event::Order(_) | Event::Datagram { .. } | Event::Disk(_) => true,
        });
    }
}
