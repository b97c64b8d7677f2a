//! The yardstick: what one would write by hand for this workload and nothing else. A heap of events, a ChaCha8 stream a
//! link; no faults, no hash, no checks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use contract::dice::Dice;
use contract::time::{MICROSECOND, MILLISECOND};

use crate::workload::{BYTES, LATENCY_MAX_US, LATENCY_MIN_US, PROCESSES, ROUNDS, SEED, TICK_MS, message, reading};

enum Event {
    Tick { round: u64 },
    Message(Box<[u8; BYTES]>),
}

/// Carries the workload out; says how many messages were delivered.
pub fn run() -> u64 {
    let ends = usize::from(PROCESSES);
    let mut links: Vec<Dice> = (0..ends * ends).map(|link| Dice::named(SEED, "link", (link / ends) as u64, (link % ends) as u64)).collect();
    let mut queue: BinaryHeap<Reverse<(u64, u64, u16)>> = BinaryHeap::new();
    // Payloads stand beside the heap, at the place that the key's sequence number has in a ring of free slots.
    let mut slots: Vec<Option<Event>> = Vec::new();
    let mut free: Vec<u32> = Vec::new();
    let mut sequence = 0u64;
    let mut push = |queue: &mut BinaryHeap<_>, slots: &mut Vec<Option<Event>>, free: &mut Vec<u32>, at_ns: u64, to: u16, event: Event| {
        let slot = free.pop().unwrap_or_else(|| {
            slots.push(None);
            (slots.len() - 1) as u32
        });
        slots[slot as usize] = Some(event);
        queue.push(Reverse((at_ns, sequence << 32 | u64::from(slot), to)));
        sequence += 1;
    };
    for process in 0..PROCESSES {
        push(&mut queue, &mut slots, &mut free, TICK_MS * MILLISECOND, process, Event::Tick { round: 1 });
    }
    let (mut delivered, mut read) = (0, 0);
    while let Some(Reverse((now_ns, key, process))) = queue.pop() {
        let slot = key as u32;
        free.push(slot);
        match slots[slot as usize].take().expect("a key in the queue owns its slot") {
            Event::Tick { round } => {
                for to in 0..PROCESSES {
                    let latency_us = links[usize::from(process) * ends + usize::from(to)].between(LATENCY_MIN_US, LATENCY_MAX_US);
                    let message = Event::Message(Box::new(message(process, round)));
                    push(&mut queue, &mut slots, &mut free, now_ns + latency_us * MICROSECOND, to, message);
                }
                if round < ROUNDS {
                    push(&mut queue, &mut slots, &mut free, now_ns + TICK_MS * MILLISECOND, process, Event::Tick { round: round + 1 });
                }
            }
            Event::Message(bytes) => {
                delivered += 1;
                read += reading(&bytes[..]);
            }
        }
    }
    assert!(read > 0, "messages were read");
    delivered
}
