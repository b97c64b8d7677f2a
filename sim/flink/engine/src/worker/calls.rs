//! What masters and other workers say to a worker, and what its tasks want: each goes to whom it concerns. Never what
//! it means there.

use contract::ids::ConnId;
use contract::time::Now;
use flink_words::fact::WorkerFact;
use flink_words::worker::TaskEnd;
use outside_words::ids::{AttemptId, LeaderId};

use super::WorkerProcess;
use crate::job::JobGraph;
use crate::message::{Deployment, Down, Message, Net, Out, Packet, Up};
use crate::task::{Route, Task, TaskContext, Wants};

impl WorkerProcess {
    /// A master says something: it is heard if its token is that of the leader (ZMB-JM).
    pub(super) fn on_down(&mut self, conn: ConnId, leader: LeaderId, call: Down, now: Now, out: &mut Out) {
        let is_answer = call == Down::Registered;
        let is_heard = self.registration.hears(conn, leader) && (is_answer || self.registration.leader().is_some());
        if !is_heard {
            out.note(WorkerFact::Refused { leader, call: call.kind().into() });
            return;
        }
        match call {
            Down::Registered => {
                if let Some(leader) = self.registration.on_accepted(now) {
                    out.note(WorkerFact::Registered { worker: self.worker, leader });
                }
            }
            Down::Heartbeat => {
                self.registration.on_heartbeat(now);
                self.registration.up(Up::Heartbeat, out);
            }
            Down::Deploy(deployment) => self.deploy(*deployment, now, out),
            Down::Cancel { attempt } if self.tasks.contains_key(&attempt) => self.end(attempt, TaskEnd::Canceled, now, out),
            // It has ended before, and said so; a master that asks for it is answered all the same.
            Down::Cancel { attempt } => self.registration.up(Up::TaskEnded { attempt, end: TaskEnd::Canceled }, out),
            Down::Trigger { attempt, checkpoint, kind } => self.with(attempt, now, out, |task, context| task.on_trigger(checkpoint, kind, context)),
            Down::Complete { attempt, checkpoint } => self.with(attempt, now, out, |task, context| task.on_complete(checkpoint, context)),
            Down::Abort { attempt, checkpoint, latest: _ } => self.with(attempt, now, out, |task, context| task.on_abort(checkpoint, context)),
            Down::AssignSplits { attempt, splits, last } => self.with(attempt, now, out, |task, context| task.on_splits(&splits, last, context)),
        }
    }

    /// The other end of a channel says something.
    pub(super) fn on_net(&mut self, net: Net, route: Route, now: Now, out: &mut Out) {
        let is_for_producer = match net.what {
            Packet::Request { .. } | Packet::Credit { .. } => true,
            Packet::Buffer { .. } | Packet::NotFound => false,
            // The consumer opens the streams.
            Packet::Closed => !self.network.has_opened(route),
        };
        self.deliver(is_for_producer, net, route, now, out);
    }

    /// Calls a task, and carries out what it wants.
    pub(super) fn with(&mut self, attempt: AttemptId, now: Now, out: &mut Out, call: impl FnOnce(&mut Task, &mut TaskContext)) {
        let Some(task) = self.tasks.get_mut(&attempt) else { return };
        let mut wants = Wants::default();
        call(task, &mut TaskContext { now, attempt, plan: &self.config.plan, plants: &self.config.plants, wants: &mut wants });
        self.carry_out(attempt, wants, now, out);
        self.deliver_local(now, out);
    }

    /// A task ends, and those of this worker that have channels with it hear of it.
    pub(super) fn end(&mut self, attempt: AttemptId, end: TaskEnd, now: Now, out: &mut Out) {
        self.end_quietly(attempt, end, now, out);
        self.deliver_local(now, out);
    }

    /// A task ends.
    pub(super) fn end_quietly(&mut self, attempt: AttemptId, end: TaskEnd, now: Now, out: &mut Out) {
        let Some(mut task) = self.tasks.remove(&attempt) else { return };
        let mut wants = Wants::default();
        task.close(&mut TaskContext { now, attempt, plan: &self.config.plan, plants: &self.config.plants, wants: &mut wants });
        self.carry_out(attempt, wants, now, out);
        out.note(WorkerFact::Ended { attempt, end: end.clone() });
        self.registration.up(Up::TaskEnded { attempt, end }, out);
        self.pool.release(attempt);
        self.services.release(attempt);
        let tasks = &self.tasks;
        self.network.close_unused(|route| tasks.values().any(|task| task.uses(route)), out);
    }

    fn deploy(&mut self, deployment: Deployment, now: Now, out: &mut Out) {
        let attempt = deployment.attempt;
        if self.tasks.contains_key(&attempt) {
            return;
        }
        let graph = JobGraph::of(deployment.kind, &self.config.plan);
        let room = match self.pool.reserve(attempt, &graph, deployment.parallelism) {
            Ok(room) => room,
            Err(why) => {
                let from = deployment.restore.as_ref().map(|restore| restore.checkpoint);
                let end = TaskEnd::Failed { why };
                out.note(WorkerFact::Deployed { attempt, from });
                out.note(WorkerFact::Ended { attempt, end: end.clone() });
                self.registration.up(Up::TaskEnded { attempt, end }, out);
                return;
            }
        };
        let mut wants = Wants::default();
        let task =
            Task::new(deployment, &graph, room, &mut TaskContext { now, attempt, plan: &self.config.plan, plants: &self.config.plants, wants: &mut wants });
        self.tasks.insert(attempt, task);
        self.carry_out(attempt, wants, now, out);
        self.deliver_local(now, out);
    }

    fn carry_out(&mut self, attempt: AttemptId, wants: Wants, now: Now, out: &mut Out) {
        for fact in wants.notes {
            out.note(fact);
        }
        for up in wants.ups {
            self.registration.up(up, out);
        }
        for (errand, ask) in wants.asks {
            self.services.ask(attempt, errand, ask, now, out);
        }
        if !wants.forget.is_empty() {
            self.services.orphan(attempt, |name| wants.forget.contains(name));
        }
        for name in wants.discards {
            self.services.discard(attempt, name, now, out);
        }
        for (route, to_consumer, net) in wants.packets {
            match route {
                Route::Local => self.local.push_back((to_consumer, net)),
                Route::Remote(conn) => out.send(conn, Message::Net(Box::new(net))),
            }
        }
        for (place, machine) in wants.requests {
            let route = self.network.route(machine, now, out);
            self.with(attempt, now, out, |task, context| task.on_routed(place, route, context));
        }
        if let Some(end) = wants.end {
            self.end(attempt, end, now, out);
        }
    }

    pub(super) fn deliver_local(&mut self, now: Now, out: &mut Out) {
        while let Some((to_consumer, net)) = self.local.pop_front() {
            self.deliver(!to_consumer, net, Route::Local, now, out);
        }
    }

    fn deliver(&mut self, is_for_producer: bool, net: Net, route: Route, now: Now, out: &mut Out) {
        let attempt = if is_for_producer { net.producer } else { net.consumer };
        let is_request = matches!(net.what, Packet::Request { .. });
        if is_request && !self.tasks.get(&attempt).is_some_and(|task| task.produces(net.channel, net.consumer)) {
            let net = Net { what: Packet::NotFound, ..net };
            match route {
                Route::Local => self.local.push_back((true, net)),
                Route::Remote(conn) => out.send(conn, Message::Net(Box::new(net))),
            }
            return;
        }
        self.with(attempt, now, out, |task, context| task.on_packet(net, route, context));
    }
}
