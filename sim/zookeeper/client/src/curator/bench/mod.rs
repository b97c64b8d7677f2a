//! A bench for tests: a Curator with one recipe, a tiny service of one machine, and time moved by hand. Requests and
//! replies can be lost, sessions can expire. Never a world.

mod server;

use std::collections::{BTreeMap, VecDeque};

use contract::ids::{ConnId, MachineId};
use contract::process::{Effect, Effects, Event};
use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::{Belief, ClientFact, Fact, RecipeFact};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Op, Reply};

use super::{Config, Curator, Notice, RecipeContext, RetryPolicy};
use crate::raw;
pub(super) use server::Server;
use zookeeper_words::message::{ConnectRequest, ConnectResponse, Message};

/// Steps of a bench within one wait, beyond which it runs in circles.
const STEPS_MAX: u32 = 100_000;
/// The session timeout of all benches, in ms.
pub(super) const TIMEOUT_MS: u32 = 6_000;

/// What plays on a bench.
pub(super) trait Recipe {
    /// Takes a notice of the owner's Curator, and says in words what it learnt.
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String>;

    /// What must hold after every step.
    fn check(&self, _: &Curator) -> Result<(), String> {
        Ok(())
    }
}

/// The bench.
pub(super) struct Bench<C> {
    pub curator: Curator,
    pub recipe: C,
    pub server: Server,
    pub now_ms: u64,
    pub facts: Vec<ClientFact>,
    /// Whether connections can be opened.
    pub reachable: bool,
    /// The next request of this name is lost with its connection: after it took effect, or before.
    pub loses: Option<(&'static str, bool)>,
    /// What was asked and learnt since it was last looked at.
    log: Vec<String>,
    next_conn: ConnId,
    /// Connections that the service has accepted, by their sessions.
    lines: BTreeMap<ConnId, SessionId>,
    pending: VecDeque<Event<Message>>,
    uuids: Vec<String>,
}

pub(super) fn config() -> Config {
    Config {
        client: raw::Config { servers: vec![MachineId(0)], first: 0, timeout_ms: TIMEOUT_MS, can_be_read_only: false },
        retry: RetryPolicy::Times { retries: 3, sleep_ms: 500 },
        connection_timeout_ms: 15_000,
        expiration_percent: 100,
        auths: Vec::new(),
    }
}

impl<C: Recipe> Bench<C> {
    /// A bench whose Curator is connected.
    pub(super) fn new(config: Config, recipe: C) -> Bench<C> {
        let mut bench = Bench {
            curator: Curator::new(config, 7),
            recipe,
            server: Server::default(),
            now_ms: 0,
            facts: Vec::new(),
            reachable: true,
            loses: None,
            log: Vec::new(),
            next_conn: ConnId(1),
            lines: BTreeMap::new(),
            pending: VecDeque::new(),
            uuids: Vec::new(),
        };
        bench.act(|_, context| context.curator.start(context.now, context.out));
        bench.log.clear();
        bench
    }

    /// Lets the application do something, and all that follows at once.
    pub(super) fn act<T>(&mut self, act: impl FnOnce(&mut C, &mut RecipeContext) -> T) -> T {
        let (now, mut out) = (self.now(), Effects::new(self.next_conn));
        let result = act(&mut self.recipe, &mut RecipeContext { curator: &mut self.curator, now, out: &mut out });
        self.absorb(out);
        self.run();
        result
    }

    /// Breaks the connection.
    pub(super) fn cut(&mut self) {
        for conn in std::mem::take(&mut self.lines).into_keys() {
            self.server.forget_watches();
            self.pending.push_back(Event::Closed { conn, peer: MachineId(0) });
        }
        self.run();
    }

    /// The service expires the client's session.
    pub(super) fn expire(&mut self) {
        self.server.expire(self.curator.session());
        self.cut();
    }

    /// Another client's request.
    pub(super) fn other(&mut self, op: Op) -> Result<Reply, ErrorCode> {
        let result = self.server.apply(SessionId(99), &op);
        self.tell_events();
        self.run();
        result
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        for _ in 0..STEPS_MAX {
            let wake_ms = self.curator.wake_ns().map(|ns| ns.div_ceil(MILLISECOND)).filter(|wake_ms| *wake_ms <= end_ms);
            self.now_ms = self.now_ms.max(wake_ms.unwrap_or(end_ms));
            if wake_ms.is_none() {
                return;
            }
            self.event(Event::Wake);
            self.run();
        }
        panic!("the bench runs in circles: {:?}", self.curator.look());
    }

    /// What was asked and learnt since the last look.
    pub(super) fn said(&mut self) -> String {
        std::mem::take(&mut self.log).join("; ")
    }

