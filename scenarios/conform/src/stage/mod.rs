//! A simulated ensemble in fair weather, and a caller for each recorded connection. Callers speak one after the other,
//! and each time the stage waits until nothing moves any more: so every replica answers as a server alone would. Never
//! a storm.

mod caller;

use contract::ids::MachineId;
use contract::plan::{DiskWeather, LinkWeather, Weather};
use contract::process::{Effects, Event, Process};
use contract::recording::{Note, Noted};
use contract::time::{MILLISECOND, Now};
use world::World;
use zookeeper_replica::{Server, ServerConfig};
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::message::Message;
use zookeeper_words::service::{ErrorCode, Op, Reply, WatchEvent};
use zookeeper_words::settings::{Compat, Coordination};

use caller::Caller;

/// How long the stage lets the world run at a time.
const SLICE_NS: u64 = MILLISECOND;
/// How many slices an election may take, or an answer.
const SLICES_MAX: u32 = 60_000;
/// So many slices after the last change nothing is under way any more: a message takes a tenth of one.
const CALM_SLICES: u32 = 2;

/// What runs on the stage.
#[derive(Clone)]
enum Machine {
    Replica(Box<Server>),
    Caller(Box<Caller>),
}

impl Process for Machine {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Effects<Message, Fact>) {
        match self {
            Machine::Replica(server) => server.step(now, event, out),
            Machine::Caller(caller) => caller.step(now, event, out),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Machine::Replica(server) => server.check(),
            Machine::Caller(_) => Ok(()),
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        match self {
            Machine::Replica(server) => server.look(),
            Machine::Caller(_) => Vec::new(),
        }
    }
}

/// What a caller heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has a session.
    Attached { session: SessionId, timeout_ms: u32 },
    /// Its session is no more.
    Refused,
    /// A reply.
    Reply { zxid: Zxid, result: Result<Reply, ErrorCode> },
    /// A watch fired.
    Event { zxid: Zxid, event: WatchEvent },
    /// Its connection is gone.
    Gone,
}

/// The ensemble with its callers.
pub struct Stage {
    world: World<Machine>,
    replicas: u16,
}

impl Stage {
    /// An ensemble that serves, and for each script a caller that has not opened its connection yet. `tick_ms` is the
    /// tickTime.
    pub fn new(replicas: u16, compat: Compat, tick_ms: u32, scripts: Vec<Vec<Op>>) -> Stage {
        let link = LinkWeather { latency_us: 50, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 };
        let disk = DiskWeather { sync_us: 20, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 5 };
        let mut world = World::new(0, &Weather { link, links: vec![], disk, clocks: vec![] });
        let coordination = coordination(compat, tick_ms);
        let members: Vec<MachineId> = (0..replicas).map(MachineId).collect();
        for me in &members {
            let mut config = ServerConfig::new(*me, members.clone(), coordination.clone());
            // The recorded clients were on the servers' own machine.
            config.addresses = (0..replicas + scripts.len() as u16).map(|machine| (MachineId(machine), "127.0.0.1".into())).collect();
            world.add(Machine::Replica(Box::new(Server::new(config))), 0);
        }
        for (i, script) in scripts.into_iter().enumerate() {
            let server = MachineId(i as u16 % replicas);
            world.add(Machine::Caller(Box::new(Caller::new(server, script))), 0);
        }
        let mut stage = Stage { world, replicas };
        let serving = |stage: &Stage| stage.servers().all(|server| server.is_some_and(Server::is_serving));
        for _ in 0..SLICES_MAX {
            if serving(&stage) {
                break;
            }
            stage.slice();
        }
        assert!(serving(&stage), "an ensemble in fair weather must come to serve");
        stage.world.take_notes();
        stage
    }

    fn servers(&self) -> impl Iterator<Item = Option<&Server>> {
        (0..self.replicas).map(|replica| match self.world.process(MachineId(replica)) {
            Some(Machine::Replica(server)) => Some(&**server),
            Some(Machine::Caller(_)) | None => None,
        })
    }

