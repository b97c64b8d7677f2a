//! One recorded connection, as a process: it sends what the stage orders, in ZooKeeper's records, and notes what it
//! receives. Never a retry, a choice, or an opinion.

use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::process::{Effects, Event};
use contract::time::{MILLISECOND, Now};
use zookeeper_replica::session;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::{ConnectRequest, Message};
use zookeeper_words::service::Op;

type Out = Effects<Message, Fact>;

/// A connection, before it is opened, while it stands, or after.
#[derive(Clone, Debug)]
pub struct Caller {
    server: MachineId,
    /// What it asks when the stage orders it, by number.
    script: Arc<[Op]>,
    conn: Option<ConnId>,
    request: Option<ConnectRequest>,
    session: SessionId,
    timeout_ms: u32,
    next_xid: Xid,
    ping_ns: Option<u64>,
}

impl Caller {
    /// A caller of one replica.
    pub fn new(server: MachineId, script: Vec<Op>) -> Caller {
        Caller { server, script: script.into(), conn: None, request: None, session: SessionId::NONE, timeout_ms: 0, next_xid: Xid(1), ping_ns: None }
    }

    /// Takes one event, to completion.
    pub fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match event {
            Event::Order(word) => self.on_order(&word, now, out),
            Event::Opened { conn, .. } if self.conn == Some(conn) => {
                let request = self.request.take().expect("a stream was opened for a connect request");
                out.send(conn, Message::Connect(request));
            }
            Event::Closed { conn, .. } if self.conn == Some(conn) => self.end(conn, out),
            Event::Message { conn, message, .. } if self.conn == Some(conn) => self.on_message(conn, message, now, out),
            Event::Wake => {
                if let (Some(conn), Some(ping_ns)) = (self.conn, self.ping_ns)
                    && now.mono_ns >= ping_ns
                {
                    out.send(conn, Message::Ping);
                    self.delay_ping(now, out);
                }
            }
            Event::Boot | Event::Opened { .. } | Event::Closed { .. } | Event::Message { .. } => {}
            Event::Accepted { .. } | Event::Datagram { .. } | Event::Disk(_) => {}
        }
    }

    fn on_order(&mut self, word: &str, now: Now, out: &mut Out) {
        let mut words = word.split(' ');
        let verb = words.next().expect("an order has a verb");
        let mut number = || -> i64 { words.next().and_then(|word| word.parse().ok()).expect("the stage gives an order its numbers") };
        match verb {
            "open" => {
                let timeout_ms = number() as u32;
                self.connect(ConnectRequest { last_zxid_seen: Zxid::ZERO, timeout_ms, session: SessionId::NONE, password: 0, read_only: false }, out);
            }
            "attach" => {
                let session = SessionId(number());
                let last_zxid_seen = Zxid(number() as u64);
                let timeout_ms = number() as u32;
                self.connect(ConnectRequest { last_zxid_seen, timeout_ms, session, password: session::password(session), read_only: false }, out);
            }
            "ask" => {
                let Some(conn) = self.conn else { return };
                let op = self.script[number() as usize].clone();
                let xid = match op {
                    Op::Auth { .. } => Xid::AUTH,
                    Op::SetWatches { .. } => Xid::SET_WATCHES,
                    _ => {
                        let xid = self.next_xid;
                        self.next_xid = Xid(xid.0 + 1);
                        xid
                    }
                };
                out.send(conn, Message::Request { xid, op: Arc::new(op) });
                self.delay_ping(now, out);
            }
            "drop" => {
                if let Some(conn) = self.conn {
                    out.close(conn);
                    self.end(conn, out);
                }
            }
            other => unreachable!("the stage gives no order {other:?}"),
        }
    }

    fn connect(&mut self, request: ConnectRequest, out: &mut Out) {
        self.request = Some(request);
        self.conn = Some(out.open(self.server));
    }

    fn on_message(&mut self, conn: ConnId, message: Message, now: Now, out: &mut Out) {
        let (session, number) = (self.session, conn.0 as u32);
        match message {
            Message::Connected(response) if response.session == SessionId::NONE => out.note(ClientFact::Expired { session }),
            Message::Connected(response) => {
                let again = self.session == response.session;
                (self.session, self.timeout_ms) = (response.session, response.timeout_ms);
                out.note(ClientFact::Attached {
                    session: response.session,
                    conn: number,
                    replica: self.server,
                    timeout_ms: response.timeout_ms,
                    again,
                    seen: Zxid::ZERO,
                });
                self.delay_ping(now, out);
            }
            Message::Reply { xid, zxid, result } => out.note(ClientFact::Returned { session, conn: number, xid, zxid, result }),
            Message::Event { zxid, event } => out.note(ClientFact::Watched { session, conn: number, zxid, event }),
            Message::Pong { .. } => {}
            Message::Connect(_)
            | Message::Request { .. }
            | Message::Ping
            | Message::Vote(_)
            | Message::Quorum(_)
            | Message::IsReadOnly
            | Message::ReadOnly(_) => {
                unreachable!("a replica said {message:?} to a client")
            }
        }
    }

    /// The client has said something: its next ping is due a third of the timeout later.
    fn delay_ping(&mut self, now: Now, out: &mut Out) {
        let ping_ns = now.mono_ns + u64::from(self.timeout_ms) * MILLISECOND / 3;
        self.ping_ns = Some(ping_ns);
        out.wake_at(ping_ns);
    }

    fn end(&mut self, conn: ConnId, out: &mut Out) {
        out.note(ClientFact::Detached { session: self.session, conn: conn.0 as u32 });
        (self.conn, self.ping_ns) = (None, None);
    }
}
