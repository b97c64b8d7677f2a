//! The event queue: what is to happen, by time, then by the order of asking. Small entries only; messages wait in their links, answers in their disks. Never anything in the past.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use vocab::ids::{ConnId, MachineId};

/// What is to happen. An entry is a hint to look: whoever it names may have changed its mind since, so each is checked against the state when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// What is first on a way of a stream arrives.
    Arrive { conn: ConnId, way: u8 },
    /// A kernel gives up opening a stream.
    GiveUp { conn: ConnId },
    /// A datagram arrives.
    Datagram { slot: u32 },
    /// A machine's alarm may be due.
    Alarm { machine: MachineId },
    /// The first operation of a disk's queue may be done.
    Disk { machine: MachineId },
    /// A machine starts, if it has not gone down again since (`downs`).
    Boot { machine: MachineId, downs: u32 },
    /// An order waits for a machine.
    Order { machine: MachineId },
    /// An operator looks whether a damaged disk may be wiped.
    Wipe { machine: MachineId },
    /// A fault strikes, or is tried again.
    Strike { fault: u32 },
    /// A lasting fault ends.
    End { fault: u32 },
    /// The storm ends.
    Heal,
}

/// An entry: time in the high half of `order`, the order of asking in the low half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    order: u128,
    job: Job,
}

impl Ord for Entry {
    /// The heap gives the greatest first, so the earliest is the greatest.
    fn cmp(&self, other: &Entry) -> Ordering {
        other.order.cmp(&self.order)
    }
}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The event queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Entry>,
    asked: u64,
}

impl Queue {
    /// Asks for `job` at `at_ns`.
    pub(crate) fn push(&mut self, at_ns: u64, job: Job) {
        self.heap.push(Entry { order: u128::from(at_ns) << 64 | u128::from(self.asked), job });
        self.asked += 1;
    }

    /// The time of the next entry.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.heap.peek().map(|entry| (entry.order >> 64) as u64)
    }

    /// Takes the next entry if its time is `until_ns` at the latest.
    pub(crate) fn pop_until(&mut self, until_ns: u64) -> Option<(u64, Job)> {
        if self.next_ns()? > until_ns {
            return None;
        }
        self.heap.pop().map(|entry| ((entry.order >> 64) as u64, entry.job))
    }

    /// How many entries wait.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_time_and_then_in_the_order_of_asking() {
        let mut queue = Queue::default();
        let jobs: Vec<Job> = (0..4).map(|fault| Job::Strike { fault }).collect();
        for (at_ns, job) in [(5, jobs[0]), (3, jobs[1]), (5, jobs[2]), (3, jobs[3])] {
            queue.push(at_ns, job);
        }
        assert_eq!(queue.pop_until(2), None);
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop_until(5)).collect();
        assert_eq!(taken, [(3, jobs[1]), (3, jobs[3]), (5, jobs[0]), (5, jobs[2])]);
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 32, "the heap moves entries about with every push and pop");
    }
}
