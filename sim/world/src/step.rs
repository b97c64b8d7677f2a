//! One thing happens: an entry of the queue becomes an event, the event a step, the step's effects what the world does
//! next. No fault is carried out here, only called.

use contract::fault::Moment;
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::process::{DiskAnswer, Effect, Event, Message, Process};
use contract::recording::{Ending, Note, Noted};

use crate::disk::{self, Disk};
use crate::machine::NO_ALARM;
use crate::net::{Arrival, Datagram};
use crate::queue::Job;
use crate::world::World;

/// Events that a frozen process can have waiting. A minute's worth of a storm is some ten thousand; beyond this the
/// senders spin.
const INBOX_MAX: usize = 1_000_000;

impl<P: Process> World<P> {
    /// Lets one entry of the queue happen.
    #[inline(always)]
    pub(crate) fn happen(&mut self, packed: u32) {
        if let Some((machine, event)) = self.event(packed) {
            self.deliver(machine, event);
        }
    }

    /// What an entry of the queue means to a process, if anything; what it means to the world alone is done.
    #[inline(always)]
    fn event(&mut self, packed: u32) -> Option<(MachineId, Event<P::Message>)> {
        match Job::unpack(packed) {
            Job::Arrive { slot, way } => {
                let Arrival { machine, event, marked } = self.net.arrive(self.now_ns, slot, way, &mut self.queue)?;
                if marked && let Event::Message { conn, .. } = &event {
                    self.net.streams.doom(*conn, machine);
                }
                return Some((machine, event));
            }
            Job::GiveUp { slot } => return self.net.streams.give_up(self.now_ns, slot).map(|arrival| (arrival.machine, arrival.event)),
            Job::Datagram { slot } => return self.datagram(slot),
            Job::Alarm { machine } => return self.alarm(machine).then_some((machine, Event::Wake)),
            Job::Disk { machine } => return self.disk_done(machine).map(|answer| (machine, Event::Disk(answer))),
            Job::Order { machine } => return self.machines[machine.index()].orders.pop_front().map(|word| (machine, Event::Order(word))),
            Job::Boot { machine } => return self.boot(machine).then_some((machine, Event::Boot)),
            Job::Wipe { machine } => self.wipe(machine),
            Job::Strike { fault } => self.strike(fault),
            Job::End { fault } => self.end_fault(fault),
            Job::Heal => self.heal(),
        }
        None
    }

    /// What waited for a frozen process reaches it.
    pub(crate) fn deliver_late(&mut self, machine: MachineId, event: Event<P::Message>) {
        self.deliver(machine, event);
    }

    /// An event reaches a machine: its process takes it, or its inbox if it is frozen, or nobody if it is down.
    #[inline(always)]
    fn deliver(&mut self, machine: MachineId, event: Event<P::Message>) {
        let host = &mut self.machines[machine.index()];
        let Some(process) = &mut host.process else { return };
        if !host.pauses.is_empty() {
            host.inbox.push_back(event);
            if host.inbox.len() > INBOX_MAX {
                self.end(Ending::Runaway { events: self.events });
            }
            return;
        }
        self.events += 1;
        self.tape.event(self.now_ns, machine, &event);
        let taken = if self.faults.watches(Moment::Deliver) { kind_and_peer(&event) } else { None };
        self.stepping = Some(machine);
        process.step(host.clock.read(self.now_ns), event, &mut self.effects);
        let state = process.check();
        self.stepping = None;
        let wake = self.effects.wake_ns.take();
        if !self.effects.notes.is_empty() {
            for fact in self.effects.notes.drain(..) {
                let what = Noted::Said(fact);
                self.tape.note(machine, &what);
                self.notes.push(Note { at_ns: self.now_ns, machine, what });
            }
        }
        if let Err(what) = state {
            self.end(Ending::Inconsistent { machine, what });
            return;
        }
        if let Some(mono_ns) = wake {
            self.set_alarm(machine, mono_ns);
        }
        if !self.effects.list.is_empty() {
            self.carry_out(machine);
        }
        if let Some((kind, peer)) = taken {
            self.trigger(Moment::Deliver, kind, machine, Some(peer));
        }
    }

    /// Does what a step wants, in order, until the machine goes down under it.
    fn carry_out(&mut self, machine: MachineId) {
        let falls = self.falls;
        let mut list = std::mem::take(&mut self.effects.list);
        for effect in list.drain(..) {
            self.effect(machine, effect);
            if self.falls != falls && self.machines[machine.index()].process.is_none() {
                break;
            }
        }
        self.effects.list = list;
    }

