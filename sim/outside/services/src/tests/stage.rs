//! A stage for tests: callers, one service with its disk, and streams between them. Who goes next is the test's choice;
//! streams can be cut, with or without a word, and what was sent on a stream that its sender closed still arrives.
//! Never a world.

use std::collections::{BTreeMap, VecDeque};

use contract::ids::{ConnId, MachineId};
use contract::process::{Effect, Event, Exit, Process};
use contract::time::{MILLISECOND, Now};
use outside_words::fact::OutsideFact;
use outside_words::message::{Answer, Ask, Message};

use super::disk::Disk;
use crate::trouble::Out;
use crate::{AskId, Caller, Lost, Tries};

/// Steps of a stage within one wait, beyond which it runs in circles.
const STEPS_MAX: u32 = 200_000;
/// The machine of the service.
const SERVICE: MachineId = MachineId(9);

/// What is on its way over a stream.
#[derive(Clone, Debug)]
enum Item {
    Open,
    Say(Message),
    Close,
}

#[derive(Clone, Debug, Default)]
struct Stream {
    caller: usize,
    up: VecDeque<Item>,
    down: VecDeque<Item>,
    /// Nothing more passes.
    dead: bool,
}

/// The stage.
pub(super) struct Stage<S> {
    pristine: S,
    pub service: S,
    pub callers: Vec<Caller>,
    pub disk: Disk,
    /// The next sync fails.
    pub fails: bool,
    pub now_ms: u64,
    /// What the service noted, and in which of its lives.
    pub notes: Vec<(u32, OutsideFact)>,
    /// What asks came to, since it was last looked at.
    pub outcomes: Vec<(usize, AskId, Result<Answer, Lost>)>,
    pub life: u32,
    streams: BTreeMap<ConnId, Stream>,
    next_conn: ConnId,
    service_wake_ns: Option<u64>,
}

impl<S: Process<Message = Message, Fact = OutsideFact>> Stage<S> {
    /// A service that has just started, and so many callers.
    pub(super) fn new(service: S, callers: usize) -> Stage<S> {
        let mut stage = Stage {
            pristine: service.clone(),
            service,
            callers: vec![Caller::new(SERVICE); callers],
            disk: Disk::default(),
            fails: false,
            now_ms: 0,
            notes: vec![],
            outcomes: vec![],
            life: 0,
            streams: BTreeMap::new(),
            next_conn: ConnId(1),
            service_wake_ns: None,
        };
        stage.serve(Event::Boot);
        stage
    }

    pub(super) fn now(&self) -> Now {
        Now { mono_ns: self.now_ms * MILLISECOND, wall_ns: 0 }
    }

    pub(super) fn ask(&mut self, caller: usize, ask: Ask, tries: Tries) -> AskId {
        let (now, mut out) = (self.now(), Out::new(self.next_conn));
        let id = self.callers[caller].ask(ask, tries, now, &mut out);
        self.carry_out(caller, out);
        id
    }

    /// Asks, and lets everything go its way until there is an outcome.
    pub(super) fn answer(&mut self, caller: usize, ask: Ask) -> Answer {
        let id = self.ask(caller, ask, Tries::Forever);
        self.calm();
        let place = self.outcomes.iter().position(|(_, outcome, _)| *outcome == id).expect("in calm weather all is answered");
        self.outcomes.remove(place).2.expect("what is tried for ever is not lost")
    }

    pub(super) fn order(&mut self, word: &str) {
        self.serve(Event::Order(word.into()));
    }

    /// Lets one of those that could go next do so. Says whether there was any.
    pub(super) fn go(&mut self, choice: usize) -> bool {
        let mut ways: Vec<(ConnId, bool)> = vec![];
        for (conn, stream) in &self.streams {
            ways.extend((!stream.up.is_empty()).then_some((*conn, true)));
            ways.extend((!stream.down.is_empty()).then_some((*conn, false)));
        }
        let count = ways.len() + usize::from(self.disk.is_busy());
        if count == 0 {
            return false;
        }
        match ways.get(choice % count) {
            Some((conn, true)) => self.go_up(*conn),
            Some((conn, false)) => self.go_down(*conn),
            None => {
                let fails = std::mem::take(&mut self.fails);
                let answer = self.disk.answer(fails);
                self.serve(Event::Disk(answer));
            }
        }
        true
    }

    fn go_up(&mut self, conn: ConnId) {
        let stream = self.streams.get_mut(&conn).expect("it has something on its way");
        let (from, item) = (MachineId(stream.caller as u16), stream.up.pop_front().expect("looked at"));
        match item {
            Item::Open => {
                stream.down.push_back(Item::Open);
                self.serve(Event::Accepted { conn, from });
            }
            Item::Say(message) => self.serve(Event::Message { conn, from, message }),
            Item::Close => self.serve(Event::Closed { conn, peer: from }),
        }
    }

