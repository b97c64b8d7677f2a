//! A master's process: it gives each event to the part it is for, and begins and ends a leadership. Never a decision
//! about a job.

use std::collections::BTreeSet;

use contract::ids::ConnId;
use contract::process::{Event, Process};
use contract::time::Now;
use flink_words::fact::{Fact, MasterFact};
use flink_words::ids::WorkerId;
use outside::Caller;
use outside_words::ids::LeaderId;
use zookeeper_client::curator::store::ReleaseAll;
use zookeeper_client::curator::{Curator, Lots, Notice};
use zookeeper_words::service::Path;

use super::context::MasterContext;
use super::coordinator::archive::Archive;
use super::dispatcher::Dispatcher;
use super::election::{Change, Election};
use super::store::Root;
use super::workers::Workers;
use crate::config::Config;
use crate::coordination;
use crate::message::{Message, Out, Up};

/// A leadership.
#[derive(Clone, Debug)]
struct Leadership {
    leader: LeaderId,
    dispatcher: Dispatcher,
}

/// A master's process.
#[derive(Clone, Debug)]
pub struct MasterProcess {
    config: Config,
    lots: Lots,
    curator: Curator,
    blobs: Caller,
    workers: Workers,
    election: Election,
    leadership: Option<Leadership>,
    /// What was on its way into a store when a leadership ended.
    residues: Vec<Archive>,
    /// Locks that a leader of the past lets go of (FLINK-10011): as long as its session lives they keep everybody from
    /// removing what they are on.
    releases: Vec<ReleaseAll>,
    /// Streams that others opened.
    accepted: BTreeSet<ConnId>,
    is_done: bool,
}

impl MasterProcess {
    /// A process that has not begun its life.
    pub fn new(config: Config) -> MasterProcess {
        let root = Root(config.root());
        let election = Election::new(root, config.plan.ha.tolerates_suspended);
        let blobs = Caller::new(config.machines.blobs());
        let curator = Curator::new(coordination::settings(&config), config.lot);
        let workers = Workers::new(LeaderId::default(), config.plan.heartbeat_interval_ms, config.plan.heartbeat_timeout_ms);
        let lots = Lots::new(config.lot);
        MasterProcess {
            config,
            lots,
            curator,
            blobs,
            workers,
            election,
            leadership: None,
            residues: Vec::new(),
            releases: Vec::new(),
            accepted: BTreeSet::new(),
            is_done: false,
        }
    }

    /// Whether all that the plan wants of the job, and of those that follow it, is done.
    pub fn is_done(&self) -> bool {
        self.is_done
    }
}

impl Process for MasterProcess {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        if event == Event::Boot {
            self.boot(now, out);
        }
        self.coordination(now, &event, out);
        for (id, result) in self.blobs.on_event(now, &event, out) {
            self.with(now, out, |process, context| {
                if let Some(leadership) = process.leadership {
                    leadership.dispatcher.on_blob(id, &result, context);
                }
                for residue in process.residues {
                    residue.on_blob(id, &result, context);
                }
            });
        }
        match event {
            Event::Accepted { conn, .. } => {
                self.accepted.insert(conn);
            }
            Event::Closed { conn, .. } if self.accepted.remove(&conn) => {
                if let Some(worker) = self.workers.on(conn) {
                    self.lose(worker, now, out);
                }
            }
            Event::Message { conn, message: Message::Up { leader, call }, .. } => self.on_up(conn, leader, *call, now, out),
            Event::Closed { .. } | Event::Message { .. } | Event::Boot | Event::Wake | Event::Order(_) => {}
            Event::Opened { .. } | Event::Datagram { .. } | Event::Disk(_) => {}
        }
        self.on_time(now, out);
    }

    fn check(&self) -> Result<(), String> {
        self.curator.check()?;
        self.election.check(&self.curator)?;
        self.leadership.as_ref().map_or(Ok(()), |leadership| leadership.dispatcher.check())
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let leads = self.leadership.as_ref().map_or_else(|| "no".into(), |leadership| leadership.leader.to_string());
        let workers: Vec<String> = self.workers.all().map(|(id, worker)| format!("{} ({} slots)", id.machine, worker.slots)).collect();
        let mut look = vec![("leads", leads), ("workers", workers.join(", ")), ("unfinished business", self.residues.len().to_string())];
        look.extend(self.leadership.iter().flat_map(|leadership| leadership.dispatcher.look()));
        look.extend(self.curator.look());
        look
    }
}

impl MasterProcess {
    fn boot(&mut self, now: Now, out: &mut Out) {
        out.note(MasterFact::Started);
        // Two lives of a process must not draw the same lots.
        self.lots = Lots::new(self.config.lot ^ now.mono_ns.rotate_left(32));
        self.curator = Curator::new(coordination::settings(&self.config), self.lots.draw());
        let curator = &mut self.curator;
        out.host(Message::Coord, Fact::Service, |out| curator.start(now, out));
        self.with(now, out, |process, context| process.election.start(context));
    }

