//! The worker's process: its life, its leader, its tasks, and the way of every event to whom it concerns. Never the
//! work itself.

use std::collections::{BTreeMap, VecDeque};

use contract::ids::ConnId;
use contract::process::{Event, Process};
use contract::time::Now;
use flink_words::fact::{Fact, WorkerFact};
use flink_words::ids::WorkerId;
use flink_words::worker::TaskEnd;
use outside_words::ids::{AttemptId, LeaderId};
use zookeeper_client::curator::Curator;

use super::leader::Retrieval;
use super::network::Network;
use super::pool::Pool;
use super::registration::Registration;
use super::services::Services;
use crate::config::Config;
use crate::coordination;
use crate::message::{Message, Net, Out};
use crate::task::{Route, Task};

/// A worker.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    pub(super) config: Config,
    pub(super) worker: WorkerId,
    curator: Curator,
    /// What Curator's steps are given; empty between them.
    coordination: zookeeper_client::raw::Out,
    retrieval: Retrieval,
    pub(super) registration: Registration,
    pub(super) network: Network,
    pub(super) services: Services,
    pub(super) pool: Pool,
    pub(super) tasks: BTreeMap<AttemptId, Task>,
    /// What tasks of this worker say to each other; `true` goes to a consumer.
    pub(super) local: VecDeque<(bool, Net)>,
    /// The task that worked last.
    pub(super) last_worked: Option<AttemptId>,
    /// Until when the processor is at what was begun.
    pub(super) busy_ns: u64,
}

impl WorkerProcess {
    /// A worker that knows nobody.
    pub fn new(config: Config) -> WorkerProcess {
        let plan = &config.plan;
        let curator = Curator::new(coordination::settings(&config), config.lot);
        WorkerProcess {
            worker: WorkerId { machine: config.me, born_ns: 0 },
            curator,
            coordination: zookeeper_client::raw::Out::new(ConnId(0)),
            retrieval: Retrieval::new(&config.root()),
            registration: Registration::new(plan.slots, plan.heartbeat_timeout_ms),
            network: Network::new(config.me, &config.plan),
            services: Services::new(config.machines),
            pool: Pool::new(&plan.network, plan.slots),
            tasks: BTreeMap::new(),
            local: VecDeque::new(),
            last_worked: None,
            busy_ns: 0,
            config,
        }
    }

    /// Lets it know who leads, where no coordination service runs.
    #[cfg(test)]
    pub(super) fn announce(&mut self, machine: contract::ids::MachineId, leader: LeaderId) {
        self.retrieval.announce(machine, leader);
    }
}

impl Process for WorkerProcess {
    type Message = Message;
    type Fact = Fact;

    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match event {
            Event::Boot => self.start(now, out),
            Event::Message { message: Message::Net(net), conn, .. } => {
                self.network.on_heard(conn, now);
                self.on_net(*net, Route::Remote(conn), now, out);
            }
            Event::Message { message: Message::KeepAlive { is_answer }, conn, .. } => {
                self.network.on_heard(conn, now);
                if !is_answer {
                    out.send(conn, Message::KeepAlive { is_answer: true });
                }
            }
            Event::Message { message: Message::Down { leader, call }, conn, .. } => self.on_down(conn, leader, *call, now, out),
            Event::Message { message: Message::Coord(_), .. } => self.on_coord(&event, now, out),
            Event::Message { message: Message::Answer { .. }, .. } => self.on_answers(&event, now, out),
            // A worker serves nobody, and leads nobody.
            Event::Message { message: Message::Up { .. } | Message::Ask { .. }, .. } => {}
            Event::Opened { conn, .. } => {
                self.network.on_heard(conn, now);
                self.on_answers(&event, now, out);
                self.on_coord(&event, now, out);
            }
            Event::Closed { conn, .. } => {
                self.on_closed(conn, now, out);
                self.on_answers(&event, now, out);
                self.on_coord(&event, now, out);
            }
            Event::Wake => {
                if self.services.wake_ns().is_some_and(|at_ns| at_ns <= now.mono_ns) {
                    self.on_answers(&event, now, out);
                }
                if self.curator.wake_ns().is_some_and(|at_ns| at_ns <= now.mono_ns) {
                    self.on_coord(&event, now, out);
                }
            }
            // Whoever opens a stream to a worker is another worker, and says what for.
            Event::Accepted { .. } | Event::Order(_) | Event::Datagram { .. } | Event::Disk(_) => {}
        }
        self.on_time(now, out);
        self.work(now, out);
        if let Some(ns) = self.wake_ns(now) {
            out.wake_at(ns);
        }
    }

    fn check(&self) -> Result<(), String> {
        self.curator.check()?;
        self.services.check()?;
        self.pool.check()?;
        self.tasks.values().try_for_each(Task::check)?;
        match self.registration.leader().is_none() && !self.tasks.is_empty() {
            true => Err("tasks run without a leader".into()),
            false => Ok(()),
        }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let mut look = vec![
            ("worker", format!("{:?}", self.worker)),
            ("leader", format!("{:?}", self.retrieval.known())),
            ("registration", self.registration.look()),
            ("outside", self.services.look()),
        ];
        look.extend(self.tasks.values().map(|task| ("task", task.look())));
        look
    }
}

