//! The classes of faults of the general families: one function each, over whatever machines there are.

use contract::fault::{Ring, Shape, Target, What};
use contract::plan::Settings;

use crate::family::{Painter, weighted};

/// Draws a class of faults; the second argument is how many classes strike at once.
pub(super) type Class<X> = fn(&mut Painter<'_, X>, u64);

/// A fault of the network: a cut, a reset, a loss, a delay.
#[derive(Clone, Copy)]
enum Cut {
    Halves,
    Isolate,
    OneWay,
    Bridge,
    Ring,
    Link,
    Reset,
    HalfOpen,
    Slow,
    Drop,
    DropReply,
}

/// The network: cuts of every shape, resets, half-open streams, slow links, lost messages and replies.
pub(super) fn partitions<X: Settings>(painter: &mut Painter<'_, X>, thin: u64) {
    let count = painter.plan.machines();
    let mut cuts = vec![(Cut::Isolate, 3), (Cut::Reset, 2), (Cut::HalfOpen, 1), (Cut::Link, 2), (Cut::Slow, 2), (Cut::Halves, 3), (Cut::OneWay, 2)];
    cuts.extend((count >= 3).then_some((Cut::Bridge, 1)));
    cuts.extend((count >= 4).then_some((Cut::Ring, 1)));
    let messages = painter.kinds().map(|kinds| kinds.messages).unwrap_or_default();
    if !messages.is_empty() {
        cuts.extend([(Cut::Drop, 2), (Cut::DropReply, 1)]);
    }
    if count < 2 {
        return;
    }
    for _ in 0..painter.count(thin) {
        let (when, caught) = painter.caught();
        let for_ms = painter.spell_ms();
        let side = painter.machines(1, u64::from(count / 2).max(1));
        let two = painter.machines(2, 2);
        let (a, b) = (Target::Machine(two[0]), Target::Machine(two[1]));
        let kind = |painter: &mut Painter<'_, X>| (*painter.dice.pick(&messages)).to_string();
        let partition = |shape| What::Partition { shape, for_ms };
        let what = match weighted(&mut painter.dice, &cuts) {
            Cut::Halves => partition(Shape::Halves { side }),
            Cut::Isolate => partition(Shape::Isolate { machine: caught }),
            Cut::OneWay => partition(Shape::OneWay { from: side, to: vec![two[0]] }),
            Cut::Bridge => {
                let over = two[0];
                partition(Shape::Bridge { side: side.into_iter().filter(|machine| *machine != over).collect(), over })
            }
            Cut::Ring => partition(Shape::Ring(Ring { order: painter.machines(4, u64::from(count)) })),
            Cut::Link => partition(Shape::Link { a, b }),
            Cut::Reset => What::CutStreams { a, b, silent: false },
            Cut::HalfOpen => What::CutStreams { a, b, silent: true },
            Cut::Slow => What::SlowLink { a, b, extra_ms: painter.dice.between(1, 2_000) as u32, for_ms },
            Cut::Drop => What::Drop { kind: kind(painter), from: None, to: None, count: painter.dice.between(1, 3) as u32 },
            Cut::DropReply => What::DropReply { kind: kind(painter), from: None },
        };
        painter.fault(when, what);
    }
}

/// Crashes: of a process, by power, of many machines at once.
pub(super) fn crashes<X: Settings>(painter: &mut Painter<'_, X>, thin: u64) {
    for _ in 0..painter.count(thin) {
        let (when, machine) = painter.caught();
        let down_ms = painter.spell_ms();
        if painter.dice.chance(100_000) {
            let at = painter.at();
            let machines = painter.machines(1, u64::from(painter.plan.machines()));
            painter.fault(at, What::Blackout { machines, restart_ms: down_ms });
        } else {
            // Now and then it stays down until the heal.
            let restart_ms = (!painter.dice.chance(50_000)).then_some(down_ms);
            let power = painter.dice.chance(500_000);
            painter.fault(when, What::Crash { machine, power, restart_ms });
        }
    }
}

/// What befalls a disk.
#[derive(Clone, Copy)]
enum Harm {
    Stall,
    Full,
    Error,
    Lie,
    Lose,
    Rot,
    Misdirect,
}

/// Disks: stalled, full, failing, lying, lost, and, where the system tells what its files are called, rotten.
pub(super) fn disks<X: Settings>(painter: &mut Painter<'_, X>, thin: u64) {
    let mut harms = vec![(Harm::Stall, 3), (Harm::Full, 2), (Harm::Error, 2), (Harm::Lie, 1), (Harm::Lose, 1)];
    let files = painter.kinds().map(|kinds| kinds.written).unwrap_or_default();
    if !files.is_empty() {
        harms.extend([(Harm::Rot, 1), (Harm::Misdirect, 1)]);
    }
    for _ in 0..painter.count(thin) {
        let (when, machine) = painter.caught();
        let for_ms = painter.spell_ms();
        let kind = |painter: &mut Painter<'_, X>| (*painter.dice.pick(&files)).to_string();
        let what = match weighted(&mut painter.dice, &harms) {
            Harm::Stall => What::DiskStall { machine, for_ms },
            Harm::Full => What::DiskFull { machine, for_ms },
            Harm::Error => What::DiskError { machine, count: painter.dice.between(1, 3) as u32 },
            Harm::Lie => What::LyingSync { machine, for_ms },
            Harm::Lose => What::LoseDisk { machine, restart_ms: for_ms },
            Harm::Rot => What::BitRot { machine, kind: kind(painter) },
            Harm::Misdirect => What::MisdirectedWrite { machine, kind: kind(painter) },
        };
        painter.fault(when, what);
        // A lie, or bytes that are not durable, show when the power fails.
        if painter.dice.chance(200_000) {
            let (when, machine) = painter.caught();
            painter.fault(when, What::Crash { machine, power: true, restart_ms: Some(for_ms) });
        }
    }
}

/// Clocks: steps of the wall clock, drift of both.
pub(super) fn clocks<X: Settings>(painter: &mut Painter<'_, X>, thin: u64) {
    for _ in 0..painter.count(thin) {
        let (when, machine) = painter.caught();
        let what = if painter.dice.chance(500_000) {
            let (low, high) = weighted(&mut painter.dice, &[((1, 1_000), 2), ((1_000, 60_000), 2), ((60_000, 86_400_000), 1)]);
            let by_ms = painter.dice.between(low, high) as i64;
            What::ClockStep { machine, by_ms: if painter.dice.chance(500_000) { -by_ms } else { by_ms } }
        } else {
            let most = weighted(&mut painter.dice, &[(100, 1), (10_000, 2), (100_000, 1)]);
            What::ClockDrift { machine, ppm: painter.dice.between(0, 2 * most) as i32 - most as i32 }
        };
        painter.fault(when, what);
    }
}

/// Pauses: a frozen process whose inbox fills.
pub(super) fn pauses<X: Settings>(painter: &mut Painter<'_, X>, thin: u64) {
    for _ in 0..painter.count(thin) {
        let (when, machine) = painter.caught();
        let for_ms = painter.spell_ms();
        painter.fault(when, What::Pause { machine, for_ms });
    }
}
