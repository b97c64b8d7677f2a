//! A service with a disk: what an ask comes to is decided by its core, written ahead, and told and answered once it is
//! durable. One file, one sync at a time for all that was written meanwhile; never an answer or a fact about what a
//! crash could take back.

use std::collections::VecDeque;

use contract::ids::ConnId;
use contract::process::{DiskAnswer, Event, Exit, FileName, Process, Token};
use contract::time::{MILLISECOND, Now};
use outside_words::fact::OutsideFact;
use outside_words::message::{Answer, Ask, Message};

use crate::core::{Core, Decision};
use crate::trouble::{Fate, Out, Trouble};
use crate::wal;

/// From this length on a file is written anew without what is out of date: small enough to be reached in a run, large
/// enough to be rare.
const COMPACT_BYTES: u64 = 256 << 10;
/// The token of the read at a start; syncs have the numbers after it.
const READ: Token = Token(0);

/// What waits until all up to a unit of the file is durable.
#[derive(Clone, Debug)]
struct Held {
    unit: u64,
    facts: Vec<OutsideFact>,
    reply: Option<(ConnId, u64, Answer)>,
}

/// A service as a process.
#[derive(Clone, Debug)]
pub struct Service<C> {
    core: C,
    trouble: Trouble,
    file: FileName,
    /// The file was read.
    ready: bool,
    /// The last unit written to the file.
    unit: u64,
    /// The last one that is durable; everything about it is told.
    durable: u64,
    /// The unit up to which a sync is under way, and its token.
    syncing: Option<(u64, Token)>,
    next_token: u64,
    held: VecDeque<Held>,
    bytes: u64,
    /// The length from which the file is written anew.
    compact_bytes: u64,
}

impl<C: Core> Service<C> {
    pub(crate) fn of(core: C) -> Service<C> {
        Service {
            core,
            trouble: Trouble::default(),
            file: C::FILE.into(),
            ready: false,
            unit: 0,
            durable: 0,
            syncing: None,
            next_token: READ.0 + 1,
            held: VecDeque::new(),
            bytes: 0,
            compact_bytes: COMPACT_BYTES,
        }
    }

    /// The state, durable or not.
    pub fn core(&self) -> &C {
        &self.core
    }
}

impl<C: Core> Process for Service<C> {
    type Message = Message;
    type Fact = OutsideFact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match event {
            Event::Boot => out.read(&self.file, READ),
            Event::Disk(answer) => self.on_disk(now, answer, out),
            Event::Order(word) => self.trouble.order(now, &word),
            Event::Message { conn, message: Message::Ask { request, ask }, .. } => self.on_ask(now, conn, request, &ask, out),
            Event::Message { .. } | Event::Wake | Event::Accepted { .. } | Event::Opened { .. } | Event::Closed { .. } | Event::Datagram { .. } => {}
        }
        self.trouble.deliver(now, out);
        if self.ready {
            while let Some(command) = self.core.due(now.mono_ns / MILLISECOND) {
                let (facts, _) = self.write(command, out);
                self.held.push_back(Held { unit: self.unit, facts, reply: None });
            }
            self.sync(out);
        }
        if let Some(wake_ns) = self.wake_ns() {
            out.wake_at(wake_ns);
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.durable > self.unit || self.held.front().is_some_and(|held| held.unit <= self.durable) {
            return Err(format!("unit {} of {} is durable, and {:?} should have been told", self.durable, self.unit, self.held.front()));
        }
        self.core.check()
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let mut look = self.core.look();
        look.push(("file", format!("{} bytes, unit {} of {} durable, {} held", self.bytes, self.durable, self.unit, self.held.len())));
        look.push(("trouble", self.trouble.look()));
        look
    }
}

impl<C: Core> Service<C> {
    fn wake_ns(&self) -> Option<u64> {
        let due_ns = self.core.due_ms().filter(|_| self.ready).map(|ms| ms.saturating_mul(MILLISECOND));
        self.trouble.wake_ns().into_iter().chain(due_ns).min()
    }

