//! A client under test with the three replicas it talks to, all played by the test, and time moved by hand. Never a
//! world.

use contract::process::Effect;
use contract::time::MILLISECOND;
use zookeeper_words::service::Stat;

use super::*;

/// A client with three replicas (0, 1, 2), and its world: hand-driven time, and what was said so far.
pub(super) struct Bench {
    pub client: Client,
    pub now_ms: u64,
    next_conn: ConnId,
    pub facts: Vec<ClientFact>,
    pub effects: Vec<Effect<Message>>,
}

impl Bench {
    pub(super) fn new(first: usize) -> Bench {
        Bench::of(Config { servers: vec![MachineId(0), MachineId(1), MachineId(2)], first, timeout_ms: 6_000, can_be_read_only: false })
    }

    /// A client that makes do without a quorum.
    pub(super) fn reader() -> Bench {
        Bench::of(Config { servers: vec![MachineId(0), MachineId(1), MachineId(2)], first: 0, timeout_ms: 6_000, can_be_read_only: true })
    }

    fn of(config: Config) -> Bench {
        Bench { client: Client::new(config), now_ms: 0, next_conn: ConnId(1), facts: Vec::new(), effects: Vec::new() }
    }

    pub(super) fn now(&self) -> Now {
        Now { mono_ns: self.now_ms * MILLISECOND, wall_ns: 0 }
    }

    /// Runs `act`, checks the client's own invariant, and says in words what it did and told.
    pub(super) fn act(&mut self, act: impl FnOnce(&mut Client, Now, &mut Out) -> Vec<Upcall>) -> (Vec<Upcall>, String) {
        let mut out = Effects::new(self.next_conn);
        let now = self.now();
        let upcalls = act(&mut self.client, now, &mut out);
        self.next_conn = out.next_conn;
        let mut words: Vec<String> = out.list.iter().map(effect_in_words).collect();
        words.extend(upcalls.iter().map(upcall_in_words));
        self.facts.extend(out.notes.into_iter().filter_map(|fact| if let Fact::Client(fact) = fact { Some(fact) } else { None }));
        self.effects.extend(out.list);
        (upcalls, words.join("; "))
    }

    pub(super) fn open(&mut self) -> String {
        self.act(|client, now, out| {
            client.open(now, out);
            Vec::new()
        })
        .1
    }

    pub(super) fn event(&mut self, event: Event<Message>) -> String {
        self.act(|client, now, out| client.on_event(now, &event, out)).1
    }

    pub(super) fn opened(&mut self, conn: u64) -> String {
        self.event(Event::Opened { conn: ConnId(conn), to: MachineId(0) })
    }

    pub(super) fn closed(&mut self, conn: u64) -> String {
        self.event(Event::Closed { conn: ConnId(conn), peer: MachineId(0) })
    }

    pub(super) fn says(&mut self, conn: u64, message: Message) -> String {
        self.event(Event::Message { conn: ConnId(conn), from: MachineId(0), message })
    }

    pub(super) fn accepts(&mut self, conn: u64, session: i64) -> String {
        self.says(conn, connected(session))
    }

    pub(super) fn replies(&mut self, conn: u64, xid: i32, zxid: u64, result: Result<Reply, ErrorCode>) -> String {
        self.says(conn, Message::Reply { xid: Xid(xid), zxid: Zxid(zxid), result })
    }

    pub(super) fn submit(&mut self, op: Op) -> String {
        self.act(|client, now, out| {
            client.submit(op, now, out);
            Vec::new()
        })
        .1
    }

    /// Lets the time pass until the client's own deadline.
    pub(super) fn wait(&mut self) -> String {
        self.now_ms = self.client.wake_ns().expect("a client with a session waits for something").div_ceil(MILLISECOND);
        self.event(Event::Wake)
    }

    /// Opens a session on connection 1.
    pub(super) fn attached(first: usize) -> Bench {
        let mut bench = Bench::new(first);
        bench.open();
        bench.opened(1);
        bench.accepts(1, 7);
        bench
    }
}

pub(super) fn connected(session: i64) -> Message {
    Message::Connected(ConnectResponse {
        timeout_ms: if session == 0 { 0 } else { 6_000 },
        session: SessionId(session),
        password: session as u128 * 11,
        read_only: false,
    })
}

/// The same by a replica without a quorum.
pub(super) fn without_quorum(session: i64) -> Message {
    match connected(session) {
        Message::Connected(response) => Message::Connected(ConnectResponse { read_only: true, ..response }),
        message => message,
    }
}

fn effect_in_words(effect: &Effect<Message>) -> String {
    match effect {
        Effect::Open { conn, to } => format!("{} opens to {}", conn.0, to.0),
        Effect::Close { conn } => format!("{} closes", conn.0),
        Effect::Send { conn, message } => match message {
            Message::Connect(request) => format!("{} connect session {} seen {}", conn.0, request.session.0, request.last_zxid_seen.0),
            Message::Request { xid, op } => format!("{} {} {}", conn.0, op.name(), xid.0),
            message => format!("{} {}", conn.0, contract::process::Message::kind(message)),
        },
        effect => format!("{effect:?}"),
    }
}

fn upcall_in_words(upcall: &Upcall) -> String {
    match upcall {
        Upcall::Attached { again } => if *again { "attached again" } else { "attached" }.into(),
        Upcall::Detached => "detached".into(),
        Upcall::Expired => "expired".into(),
        Upcall::AuthFailed => "auth failed".into(),
        Upcall::Closed => "closed".into(),
        Upcall::Returned { xid, result, .. } => format!("{} returned{}", xid.0, if result.is_ok() { "" } else { " an error" }),
        Upcall::Unknown { xid } => format!("{} unknown", xid.0),
        Upcall::Unsent { xid } => format!("{} unsent", xid.0),
        Upcall::Watched { event } => format!("{:?} {}", event.kind, event.path),
    }
}

pub(super) fn get(path: &str, watch: bool) -> Op {
    Op::GetData { path: path.into(), watch }
}

pub(super) fn data() -> Result<Reply, ErrorCode> {
    Ok(Reply::Data { data: None, stat: Stat::default() })
}

pub(super) fn digest() -> Op {
    Op::Auth { scheme: "digest".into(), auth: "user:password".into() }
}
