//! The event queue: what is to happen, by time, then by the order of asking. An entry is one number; messages wait in
//! their links, answers in their disks. Never anything in the past.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use contract::ids::MachineId;

/// What is to happen. An entry is a hint to look: what it names may have changed its mind since, or be gone, so each is
/// checked against the state when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// What is first on a way of the stream in a slot arrives.
    Arrive { slot: u32, way: u8 },
    /// A kernel gives up opening the stream in a slot.
    GiveUp { slot: u32 },
    /// The datagram in a slot arrives.
    Datagram { slot: u32 },
    /// A machine's alarm may be due.
    Alarm { machine: MachineId },
    /// The first operation of a disk's queue may be done.
    Disk { machine: MachineId },
    /// A machine may be due to start.
    Boot { machine: MachineId },
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

/// The latest time that an entry can have, some 833 days; what is asked for later is asked for then.
pub(crate) const LATEST_NS: u64 = (1 << 56) - 1;
/// How many entries a run can ask for: days of computing. Checked whenever a driver lets the world run on.
const ASKED_MAX: u64 = 1 << 40;
/// How many slots, faults and machines a job can tell apart. Whoever hands out the numbers sees to it.
pub(crate) const NUMBER_MAX: u32 = 1 << 28;
/// A bucket of the wheel spans 2^18 ns, a quarter of a millisecond: 64 of them hold what is on its way over links and
/// disks, with about one entry each.
const BUCKET_BITS: u32 = 18;
/// How many buckets the wheel has: one bit each in a word.
const BUCKETS: u64 = 64;
/// A bucket is searched from end to end, so what is more than this goes to the heap.
const BUCKET_MAX: usize = 16;

/// The event queue: a wheel for the next 16 ms and a heap for all that is later or does not fit. An entry is a number;
/// from the high bits down: time (56), order of asking (40), kind of job (4), its number (28).
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// The entries of each bucket, in no order.
    buckets: Box<[[u128; BUCKET_MAX]; BUCKETS as usize]>,
    /// How many entries each bucket has.
    counts: [u8; BUCKETS as usize],
    /// A bit for each bucket that has any.
    filled: u64,
    /// The bucket of the last entry taken, counted from the beginning of time. All entries of the wheel are in this one
    /// or the 63 after it.
    turn: u64,
    far: BinaryHeap<Reverse<u128>>,
    asked: u64,
}

impl Default for Queue {
    fn default() -> Self {
        let buckets = Box::new([[0; BUCKET_MAX]; BUCKETS as usize]);
        Queue { buckets, counts: [0; BUCKETS as usize], filled: 0, turn: 0, far: BinaryHeap::new(), asked: 0 }
    }
}

impl Queue {
    /// Asks for `job` at `at_ns`, which is not before the last entry taken.
    #[inline(always)]
    pub(crate) fn push(&mut self, at_ns: u64, job: Job) {
        let at_ns = at_ns.min(LATEST_NS);
        let entry = u128::from(at_ns) << 72 | u128::from(self.asked) << 32 | u128::from(job.pack());
        self.asked += 1;
        let turn = at_ns >> BUCKET_BITS;
        let bucket = (turn % BUCKETS) as usize;
        let count = usize::from(self.counts[bucket]);
        if turn - self.turn >= BUCKETS || count == BUCKET_MAX {
            self.far.push(Reverse(entry));
            return;
        }
        self.buckets[bucket][count % BUCKET_MAX] = entry;
        self.counts[bucket] = count as u8 + 1;
        self.filled |= 1 << bucket;
    }

    /// The time of the next entry.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        let near = if self.filled == 0 { u128::MAX } else { self.least(self.next_bucket()).0 };
        let least = near.min(self.first_far());
        (least != u128::MAX).then_some((least >> 72) as u64)
    }

    /// Takes the next entry if its time is `until_ns` at the latest: its time, and its job, packed.
    #[inline(always)]
    pub(crate) fn pop_until(&mut self, until_ns: u64) -> Option<(u64, u32)> {
        let mut entry = self.first_far();
        let mut found = None;
        if self.filled != 0 {
            let bucket = self.next_bucket();
            let (least, place) = self.least(bucket);
            if least < entry {
                entry = least;
                found = Some((bucket, place));
            }
        }
        let at_ns = (entry >> 72) as u64;
        if at_ns > until_ns || entry == u128::MAX {
            return None;
        }
        if let Some((bucket, place)) = found {
            let left = self.counts[bucket] - 1;
            self.counts[bucket] = left;
            if left == 0 {
                self.filled &= !(1 << bucket);
            } else {
                self.buckets[bucket][place] = self.buckets[bucket][usize::from(left) % BUCKET_MAX];
            }
        } else {
            self.far.pop();
        }
        self.turn = at_ns >> BUCKET_BITS;
        Some((at_ns, entry as u32))
    }

    /// Panics when a run has asked for so much that the order of asking would run into the time.
    pub(crate) fn assert_order(&self) {
        assert!(self.asked < ASKED_MAX, "a run asks for fewer than 2^40 things: lower the bound on its events");
    }

    /// How many entries wait.
    pub(crate) fn len(&self) -> usize {
        self.far.len() + self.counts.iter().map(|count| usize::from(*count)).sum::<usize>()
    }

    /// The first entry of the heap; greater than every entry if there is none.
    #[inline(always)]
    fn first_far(&self) -> u128 {
        self.far.peek().map_or(u128::MAX, |Reverse(entry)| *entry)
    }

    /// The first bucket, from the present one on, that has any.
    #[inline(always)]
    fn next_bucket(&self) -> usize {
        let ahead = self.filled.rotate_right((self.turn % BUCKETS) as u32).trailing_zeros();
        ((self.turn + u64::from(ahead)) % BUCKETS) as usize
    }

    /// The least entry of a bucket that has any, and its place.
    #[inline(always)]
    fn least(&self, bucket: usize) -> (u128, usize) {
        let entries = &self.buckets[bucket];
        let (mut least, mut place) = (entries[0], 0);
        // Mostly there is one.
        if self.counts[bucket] > 1 {
            for (other, entry) in entries[..usize::from(self.counts[bucket]).min(BUCKET_MAX)].iter().enumerate() {
                if *entry < least {
                    (least, place) = (*entry, other);
                }
            }
        }
        (least, place)
    }
}