    fn slice(&mut self) {
        let until_ns = self.world.now_ns() + SLICE_NS;
        self.world.run_until(until_ns);
        assert!(self.world.ending().is_none(), "the ensemble must not end: {:?}", self.world.ending());
    }

    fn order(&mut self, caller: usize, word: String) {
        self.world.order(MachineId(self.replicas + caller as u16), word);
    }

    /// The caller opens its connection and asks for a new session.
    pub fn open(&mut self, caller: usize, timeout_ms: u32) {
        self.order(caller, format!("open {timeout_ms}"));
    }

    /// The caller opens its connection and asks for a session that was there before.
    pub fn attach(&mut self, caller: usize, session: SessionId, seen: Zxid, timeout_ms: u32) {
        self.order(caller, format!("attach {} {} {timeout_ms}", session.0, seen.0));
    }

    /// The caller asks the `nth` request of its script.
    pub fn ask(&mut self, caller: usize, nth: usize) {
        self.order(caller, format!("ask {nth}"));
    }

    /// The caller gives its connection up without a word.
    pub fn hang_up(&mut self, caller: usize) {
        self.order(caller, "drop".into());
    }

    /// The leader takes a session for dead.
    pub fn expire(&mut self, session: SessionId) {
        for replica in 0..self.replicas {
            self.world.order(MachineId(replica), format!("expire-session {}", session.0));
        }
    }

    /// The leader looks for containers that are due.
    pub fn check_containers(&mut self) {
        for replica in 0..self.replicas {
            self.world.order(MachineId(replica), "check-containers");
        }
    }

    /// The last transaction that anybody has applied.
    pub fn last(&self) -> Zxid {
        self.applied().into_iter().max().unwrap_or_default()
    }

    /// Waits until every replica has applied the same transactions and nothing is under way, and says what the callers
    /// have heard, in order.
    pub fn settle(&mut self) -> Vec<(usize, Heard)> {
        let mut heard = Vec::new();
        let mut calm = 0;
        for _ in 0..SLICES_MAX {
            if calm == CALM_SLICES {
                return heard;
            }
            let before = self.applied();
            self.slice();
            let notes = self.world.take_notes();
            let mut moved = before != self.applied() || before.windows(2).any(|two| two[0] != two[1]);
            for note in notes {
                // Whatever goes on, somebody notes a fact of it; pings make none.
                moved |= matches!(note.what, Noted::Said(_));
                heard.extend(self.hear(note));
            }
            calm = if moved { 0 } else { calm + 1 };
        }
        panic!("the ensemble must come to rest")
    }

    fn applied(&self) -> Vec<Zxid> {
        self.servers().map(|server| server.map_or(Zxid::ZERO, Server::last_applied)).collect()
    }

    fn hear(&self, note: Note<Fact>) -> Option<(usize, Heard)> {
        let caller = note.machine.index().checked_sub(usize::from(self.replicas))?;
        let Noted::Said(Fact::Client(fact)) = note.what else { return None };
        let heard = match fact {
            ClientFact::Attached { session, timeout_ms, .. } => Heard::Attached { session, timeout_ms },
            ClientFact::Expired { .. } => Heard::Refused,
            ClientFact::Returned { zxid, result, .. } => Heard::Reply { zxid, result },
            ClientFact::Watched { zxid, event, .. } => Heard::Event { zxid, event },
            ClientFact::Detached { .. } => Heard::Gone,
            _ => return None,
        };
        Some((caller, heard))
    }
}

fn coordination(compat: Compat, tick_ms: u32) -> Coordination {
    // Containers are looked for when the stage is told to.
    Coordination { tick_ms, compat, reconfig_enabled: false, skip_reconfig_acl: false, container_check_ms: 0, ..Coordination::default() }
}
