//! Laws of the gate, over scripts of channels that arrive in any order: what a checkpoint reflects is what stood before
//! its barriers, aligned or not; nothing is lost, and nothing stays blocked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contract::ids::MachineId;
use flink_words::ids::{ChannelId, EdgeId};
use flink_words::state::SnapshotKind;
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, Subtask, VertexId};
use proptest::prelude::*;

use super::{Gate, Manner, Polled};
use crate::message::{Barrier, Buffer, Element};
use crate::task::channel::{EXCLUSIVE, InputChannel, elements};
use crate::task::mark;

/// What a producer sends, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// A buffer of so many elements.
    Data(u8),
    Barrier(u64, bool),
    Cancel(u64),
}

fn producer(index: u16) -> AttemptId {
    AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(0), index }, leader: LeaderId(1), number: 1 }
}

fn gate(channels: usize, floating: u32, manner: Manner) -> Gate {
    let channel = |from: u16| InputChannel::new(ChannelId { edge: EdgeId(0), from, to: 0 }, producer(from), MachineId(0), 0);
    Gate::new((0..channels as u16).map(channel).collect(), floating, manner)
}

/// A script a channel: data, and each checkpoint's barrier (or cancellation) in its order.
fn script(checkpoints: u64, unaligned: bool) -> impl Strategy<Value = Vec<Line>> {
    let part = (prop::collection::vec(1..4u8, 0..4), 0..10u8);
    prop::collection::vec(part, checkpoints as usize + 1).prop_map(move |parts| {
        let mut lines = Vec::new();
        for (n, (buffers, fate)) in parts.into_iter().enumerate() {
            lines.extend(buffers.into_iter().map(Line::Data));
            match (n as u64 + 1, fate) {
                (n, _) if n > checkpoints => {}
                // Now and then a producer gives a checkpoint up, or never hears of it.
                (n, 0) => lines.push(Line::Cancel(n)),
                (_, 1) => {}
                (n, _) => lines.push(Line::Barrier(n, unaligned)),
            }
        }
        lines
    })
}

/// A producer at its end of a channel.
struct Sender {
    lines: VecDeque<Line>,
    credit: u32,
    number: u64,
    sent: Vec<Element>,
    /// How many elements stood before each barrier.
    before: BTreeMap<u64, usize>,
    has_ended: bool,
}

impl Sender {
    fn next(&mut self) -> Option<Buffer> {
        match self.lines.front().copied() {
            Some(Line::Data(_)) if self.credit == 0 => return None,
            Some(Line::Data(count)) => {
                self.lines.pop_front();
                self.credit -= 1;
                let first = self.sent.len() as i64;
                let new: Vec<Element> = (0..i64::from(count)).map(|i| Element::Watermark(first + i)).collect();
                self.sent.extend(new.iter().cloned());
                return Some(Buffer::Data(new));
            }
            Some(Line::Barrier(n, unaligned)) => {
                self.lines.pop_front();
                self.before.insert(n, self.sent.len());
                return Some(Buffer::Barrier(Barrier { checkpoint: CheckpointId(n), kind: SnapshotKind::Checkpoint, unaligned }));
            }
            Some(Line::Cancel(n)) => {
                self.lines.pop_front();
                return Some(Buffer::CancelBarrier(CheckpointId(n)));
            }
            None => {}
        }
        (!std::mem::replace(&mut self.has_ended, true)).then_some(Buffer::EndOfPartition)
    }
}

