//! The world itself: machines, network, faults and one queue of what is to happen, as a plain struct that can be cloned
//! at any event. Never a thread, never a wait.

use std::sync::Arc;

use contract::fault::Fault;
use contract::happening::Happening;
use contract::ids::{ConnId, MachineId};
use contract::plan::{Budget, Heal, Weather};
use contract::process::{Effects, Process};
use contract::recording::{Ending, Note, Noted};

use crate::clock::Clock;
use crate::disk::Disk;
use crate::faults::waiting::Faults;
use crate::hosted::Pace;
use crate::machine::Machine;
use crate::net::Net;
use crate::panics;
use crate::queue::{Job, Queue};
use crate::tape::Tape;

/// Events in one run at most, unless [`World::set_events_max`] says otherwise. A full storm of two minutes takes some
/// 300,000; whatever takes this many spins.
const EVENTS_MAX: u64 = 50_000_000;
/// Events at one instant at most, counted from one look to the next: more than a full storm takes in two minutes. A
/// process that is started again at once whenever it leaves at once would fill the memory with its notes long before
/// [`EVENTS_MAX`].
const EVENTS_AT_ONCE_MAX: u64 = 500_000;

/// A simulated world of machines that run `P`.
#[derive(Clone)]
pub struct World<P: Process> {
    pub(crate) seed: u64,
    pub(crate) weather: Weather,
    pub(crate) now_ns: u64,
    pub(crate) events: u64,
    events_max: u64,
    /// At so many events the world looks whether it spins.
    look_at: u64,
    /// The time and the number of events when it looked last.
    looked: (u64, u64),
    pub(crate) queue: Queue,
    pub(crate) machines: Vec<Machine<P>>,
    pub(crate) net: Net<P::Message>,
    pub(crate) faults: Faults,
    pub(crate) tape: Tape,
    pub(crate) notes: Vec<Note<P::Fact>>,
    pub(crate) ending: Option<Ending>,
    /// Filled by each step, emptied after it, and used again.
    pub(crate) effects: Effects<P::Message, P::Fact>,
    /// Whose process is taking a step now: who is to blame for a panic. `None` between steps, where the world is.
    pub(crate) stepping: Option<MachineId>,
    /// How often any machine went down.
    pub(crate) falls: u64,
}

impl<P: Process> World<P> {
    /// A world without machines. `seed` decides all that chance decides, in streams of their own: each link, each disk,
    /// each fault.
    pub fn new(seed: u64, weather: &Weather) -> Self {
        World {
            seed,
            weather: weather.clone(),
            now_ns: 0,
            events: 0,
            events_max: EVENTS_MAX,
            look_at: EVENTS_AT_ONCE_MAX,
            looked: (0, 0),
            queue: Queue::default(),
            machines: Vec::new(),
            net: Net::new(seed, weather),
            faults: Faults::default(),
            tape: Tape::new(),
            notes: Vec::new(),
            ending: None,
            effects: Effects::new(ConnId(1)),
            stepping: None,
            falls: 0,
        }
    }

    /// Adds a machine with an empty disk. `process` is its pristine process: each life starts as a clone of it, with
    /// [`Event::Boot`](contract::process::Event::Boot), the first one at `start_ns`.
    pub fn add(&mut self, process: P, start_ns: u64) -> MachineId {
        let machine = MachineId(u16::try_from(self.machines.len()).expect("a machine's number has 16 bits, and a plan has 2000 machines at most"));
        let weather = self.weather.clocks.iter().find(|clock| clock.machine == machine);
        let clock = Clock::new(weather.map_or(0, |clock| clock.offset_ms), weather.map_or(0, |clock| clock.drift_ppm));
        self.machines.push(Machine::new(process, clock, Disk::new(self.seed, machine, self.weather.disk)));
        self.net.add();
        self.boot_at(machine, start_ns.max(self.now_ns));
        machine
    }

    /// Loads the faults of a plan, in their order; after all machines are added. `supervisor_ms` is how long a process
    /// that leaves by itself stays down. Panics on a fault that names a machine which does not exist, or a time of more
    /// than 1,000 hours.
    pub fn load(&mut self, faults: &[Fault], heal: &Heal, budget: Budget, supervisor_ms: u32) {
        self.load_faults(faults, heal, budget, supervisor_ms);
    }

    /// Lets the next thing happen: an arrival, an alarm, an answer, a fault. False when nothing is left to happen or
    /// the run has ended.
    pub fn step(&mut self) -> bool {
        self.run(u64::MAX, 1) == 1
    }

    /// Lets everything happen up to and including `until_ns`. Then that is the time, unless the run has ended.
    pub fn run_until(&mut self, until_ns: u64) {
        self.run(until_ns, u64::MAX);
        if self.ending.is_none() && self.now_ns < until_ns {
            Pace::now().advance(until_ns);
            self.now_ns = until_ns;
        }
    }

    /// Ends the run; an ending that is there already stays.
    pub fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    /// How the run ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The world's time in ns.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// When the next thing happens, if anything is left to happen.
    pub fn next_ns(&self) -> Option<u64> {
        self.queue.next_ns()
    }

    /// Events that have reached a process.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Lets the run end as a runaway after so many events.
    pub fn set_events_max(&mut self, events_max: u64) {
        self.events_max = events_max;
        self.look_at = events_max.min(self.looked.1 + EVENTS_AT_ONCE_MAX);
    }