impl Job {
    /// The kind in the high 4 bits, the number in the others.
    #[inline(always)]
    fn pack(self) -> u32 {
        let (kind, number) = match self {
            Job::Arrive { slot, way } => (u32::from(way), slot),
            Job::GiveUp { slot } => (2, slot),
            Job::Datagram { slot } => (3, slot),
            Job::Alarm { machine } => (4, u32::from(machine.0)),
            Job::Disk { machine } => (5, u32::from(machine.0)),
            Job::Boot { machine } => (6, u32::from(machine.0)),
            Job::Order { machine } => (7, u32::from(machine.0)),
            Job::Wipe { machine } => (8, u32::from(machine.0)),
            Job::Strike { fault } => (9, fault),
            Job::End { fault } => (10, fault),
            Job::Heal => (11, 0),
        };
        kind << 28 | number
    }

    #[inline(always)]
    pub(crate) fn unpack(packed: u32) -> Job {
        let number = packed & (NUMBER_MAX - 1);
        let machine = MachineId(number as u16);
        match packed >> 28 {
            way @ 0..=1 => Job::Arrive { slot: number, way: way as u8 },
            2 => Job::GiveUp { slot: number },
            3 => Job::Datagram { slot: number },
            4 => Job::Alarm { machine },
            5 => Job::Disk { machine },
            6 => Job::Boot { machine },
            7 => Job::Order { machine },
            8 => Job::Wipe { machine },
            9 => Job::Strike { fault: number },
            10 => Job::End { fault: number },
            11 => Job::Heal,
            other => unreachable!("no job has kind {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::dice::Dice;

    fn take(queue: &mut Queue, until_ns: u64) -> Option<(u64, Job)> {
        queue.pop_until(until_ns).map(|(at_ns, packed)| (at_ns, Job::unpack(packed)))
    }

    #[test]
    fn entries_come_by_time_and_then_in_the_order_of_asking() {
        let mut queue = Queue::default();
        let jobs: Vec<Job> = (0..4).rev().map(|fault| Job::Strike { fault }).collect();
        for (at_ns, job) in [(5, jobs[0]), (3, jobs[1]), (5, jobs[2]), (3, jobs[3])] {
            queue.push(at_ns, job);
        }
        assert_eq!(take(&mut queue, 2), None);
        let taken: Vec<_> = std::iter::from_fn(|| take(&mut queue, 5)).collect();
        assert_eq!(taken, [(3, jobs[1]), (3, jobs[3]), (5, jobs[0]), (5, jobs[2])]);
    }

    #[test]
    fn whatever_is_pushed_between_pops_comes_in_order() {
        // Close together, in the wheel's reach, and far beyond it.
        for span_ns in [500, 5_000_000, 500_000_000] {
            let mut dice = Dice::named(1, "queue", span_ns, 0);
            let (mut queue, mut sorted, mut now_ns) = (Queue::default(), std::collections::BTreeSet::new(), 0);
            for asked in 0..20_000u32 {
                let at_ns = now_ns + dice.below(span_ns);
                queue.push(at_ns, Job::Strike { fault: asked });
                sorted.insert((at_ns, asked));
                while dice.chance(490_000) {
                    assert_eq!(queue.next_ns(), sorted.first().map(|(at_ns, _)| *at_ns));
                    let expected = sorted.pop_first().map(|(at_ns, fault)| (at_ns, Job::Strike { fault }));
                    assert_eq!(take(&mut queue, u64::MAX), expected);
                    now_ns = expected.map_or(now_ns, |(at_ns, _)| at_ns);
                }
            }
            assert_eq!(queue.len(), sorted.len());
        }
    }

    #[test]
    fn what_is_asked_for_after_the_end_of_time_comes_at_the_end() {
        let mut queue = Queue::default();
        queue.push(u64::MAX, Job::Heal);
        assert_eq!(take(&mut queue, u64::MAX), Some((LATEST_NS, Job::Heal)));
        assert_eq!(take(&mut queue, u64::MAX), None);
    }

    #[test]
    fn a_job_survives_its_packing() {
        let machine = MachineId(65_535);
        let (slot, fault) = (NUMBER_MAX - 1, 3);
        for job in [
            Job::Arrive { slot, way: 0 },
            Job::Arrive { slot, way: 1 },
            Job::GiveUp { slot },
            Job::Datagram { slot },
            Job::Alarm { machine },
            Job::Disk { machine },
            Job::Boot { machine },
            Job::Order { machine },
            Job::Wipe { machine },
            Job::Strike { fault },
            Job::End { fault },
            Job::Heal,
        ] {
            assert_eq!(Job::unpack(job.pack()), job);
        }
    }
}