    fn go_down(&mut self, conn: ConnId) {
        let stream = self.streams.get_mut(&conn).expect("it has something on its way");
        let (caller, item) = (stream.caller, stream.down.pop_front().expect("looked at"));
        let event = match item {
            Item::Open => Event::Opened { conn, to: SERVICE },
            Item::Say(message) => Event::Message { conn, from: SERVICE, message },
            Item::Close => Event::Closed { conn, peer: SERVICE },
        };
        self.tell(caller, &event);
    }

    /// Cuts all streams of a caller: what is on its way is lost, and it learns of it or not.
    pub(super) fn cut(&mut self, caller: usize, silent: bool) {
        for stream in self.streams.values_mut().filter(|stream| stream.caller == caller && !stream.dead) {
            (stream.up, stream.down, stream.dead) = (VecDeque::new(), VecDeque::new(), true);
            stream.down.extend((!silent).then_some(Item::Close));
        }
    }

    /// The service goes down and starts again, on what its disk holds; with the power so much of what was not durable
    /// is lost.
    pub(super) fn crash(&mut self, power: Option<(u8, bool, bool)>) {
        (0..self.callers.len()).for_each(|caller| self.cut(caller, false));
        match power {
            Some((kept, torn, name_stands)) => self.disk.lose_power(kept, torn, name_stands),
            None => self.disk.abandon(),
        }
        self.service = self.pristine.clone();
        self.service_wake_ns = None;
        self.life += 1;
        self.serve(Event::Boot);
    }

    /// Lets time pass, and whoever has waited for it act.
    pub(super) fn pass(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        for _ in 0..STEPS_MAX {
            let caller_ns = self.callers.iter().filter_map(Caller::wake_ns).min();
            let next_ms = self.service_wake_ns.into_iter().chain(caller_ns).min().map_or(u64::MAX, |ns| ns.div_ceil(MILLISECOND));
            if next_ms > until_ms {
                self.now_ms = until_ms;
                return;
            }
            self.now_ms = self.now_ms.max(next_ms);
            let now_ns = self.now().mono_ns;
            if self.service_wake_ns.is_some_and(|ns| ns <= now_ns) {
                self.service_wake_ns = None;
                self.serve(Event::Wake);
            }
            for caller in 0..self.callers.len() {
                if self.callers[caller].wake_ns().is_some_and(|ns| ns <= now_ns) {
                    self.tell(caller, &Event::Wake);
                }
            }
        }
        panic!("the stage runs in circles at {} ms", self.now_ms);
    }

    /// Lets everything go its way until every ask has an outcome.
    pub(super) fn calm(&mut self) {
        for _ in 0..STEPS_MAX {
            while self.go(0) {}
            if self.callers.iter().all(|caller| caller.pending() == 0) {
                return;
            }
            self.pass(10);
        }
        panic!("asks wait for ever");
    }

    fn tell(&mut self, caller: usize, event: &Event<Message>) {
        let (now, mut out) = (self.now(), Out::new(self.next_conn));
        let outcomes = self.callers[caller].on_event(now, event, &mut out);
        self.outcomes.extend(outcomes.into_iter().map(|(id, outcome)| (caller, id, outcome)));
        self.callers[caller].check().expect("a caller is consistent");
        self.carry_out(caller, out);
    }

    fn carry_out(&mut self, caller: usize, out: Out) {
        self.next_conn = out.next_conn;
        for effect in out.list {
            match effect {
                Effect::Open { conn, .. } => {
                    self.streams.insert(conn, Stream { caller, up: VecDeque::from([Item::Open]), ..Stream::default() });
                }
                Effect::Send { conn, message } => self.push_up(conn, Item::Say(message)),
                Effect::Close { conn } => {
                    self.push_up(conn, Item::Close);
                    let stream = self.streams.get_mut(&conn).expect("it was opened");
                    (stream.down, stream.dead) = (VecDeque::new(), true);
                }
                other => panic!("no caller does {other:?}"),
            }
        }
    }

    fn push_up(&mut self, conn: ConnId, item: Item) {
        let stream = self.streams.get_mut(&conn).expect("it was opened");
        if !stream.dead {
            stream.up.push_back(item);
        }
    }

    fn serve(&mut self, event: Event<Message>) {
        let mut out = Out::new(self.next_conn);
        self.service.step(self.now(), event, &mut out);
        self.service.check().expect("a service is consistent");
        self.service_wake_ns = out.wake_ns.or(self.service_wake_ns);
        for fact in out.notes {
            self.notes.push((self.life, fact));
        }
        for effect in out.list {
            match effect {
                Effect::Send { conn, message } => {
                    if let Some(stream) = self.streams.get_mut(&conn).filter(|stream| !stream.dead) {
                        stream.down.push_back(Item::Say(message));
                    }
                }
                Effect::Exit(Exit::Restart(_)) => return self.crash(None),
                Effect::Exit(Exit::Damaged(why)) => panic!("nothing damages this disk, and {why}"),
                other => self.disk.take(other),
            }
        }
    }
}