    fn effect(&mut self, machine: MachineId, effect: Effect<P::Message>) {
        let now_ns = self.now_ns;
        match effect {
            Effect::Open { conn, to } => {
                if to == machine {
                    self.blame(machine, "it opens a stream to itself");
                }
                if to.index() >= self.machines.len() {
                    self.blame(machine, &format!("it opens a stream to {to}, which does not exist"));
                }
                self.net.open(now_ns, conn, machine, to, &mut self.queue);
            }
            Effect::Send { conn, message } => self.send(machine, conn, message),
            Effect::Close { conn } => {
                self.net.close(now_ns, conn, machine, &mut self.queue);
                self.forget(machine, conn);
            }
            Effect::Datagram { to, message } => self.send_datagram(machine, to, message),
            Effect::Append { file, bytes } => {
                let is_written = self.with_disk(machine, |disk| disk.append(now_ns, &file, bytes));
                if is_written {
                    self.trigger(Moment::Append, disk::kind(&file), machine, None);
                }
            }
            Effect::Replace { file, bytes } => {
                let is_written = self.with_disk(machine, |disk| disk.replace(now_ns, &file, bytes));
                if is_written {
                    self.trigger(Moment::Append, disk::kind(&file), machine, None);
                }
            }
            Effect::Truncate { file, len } => {
                if len > disk::FILE_BYTES_MAX {
                    self.blame(machine, &format!("it cuts {file} to {len} bytes, more than a file has"));
                }
                self.with_disk(machine, |disk| disk.truncate(now_ns, &file, len));
            }
            Effect::Sync { file, token } => self.with_disk(machine, |disk| disk.sync(now_ns, &file, token)),
            Effect::Rename { from, to } => {
                self.with_disk(machine, |disk| disk.rename(now_ns, &from, &to));
                self.trigger(Moment::Append, disk::kind(&to), machine, None);
            }
            Effect::Remove { file } => self.with_disk(machine, |disk| disk.remove(&file)),
            Effect::SyncDir { token } => self.with_disk(machine, |disk| disk.sync_dir(now_ns, token)),
            Effect::Read { file, token } => self.with_disk(machine, |disk| disk.read(now_ns, &file, token)),
            Effect::List { token } => self.with_disk(machine, |disk| disk.list(now_ns, token)),
            Effect::Exit(exit) => self.exit(machine, exit),
        }
    }

    /// Ends the run by a panic that is told as the machine's own: its process asks for what no machine can do.
    #[cold]
    #[track_caller]
    pub(crate) fn blame(&mut self, machine: MachineId, what: &str) -> ! {
        self.stepping = Some(machine);
        panic!("{what}")
    }

    #[inline(always)]
    fn datagram(&mut self, slot: u32) -> Option<(MachineId, Event<P::Message>)> {
        let Datagram { from, to, message } = self.net.datagrams.take(slot);
        if self.net.links.is_cut(from, to) {
            return None;
        }
        if self.faults.is_sending_watched {
            self.reply_is_due(from, to, &message);
        }
        Some((to, Event::Datagram { from, message }))
    }

    /// The first operation of a disk's queue may be done: then its answer goes to the process that asked, unless that
    /// goes down at this very moment.
    fn disk_done(&mut self, machine: MachineId) -> Option<DiskAnswer> {
        let may_stray = self.machines[machine.index()].disk.defects.awaits_stray() && self.may_destroy(machine);
        let now_ns = self.now_ns;
        let disk = &mut self.machines[machine.index()].disk;
        let done = disk.complete(now_ns, may_stray)?;
        if let Some(next_ns) = disk.next_ns() {
            self.queue.push(next_ns.max(now_ns), Job::Disk { machine });
        }
        self.end_spent(machine);
        if let Some(file) = done.strayed_into {
            self.happened(machine, Happening::Rotted { file: file.to_string() });
        }
        for file in done.durable {
            self.trigger(Moment::Sync, disk::kind(&file), machine, None);
        }
        Some(done.answer)
    }

    /// A machine's alarm may be due.
    fn alarm(&mut self, machine: MachineId) -> bool {
        let host = &mut self.machines[machine.index()];
        if host.alarm_ns <= self.now_ns {
            host.alarm_ns = NO_ALARM;
        }
        let Some(mono_ns) = host.wake_mono_ns else { return false };
        let is_due = host.clock.read(self.now_ns).mono_ns >= mono_ns;
        if is_due {
            host.wake_mono_ns = None;
        } else {
            self.await_alarm(machine);
        }
        is_due
    }

    fn set_alarm(&mut self, machine: MachineId, mono_ns: u64) {
        self.machines[machine.index()].wake_mono_ns = Some(mono_ns);
        self.await_alarm(machine);
    }

    /// Sees to it that the queue holds an entry at the alarm's time or before; one before only looks, and asks again.
    pub(crate) fn await_alarm(&mut self, machine: MachineId) {
        let host = &mut self.machines[machine.index()];
        let Some(mono_ns) = host.wake_mono_ns else { return };
        let at_ns = host.clock.when(mono_ns, self.now_ns);
        if at_ns < host.alarm_ns {
            host.alarm_ns = at_ns;
            self.queue.push(at_ns, Job::Alarm { machine });
        }
    }

    /// Asks a disk for something, and sees to it that the queue holds an entry for its first operation.
    fn with_disk<R>(&mut self, machine: MachineId, ask: impl FnOnce(&mut Disk) -> R) -> R {
        let disk = &mut self.machines[machine.index()].disk;
        let was_idle = disk.waiting() == 0;
        let outcome = ask(disk);
        if was_idle && let Some(next_ns) = disk.next_ns() {
            self.queue.push(next_ns, Job::Disk { machine });
        }
        self.end_spent(machine);
        outcome
    }
}

/// What faults can know of an event: the kind of its message and who sent it.
fn kind_and_peer<M: Message>(event: &Event<M>) -> Option<(&'static str, MachineId)> {
    match event {
        Event::Message { from, message, .. } | Event::Datagram { from, message } => Some((message.kind(), *from)),
        Event::Boot | Event::Wake | Event::Order(_) | Event::Accepted { .. } | Event::Opened { .. } | Event::Closed { .. } | Event::Disk(_) => None,
    }
}
