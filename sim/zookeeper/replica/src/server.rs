//! The process: it gives each event to the part it is for. Never a rule of a protocol.

use contract::ids::{ConnId, MachineId};
use contract::process::{DiskAnswer, DurableClaim, Event, Process};
use contract::time::Now;
use zookeeper_words::fact::{Fact, StateDigest};
use zookeeper_words::ids::Zxid;
use zookeeper_words::message::Message;

use crate::Out;
use crate::clients::Serving;
use crate::disk::store::Done;
use crate::ordering::zab::{PeerMessage, Zab};
use crate::ordering::{GaveUp, Ordering};
use crate::replica::{Core, ServerConfig, ensure};
use crate::upkeep;

/// A replica of the coordination service.
#[derive(Clone, Debug)]
pub struct Server {
    core: Core,
    ordering: Zab,
    /// It has read its disk. Before that it has no part in anything.
    is_recovered: bool,
    armed_ns: u64,
}

impl Server {
    /// A replica before its first start.
    pub fn new(config: ServerConfig) -> Server {
        let core = Core::new(config);
        Server { ordering: Zab::new(&core), core, is_recovered: false, armed_ns: 0 }
    }

    /// The last transaction applied.
    pub fn last_applied(&self) -> Zxid {
        self.core.tree.last
    }

    /// The tree's checksum.
    pub fn digest(&self) -> StateDigest {
        self.core.tree.digest()
    }

    /// Whether it is the primary of its epoch.
    pub fn is_leading(&self) -> bool {
        self.ordering.is_leading()
    }

    /// Whether it serves clients.
    pub fn is_serving(&self) -> bool {
        self.core.clients.serving == Serving::All
    }

    fn dispatch(&mut self, now: Now, event: Event<Message>, out: &mut Out) -> Result<(), GaveUp> {
        match event {
            Event::Boot => self.core.store.read_all(out),
            Event::Wake => return self.on_wake(now, out),
            Event::Order(word) => return upkeep::on_order(&word, &mut self.ordering, &mut self.core, now, out),
            Event::Accepted { conn, from } => self.ordering.on_accepted(conn, from),
            Event::Opened { conn, .. } => {
                if !self.ordering.on_opened(conn, &self.core, out) {
                    out.close(conn);
                }
            }
            Event::Closed { conn, .. } => {
                self.core.clients.detach(conn);
                return self.ordering.on_closed(conn, now);
            }
            Event::Message { conn, from, message } => return self.on_message(conn, from, message, now, out),
            Event::Datagram { .. } => {}
            Event::Disk(answer) => return self.on_disk(answer, now, out),
        }
        Ok(())
    }

    fn on_message(&mut self, conn: ConnId, from: MachineId, message: Message, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let core = &mut self.core;
        match message {
            Message::Connect(request) => {
                let address = core.config.address(from);
                core.clients.on_connect(conn, &request, address, &core.tree, now, out);
            }
            Message::Request { xid, op } => {
                let (clients, view) = core.clients_and_view();
                clients.on_request(conn, xid, op, view, out);
            }
            Message::Ping => {
                let (clients, view) = core.clients_and_view();
                clients.on_ping(conn, view, out);
            }
            Message::IsReadOnly => core.clients.on_is_read_only(conn, out),
            Message::Vote(notification) => return self.ordering.on_message(conn, from, PeerMessage::Vote(notification), core, now, out),
            Message::Quorum(packet) => return self.ordering.on_message(conn, from, PeerMessage::Packet(packet), core, now, out),
            Message::Connected(_) | Message::Reply { .. } | Message::Pong { .. } | Message::Event { .. } | Message::ReadOnly(_) => out.close(conn),
        }
        Ok(())
    }

    fn on_disk(&mut self, answer: DiskAnswer, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Some(done) = self.core.on_disk(answer, out) else { return Ok(()) };
        self.is_recovered |= matches!(done, Done::Recovered(_));
        self.ordering.on_done(&done, &mut self.core, now, out)
    }

    fn on_wake(&mut self, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        self.armed_ns = u64::MAX;
        self.core.serve_readers(now, out);
        self.ordering.on_wake(&mut self.core, now, out)?;
        upkeep::on_wake(&mut self.ordering, &mut self.core, now, out)
    }

    fn arm(&mut self, out: &mut Out) {
        let Some(wake_ns) = self.ordering.wake_ns() else { return };
        let others = [upkeep::wake_ns(&self.core), self.core.readers_ns, self.core.clients.wake_ns()];
        let wake_ns = others.into_iter().flatten().fold(wake_ns, u64::min);
        if wake_ns != self.armed_ns {
            self.armed_ns = wake_ns;
            out.wake_at(wake_ns);
        }
    }
}

impl Process for Server {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        let outcome = self.dispatch(now, event, out).and_then(|()| {
            self.core.clients.tend(now, out);
            self.ordering.submit(&mut self.core, now, out)
        });
        if let Err(gave_up) = outcome {
            self.ordering.step_down(gave_up, &mut self.core, out);
        }
        if self.is_recovered {
            self.ordering.settle(&mut self.core, now, out);
        }
        self.arm(out);
    }

    fn check(&self) -> Result<(), String> {
        let store = &self.core.store;
        ensure(store.durable <= store.last, || format!("durable up to {}, beyond the log's end {}", store.durable, store.last))?;
        if !self.is_recovered {
            return Ok(());
        }
        self.core.check()?;
        self.ordering.check(&self.core)
    }

    fn durable_claim(&self) -> Option<DurableClaim> {
        // What was just read may be in the page cache only: it is nothing to rely on before recovery has made it
        // durable.
        let config = &self.core.config;
        let is_relied_on = config.observers_claim || config.ensemble.voters.contains(&config.me);
        is_relied_on.then(|| if self.is_recovered { DurableClaim(self.core.durable_claim()) } else { DurableClaim::default() })
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let core = &self.core;
        vec![
            ("role", if self.is_recovered { self.ordering.look() } else { "recovering".into() }),
            ("config", core.succession.joint().look()),
            ("accepted", core.store.accepted.to_string()),
            ("current", core.store.current.to_string()),
            ("logged", core.store.last.to_string()),
            ("durable", core.store.durable.to_string()),
            ("applied", core.tree.last.to_string()),
            ("clients", core.clients.attached().to_string()),
            ("znodes", core.tree.len().to_string()),
        ]
    }
}