    /// The running hash over every event that reached a process and everything that was noted, as 32 hex digits.
    pub fn hash(&self) -> String {
        format!("{:032x}", self.tape.digest())
    }

    /// What was noted and not taken yet.
    pub fn notes(&self) -> &[Note<P::Fact>] {
        &self.notes
    }

    /// Takes what was noted.
    pub fn take_notes(&mut self) -> Vec<Note<P::Fact>> {
        std::mem::take(&mut self.notes)
    }

    /// A machine's process; `None` while it is down.
    pub fn process(&self, machine: MachineId) -> Option<&P> {
        self.machines[machine.index()].process.as_ref()
    }

    /// A file of a machine, as its process would read it now.
    pub fn file(&self, machine: MachineId, name: &str) -> Option<Vec<u8>> {
        self.machines[machine.index()].disk.read_now(&name.into())
    }

    /// Whether the storm is over.
    pub fn is_healed(&self) -> bool {
        self.faults.is_healed
    }

    /// Whether the heal left a machine out: the plan asks for it, and nobody needed the machine.
    pub fn is_left_out(&self, machine: MachineId) -> bool {
        self.machines[machine.index()].is_left_out
    }

    /// How many machines there are.
    pub fn machines(&self) -> u16 {
        self.machines.len() as u16
    }

    /// Says a plain word to a process, now; lost if it is down.
    pub fn order(&mut self, machine: MachineId, word: impl Into<Arc<str>>) {
        self.machines[machine.index()].orders.push_back(word.into());
        self.queue.push(self.now_ns, Job::Order { machine });
    }

    /// Other dice from here on: another future of the same past.
    pub fn redice(&mut self, seed: u64) {
        self.seed = seed;
        self.net.links.redice(seed);
        for (i, machine) in self.machines.iter_mut().enumerate() {
            machine.disk.redice(seed, MachineId(i as u16));
        }
    }

    /// Notes what the world did.
    pub(crate) fn happened(&mut self, machine: MachineId, happening: Happening) {
        let what = Noted::World(happening);
        self.tape.note(machine, &what);
        self.notes.push(Note { at_ns: self.now_ns, machine, what });
    }

    /// Lets up to `jobs_max` things happen until `until_ns`, and says how many did; one, if it ended in a panic, which
    /// ends the run.
    fn run(&mut self, until_ns: u64, jobs_max: u64) -> u64 {
        let outcome = panics::catch(|| {
            let mut jobs = 0;
            self.queue.assert_order();
            let mut pace = Pace::now();
            // A clone, or a world that ran elsewhere before, brings its time along.
            pace.advance(self.now_ns);
            while jobs < jobs_max && self.ending.is_none() {
                let Some((at_ns, packed)) = self.queue.pop_until(until_ns) else { break };
                assert!(at_ns >= self.now_ns, "the queue went back in time");
                self.now_ns = at_ns;
                pace.advance(at_ns);
                jobs += 1;
                self.happen(packed);
                if self.events >= self.look_at {
                    self.look_for_a_spin();
                }
            }
            jobs
        });
        outcome.unwrap_or_else(|caught| {
            let (place, message) = (caught.place, caught.message);
            let ending = match self.stepping.take() {
                Some(machine) => Ending::Crashed { machine, place, message },
                None => Ending::Failed { place, message },
            };
            self.end(ending);
            1
        })
    }

    /// Ends the run if it took too many events in all, or [`EVENTS_AT_ONCE_MAX`] since the last look without the time
    /// moving on.
    #[cold]
    fn look_for_a_spin(&mut self) {
        let (then_ns, then_events) = self.looked;
        let is_look_due = self.events >= then_events + EVENTS_AT_ONCE_MAX;
        if self.events >= self.events_max || (is_look_due && self.now_ns == then_ns) {
            self.end(Ending::Runaway { events: self.events });
        }
        if is_look_due {
            self.looked = (self.now_ns, self.events);
        }
        self.look_at = self.events_max.min(self.looked.1 + EVENTS_AT_ONCE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use contract::plan::{DiskWeather, LinkWeather};
    use contract::process::{Event, Message};
    use contract::time::Now;

    use super::*;

    #[derive(Clone, Hash)]
    enum Silence {}
    impl Message for Silence {
        fn kind(&self) -> &'static str {
            match *self {}
        }
    }

    #[derive(Clone)]
    struct Idler;
    impl Process for Idler {
        type Message = Silence;
        type Fact = ();
        fn step(&mut self, _now: Now, _event: Event<Silence>, _out: &mut Effects<Silence, ()>) {}
    }

    #[test]
    fn no_machine_is_to_blame_for_a_panic_between_steps() {
        let link = LinkWeather { latency_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 };
        let disk = DiskWeather { sync_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 0 };
        let mut world = World::new(7, &Weather { link, links: vec![], disk, clocks: vec![] });
        world.add(Idler, 0);
        world.queue.push(5, Job::Strike { fault: 9 }); // There is no such fault.
        world.run_until(10);
        match world.ending() {
            Some(Ending::Failed { place, message }) => {
                assert!(place.starts_with("sim/world/src/faults/strike.rs:") && message.contains("out of bounds"), "{place}: {message}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((world.now_ns(), world.events()), (5, 1));
    }
}