/// Lets the channels arrive and the gate be polled as the moves say, then to the end. Says how many checkpoints were
/// taken.
fn play(scripts: Vec<Vec<Line>>, moves: &[u8], manner: Manner) -> u32 {
    let count = scripts.len();
    let mut gate = gate(count, 2, manner);
    let sender = |lines: Vec<Line>| Sender { lines: lines.into(), credit: EXCLUSIVE, number: 0, sent: Vec::new(), before: BTreeMap::new(), has_ended: false };
    let mut senders: Vec<Sender> = scripts.into_iter().map(sender).collect();
    let mut taken: Vec<Vec<Element>> = vec![Vec::new(); count];
    let mut cuts: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let (mut snapshots, mut awaited, mut newest, mut now_ns) = (0, Vec::new(), 0, 0);
    let rest = (0..count as u8 * 2).cycle().take(20_000);
    for choice in moves.iter().copied().chain(rest) {
        now_ns += 1;
        let place = usize::from(choice) % (count * 2);
        if let Some(sender) = senders.get_mut(place) {
            let Some(buffer) = sender.next() else { continue };
            let backlog = sender.lines.iter().take_while(|line| matches!(line, Line::Data(_))).count() as u32;
            gate.receive(place, sender.number, backlog, Arc::new(buffer), now_ns);
            sender.number += 1;
        } else {
            gate.on_time(now_ns);
            match gate.poll(choice % 3 == 0) {
                Some(Polled::Elements { channel, buffer }) => taken[channel].extend(elements(&buffer).iter().cloned()),
                Some(Polled::Snapshot(barrier)) => {
                    let n = barrier.checkpoint.0;
                    assert!(n > newest, "checkpoint {n} comes after {newest}");
                    newest = n;
                    snapshots += 1;
                    cuts.insert(n, taken.iter().map(Vec::len).collect());
                    if barrier.unaligned {
                        awaited.push(n);
                    } else {
                        check(n, &cuts[&n], &senders, &taken);
                    }
                }
                Some(Polled::Aborted { checkpoint, .. }) => awaited.retain(|n| *n != checkpoint.0),
                Some(Polled::Began(_) | Polled::EndOfData { .. } | Polled::Ended) | None => {}
            }
        }
        for n in awaited.clone() {
            let Some(persisted) = gate.take_persisted(CheckpointId(n)) else { continue };
            awaited.retain(|known| *known != n);
            for (place, cut) in persisted.cuts().into_iter().enumerate() {
                assert_eq!(cut.consumed.count as usize, cuts[&n][place], "what was consumed is fixed with the state");
                let expected = senders[place].before.get(&n).copied().unwrap_or(senders[place].sent.len());
                assert_eq!(cut.persisted, mark::after(Default::default(), &senders[place].sent[..expected]), "checkpoint {n}, channel {place}");
            }
        }
        for (place, credit) in gate.take_due() {
            senders[place].credit += credit;
        }
        gate.check().expect("a gate keeps its laws");
    }
    assert!(gate.is_over(), "a gate whose channels have all ended is over: nothing stays blocked");
    assert!(awaited.is_empty(), "what was persisted of {awaited:?} is never complete");
    for (sender, taken) in senders.iter().zip(&taken) {
        assert_eq!(&sender.sent, taken, "what was sent is taken, once and in order");
    }
    snapshots
}

/// An aligned cut: of each channel exactly what stood before the barrier, or all of it if it has ended.
fn check(n: u64, cut: &[usize], senders: &[Sender], taken: &[Vec<Element>]) {
    for (place, sender) in senders.iter().enumerate() {
        let expected = sender.before.get(&n).copied().unwrap_or(sender.sent.len());
        assert_eq!(cut[place], expected, "checkpoint {n}, channel {place}: {} were taken", taken[place].len());
    }
}

const ALIGNED: Manner = Manner { timeout_ns: None, blocks: true };

proptest! {
    #[test]
    fn aligned_cuts_are_what_stood_before_the_barriers(scripts in prop::collection::vec(script(3, false), 1..4), moves in prop::collection::vec(any::<u8>(), 0..80)) {
        play(scripts, &moves, ALIGNED);
    }

    #[test]
    fn unaligned_cuts_are_state_and_channel_state(scripts in prop::collection::vec(script(3, true), 1..4), moves in prop::collection::vec(any::<u8>(), 0..80)) {
        play(scripts, &moves, ALIGNED);
    }

    #[test]
    fn an_alignment_that_takes_too_long_goes_on_unaligned(
        scripts in prop::collection::vec(script(3, false), 1..4), moves in prop::collection::vec(any::<u8>(), 0..80), timeout_ns in 1..30u64,
    ) {
        play(scripts, &moves, Manner { timeout_ns: Some(timeout_ns), blocks: true });
    }
}

#[test]
fn a_barrier_that_does_not_block_lets_too_much_through() {
    let scripts = || vec![vec![Line::Barrier(1, false), Line::Data(1), Line::Data(1)], vec![Line::Data(1), Line::Barrier(1, false)]];
    // The first channel's barrier and the data behind it are there before the other's.
    let moves = [0, 0, 2, 2, 2, 0, 2, 2, 2];
    assert_eq!(play(scripts(), &moves, ALIGNED), 1);
    let leaks = std::panic::catch_unwind(|| play(scripts(), &moves, Manner { blocks: false, ..ALIGNED }));
    assert!(leaks.is_err());
}