impl WorkerProcess {
    fn start(&mut self, now: Now, out: &mut Out) {
        self.worker.born_ns = now.mono_ns;
        self.curator.reseed(self.config.lot ^ now.mono_ns);
        out.note(WorkerFact::Started { worker: self.worker, buffers: self.pool.total() });
        out.host_in(&mut self.coordination, Message::Coord, Fact::Service, |out| {
            self.curator.start(now, out);
            self.retrieval.read(&mut self.curator, now, out);
        });
    }

    fn on_coord(&mut self, event: &Event<Message>, now: Now, out: &mut Out) {
        let Some(event) = coordination::heard(event, &self.config.servers) else { return };
        out.host_in(&mut self.coordination, Message::Coord, Fact::Service, |out| {
            for notice in self.curator.on_event(now, &event, out) {
                self.retrieval.on_notice(&notice, &mut self.curator, now, out);
            }
        });
    }

    fn on_answers(&mut self, event: &Event<Message>, now: Now, out: &mut Out) {
        for (attempt, errand, answer) in self.services.on_event(now, event, out) {
            self.with(attempt, now, out, |task, context| task.on_answer(errand, answer, context));
        }
    }

    fn on_closed(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        if let Some(leader) = self.registration.on_closed(conn, now) {
            self.lose_leader(leader, now, out);
        }
        self.network.on_closed(conn);
        self.on_cut(conn, now, out);
    }

    fn on_cut(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        let attempts: Vec<AttemptId> = self.tasks.keys().copied().collect();
        for attempt in attempts {
            self.with(attempt, now, out, |task, context| task.on_cut(Route::Remote(conn), context));
        }
    }

    fn on_time(&mut self, now: Now, out: &mut Out) {
        out.host_in(&mut self.coordination, Message::Coord, Fact::Service, |out| self.retrieval.on_time(&mut self.curator, now, out));
        if let Some(leader) = self.registration.on_time(self.retrieval.known(), self.worker, now, out) {
            self.lose_leader(leader, now, out);
        }
        for conn in self.network.on_time(now, out) {
            self.on_cut(conn, now, out);
        }
        let due: Vec<AttemptId> = self.due(now);
        for attempt in due {
            self.with(attempt, now, out, Task::on_time);
        }
    }

    /// All tasks of a leader that is lost are canceled at once: another one may start them elsewhere (ZMB-TM).
    fn lose_leader(&mut self, leader: LeaderId, now: Now, out: &mut Out) {
        out.note(WorkerFact::LeaderLost { leader });
        let attempts: Vec<AttemptId> = self.tasks.keys().copied().collect();
        for attempt in attempts {
            self.end_quietly(attempt, TaskEnd::Canceled, now, out);
        }
        // What they had to say to each other finds nobody.
        self.deliver_local(now, out);
    }

    fn wake_ns(&self, now: Now) -> Option<u64> {
        let own = [self.curator.wake_ns(), self.retrieval.wake_ns(), self.registration.wake_ns(self.retrieval.known().is_some())];
        own.into_iter().chain([self.network.wake_ns(), self.services.wake_ns(), self.tasks_wake_ns(now)]).flatten().min()
    }
}