    fn on_ask(&mut self, now: Now, conn: ConnId, request: u64, ask: &Ask, out: &mut Out) {
        let fate = self.trouble.meet(now);
        if !self.ready || fate == Fate::Failed {
            self.trouble.answer(now, conn, request, Answer::Unavailable, out);
            return;
        }
        let (facts, answer) = match self.core.decide(ask, now.mono_ns / MILLISECOND) {
            Decision::Change(command) => self.write(command, out),
            Decision::Answer(answer, facts) => (facts, answer),
        };
        let answer = if fate == Fate::FailedAfter { Answer::Unavailable } else { answer };
        // Also what changes nothing waits: it was decided by what is not durable yet.
        self.held.push_back(Held { unit: self.unit, facts, reply: Some((conn, request, answer)) });
        self.release(now, out);
    }

    fn write(&mut self, command: C::Command, out: &mut Out) -> (Vec<OutsideFact>, Answer) {
        let bytes = wal::entry(self.durable, &command);
        self.bytes += bytes.len() as u64;
        self.unit += 1;
        out.append(&self.file, bytes);
        self.core.apply(command)
    }

    /// Makes durable what is not, unless that is under way.
    fn sync(&mut self, out: &mut Out) {
        if self.syncing.is_none() && self.unit > self.durable {
            let token = self.token();
            self.syncing = Some((self.unit, token));
            out.sync(&self.file, token);
        }
    }

    fn token(&mut self) -> Token {
        let token = Token(self.next_token);
        self.next_token += 1;
        token
    }

    fn on_disk(&mut self, now: Now, answer: DiskAnswer, out: &mut Out) {
        match answer {
            DiskAnswer::Read { bytes, .. } => self.on_read(bytes, out),
            DiskAnswer::Synced { token } => {
                let (unit, _) = self.syncing.take_if(|(_, awaited)| *awaited == token).expect("one sync is asked for at a time");
                self.durable = unit;
                self.release(now, out);
                if self.unit == self.durable && self.bytes > self.compact_bytes {
                    self.write_anew(vec![], out);
                }
            }
            DiskAnswer::Failed { file, error, .. } => {
                // Nobody knows what is on the disk now. The next life reads it and writes it anew.
                out.exit(Exit::Restart(format!("{error:?} on {}", file.as_deref().unwrap_or("the directory"))));
            }
            DiskAnswer::Listed { .. } => unreachable!("no list is asked for"),
        }
    }

    fn on_read(&mut self, bytes: Option<Vec<u8>>, out: &mut Out) {
        let mut untold = vec![];
        if let Some(bytes) = bytes {
            match wal::recover(self.core.clone(), &bytes) {
                Ok(recovered) => (self.core, untold) = (recovered.core, recovered.untold),
                Err(why) => {
                    out.exit(Exit::Damaged(format!("{}: {why}", self.file)));
                    return;
                }
            }
        }
        self.ready = true;
        self.write_anew(untold, out);
    }

    /// Puts a new file in the place of the old one. What was read may have been in the page cache only, or behind pages
    /// that a failed sync has given up: afterwards all of it is durable.
    fn write_anew(&mut self, untold: Vec<OutsideFact>, out: &mut Out) {
        assert!(self.syncing.is_none() && self.unit == self.durable, "a file is replaced when it is at rest");
        let bytes = wal::head(&self.core, &untold);
        self.bytes = bytes.len() as u64;
        self.compact_bytes = COMPACT_BYTES.max(2 * self.bytes);
        (self.unit, self.durable) = (1, 0);
        self.held.push_back(Held { unit: 1, facts: untold, reply: None });
        out.replace(&self.file, bytes);
        let token = self.token();
        self.syncing = Some((1, token));
        out.sync_dir(token);
    }

    /// Tells and answers what has become durable.
    fn release(&mut self, now: Now, out: &mut Out) {
        while let Some(held) = self.held.pop_front_if(|held| held.unit <= self.durable) {
            held.facts.into_iter().for_each(|fact| out.note(fact));
            if let Some((conn, request, answer)) = held.reply {
                self.trouble.answer(now, conn, request, answer, out);
            }
        }
    }
}