    /// Curator hears the event, and the parts hear Curator.
    fn coordination(&mut self, now: Now, event: &Event<Message>, out: &mut Out) {
        let Some(event) = coordination::heard(event, &self.config.servers) else { return };
        let curator = &mut self.curator;
        for notice in out.host(Message::Coord, Fact::Service, |out| curator.on_event(now, &event, out)) {
            self.on_notice(&notice, now, out);
        }
    }

    fn on_notice(&mut self, notice: &Notice, now: Now, out: &mut Out) {
        let changes = self.with(now, out, |process, context| process.election.on(notice, context));
        for change in changes {
            match change {
                Change::Granted(leader, node) => self.granted(leader, node, now, out),
                Change::Revoked => self.revoked(now, out),
            }
        }
        self.with(now, out, |process, context| {
            if let Some(leadership) = process.leadership {
                leadership.dispatcher.on_notice(notice, context);
            }
            for residue in process.residues {
                residue.on_notice(notice, context);
            }
            process.releases.retain_mut(|release| !context.recipe(|recipe| release.on(notice, recipe)));
        });
    }

    fn granted(&mut self, leader: LeaderId, node: Path, now: Now, out: &mut Out) {
        assert!(self.leadership.is_none(), "a leadership must end before the next begins");
        out.note(MasterFact::Granted { leader, node: node.to_string() });
        self.workers = Workers::new(leader, self.config.plan.heartbeat_interval_ms, self.config.plan.heartbeat_timeout_ms);
        let root = Root(self.config.root());
        let dispatcher = self.with(now, out, |_, context| Dispatcher::start(leader, node, root, context));
        self.leadership = Some(Leadership { leader, dispatcher });
    }

    /// The tasks are left to cancel themselves: their stream is closed.
    fn revoked(&mut self, now: Now, out: &mut Out) {
        let Some(Leadership { leader, dispatcher }) = self.leadership.take() else { return };
        let (residue, releases) = self.with(now, out, |_, context| dispatcher.suspend(context));
        self.residues.extend(residue);
        self.releases.extend(releases);
        let gone: Vec<WorkerId> = self.workers.all().map(|(id, _)| id).collect();
        for worker in gone {
            self.workers.remove(worker, out);
        }
        out.note(MasterFact::Revoked { leader });
    }

    fn on_up(&mut self, conn: ConnId, leader: LeaderId, call: Up, now: Now, out: &mut Out) {
        let is_mine = self.leadership.as_ref().is_some_and(|leadership| leadership.leader == leader);
        if !is_mine {
            // Another grant is meant: whoever asks finds out by the stream's end.
            out.close(conn);
            self.accepted.remove(&conn);
            return;
        }
        if let Up::Register { worker, slots } = call {
            for former in self.workers.of_machine(worker) {
                self.lose(former, now, out);
            }
            self.workers.register(worker, slots, conn, now, out);
            out.note(MasterFact::WorkerRegistered { leader, worker });
            return;
        }
        let Some(worker) = self.workers.on(conn) else { return };
        self.workers.heard(worker, now);
        self.with(now, out, |process, context| {
            if let Some(leadership) = process.leadership {
                leadership.dispatcher.on_up(call, context);
            }
        });
    }

    fn lose(&mut self, worker: WorkerId, now: Now, out: &mut Out) {
        let Some(leader) = self.leadership.as_ref().map(|leadership| leadership.leader) else { return };
        self.workers.remove(worker, out);
        out.note(MasterFact::WorkerLost { leader, worker });
        self.with(now, out, |process, context| {
            if let Some(leadership) = process.leadership {
                leadership.dispatcher.on_worker_lost(worker, context);
            }
        });
    }

    fn on_time(&mut self, now: Now, out: &mut Out) {
        for worker in self.workers.on_time(now, out) {
            self.lose(worker, now, out);
        }
        self.with(now, out, |process, context| {
            process.election.on_time(context);
            if let Some(leadership) = process.leadership {
                leadership.dispatcher.go_on(context);
            }
            process.residues.retain(|residue| !residue.is_idle());
        });
        self.is_done |= self.leadership.as_ref().is_some_and(|leadership| leadership.dispatcher.is_done());
        let dispatcher_ns = self.leadership.as_ref().and_then(|leadership| leadership.dispatcher.wake_ns(now.mono_ns));
        let alarms = [self.curator.wake_ns(), self.blobs.wake_ns(), self.workers.wake_ns(), self.election.wake_ns(), dispatcher_ns];
        if let Some(ns) = alarms.into_iter().flatten().min() {
            out.wake_at(ns);
        }
    }

    /// Lets the parts act, with a context to act in.
    fn with<R>(&mut self, now: Now, out: &mut Out, act: impl FnOnce(Parts, &mut MasterContext) -> R) -> R {
        let MasterProcess { config, lots, curator, blobs, workers, election, leadership, residues, releases, .. } = self;
        let parts = Parts { election, leadership: leadership.as_mut(), residues, releases };
        act(parts, &mut MasterContext { config, curator, blobs, workers, lots, now, out })
    }
}

/// The parts of a process that act with a [`MasterContext`].
struct Parts<'a> {
    election: &'a mut Election,
    leadership: Option<&'a mut Leadership>,
    residues: &'a mut Vec<Archive>,
    releases: &'a mut Vec<ReleaseAll>,
}