    /// What the recipes concluded.
    pub(super) fn beliefs(&self) -> Vec<Belief> {
        let belief = |fact: &ClientFact| if let ClientFact::Recipe(RecipeFact::Concluded(conclusion)) = fact { Some(conclusion.belief) } else { None };
        self.facts.iter().filter_map(belief).collect()
    }

    fn now(&self) -> Now {
        Now { mono_ns: self.now_ms * MILLISECOND, wall_ns: 0 }
    }

    fn event(&mut self, event: Event<Message>) {
        let (now, mut out) = (self.now(), Effects::new(self.next_conn));
        for notice in self.curator.on_event(now, &event, &mut out) {
            if let Notice::Connection(state) = &notice {
                self.log.push(format!("{state:?}").to_uppercase());
            }
            let words = self.recipe.on(&notice, &mut RecipeContext { curator: &mut self.curator, now, out: &mut out });
            self.log.extend(words);
            self.recipe.check(&self.curator).expect("the recipe's own law");
        }
        self.curator.check().expect("Curator's own law");
        self.absorb(out);
    }

    fn run(&mut self) {
        for _ in 0..STEPS_MAX {
            let Some(event) = self.pending.pop_front() else {
                for place in 0..self.log.len() {
                    self.log[place] = self.short(&self.log[place].clone());
                }
                return;
            };
            self.event(event);
        }
        panic!("the bench runs in circles: {:?}", self.curator.look());
    }

    fn absorb(&mut self, out: raw::Out) {
        self.next_conn = out.next_conn;
        self.facts.extend(out.notes.into_iter().filter_map(|fact| if let Fact::Client(fact) = fact { Some(fact) } else { None }));
        for effect in out.list {
            match effect {
                Effect::Open { conn, to } if self.reachable => self.pending.push_back(Event::Opened { conn, to }),
                Effect::Open { conn, to } => self.pending.push_back(Event::Closed { conn, peer: to }),
                Effect::Close { conn } => {
                    self.lines.remove(&conn);
                    self.server.forget_watches();
                }
                Effect::Send { conn, message: Message::Connect(request) } => self.accept(conn, &request),
                Effect::Send { conn, message: Message::Ping } => self.say(conn, Message::Pong { zxid: Zxid(self.server.zxid) }),
                Effect::Send { conn, message: Message::Request { xid, op } } if self.lines.contains_key(&conn) => self.serve(conn, xid, &op),
                _ => {}
            }
        }
    }

    fn accept(&mut self, conn: ConnId, request: &ConnectRequest) {
        let session = self.server.attach(request.session);
        let timeout_ms = if session == SessionId::NONE { 0 } else { TIMEOUT_MS };
        if session != SessionId::NONE {
            self.lines.insert(conn, session);
        }
        let message = Message::Connected(ConnectResponse { timeout_ms, session, password: 0, read_only: false });
        self.pending.push_back(Event::Message { conn, from: MachineId(0), message });
    }

    fn serve(&mut self, conn: ConnId, xid: Xid, op: &Op) {
        self.log.push(format!("{}{}", op.name(), server::path_of(op).map(|path| format!(" {path}")).unwrap_or_default()));
        let lost = self.loses.take_if(|(name, _)| *name == op.name());
        if let Some((_, false)) = lost {
            return self.cut_soon();
        }
        let session = self.lines[&conn];
        let result = self.server.apply(session, op);
        if lost.is_some() {
            return self.cut_soon();
        }
        self.tell_events();
        self.say(conn, Message::Reply { xid, zxid: Zxid(self.server.zxid), result });
    }

    fn cut_soon(&mut self) {
        self.log.push("lost".into());
        self.server.forget_watches();
        self.pending.retain(|event| !matches!(event, Event::Message { .. }));
        self.pending.extend(std::mem::take(&mut self.lines).into_keys().map(|conn| Event::Closed { conn, peer: MachineId(0) }));
    }

    fn tell_events(&mut self) {
        let zxid = Zxid(self.server.zxid);
        let events = std::mem::take(&mut self.server.events);
        for conn in self.lines.keys().copied().collect::<Vec<_>>() {
            events.iter().for_each(|event| self.say(conn, Message::Event { zxid, event: event.clone() }));
        }
    }

    fn say(&mut self, conn: ConnId, message: Message) {
        self.pending.push_back(Event::Message { conn, from: MachineId(0), message });
    }

    /// Words with the UUIDs in them replaced by their numbers, in the order in which they were first said.
    fn short(&mut self, words: &str) -> String {
        let mut words = words.to_string();
        while let Some(at) = words.find("-4").filter(|at| *at >= 13).map(|at| at - 13) {
            let uuid = words[at..at + 36].to_string();
            let number = self.uuids.iter().position(|known| *known == uuid).unwrap_or_else(|| {
                self.uuids.push(uuid.clone());
                self.uuids.len() - 1
            });
            words = words.replace(&uuid, &format!("u{number}"));
        }
        words
    }
}
