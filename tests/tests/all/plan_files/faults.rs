//! Any fault that a plan may have: on machines that there are, with kinds and orders that the system knows, and all
//! numbers as they come.

use contract::fault::{Fault, Moment, Ring, Shape, Target, What, When};
use contract::ids::MachineId;
use contract::kinds::{Kinds, Number, OrderKind};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Machines that every plan here has: three replicas and two clients.
pub const MACHINES: u16 = 5;
/// Times in ms that a plan may name.
pub const MS: std::ops::Range<u64> = 0..3_600_000_000;

/// One of the machines.
pub fn machine() -> impl Strategy<Value = MachineId> {
    (0..MACHINES).prop_map(MachineId)
}

fn machines() -> impl Strategy<Value = Vec<MachineId>> {
    vec(machine(), 0..4)
}

fn order(kinds: Vec<OrderKind>) -> impl Strategy<Value = String> {
    (select(kinds), option::of(any::<i64>())).prop_map(|(order, number)| match (order.number, number) {
        (Number::Never, _) | (Number::Optional(_), None) => order.word.to_string(),
        (Number::Optional(_), Some(number)) => format!("{} {number}", order.word),
        (Number::Required(_), number) => format!("{} {}", order.word, number.unwrap_or(1)),
    })
}

fn kind(kinds: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    select(kinds.to_vec()).prop_map(str::to_string)
}

fn on(moments: &[Moment], kinds: &[&'static str]) -> impl Strategy<Value = When> + use<> {
    let parts = (select(moments.to_vec()), kind(kinds), option::of(machine()), 1..u32::MAX, MS);
    parts.prop_map(|(moment, kind, machine, nth, after_ms)| When::On { moment, kind, machine, nth, after_ms })
}

/// Draws what faults do: `found` are the targets that the awaited event makes known.
struct Drawer<'k> {
    kinds: &'k Kinds,
    found: &'static [Target],
}

impl Drawer<'_> {
    fn target(&self) -> BoxedStrategy<Target> {
        let named = machine().prop_map(Target::Machine);
        if self.found.is_empty() { named.boxed() } else { prop_oneof![named, select(self.found)].boxed() }
    }

    fn shape(&self) -> impl Strategy<Value = Shape> + use<> {
        let target = || self.target();
        prop_oneof![
            machines().prop_map(|side| Shape::Halves { side }),
            target().prop_map(|machine| Shape::Isolate { machine }),
            (machines(), machines()).prop_map(|(from, to)| Shape::OneWay { from, to }),
            (machines(), machine()).prop_map(|(side, over)| Shape::Bridge { side, over }),
            vec(machine(), 4..6).prop_map(|order| Shape::Ring(Ring { order })),
            (target(), target()).prop_map(|(a, b)| Shape::Link { a, b }),
        ]
    }

    fn net(&self) -> impl Strategy<Value = What> + use<> {
        let target = || self.target();
        let message = || kind(&self.kinds.messages);
        prop_oneof![
            (self.shape(), MS).prop_map(|(shape, for_ms)| What::Partition { shape, for_ms }),
            (target(), target(), any::<bool>()).prop_map(|(a, b, silent)| What::CutStreams { a, b, silent }),
            (message(), option::of(machine()), option::of(machine()), any::<u32>()).prop_map(|(kind, from, to, count)| What::Drop { kind, from, to, count }),
            (message(), option::of(machine())).prop_map(|(kind, from)| What::DropReply { kind, from }),
            (target(), target(), any::<u32>(), MS).prop_map(|(a, b, extra_ms, for_ms)| What::SlowLink { a, b, extra_ms, for_ms }),
        ]
    }

    fn life(&self) -> impl Strategy<Value = What> + use<> {
        let target = || self.target();
        prop_oneof![
            (target(), any::<bool>(), option::of(MS)).prop_map(|(machine, power, restart_ms)| What::Crash { machine, power, restart_ms }),
            (machines(), MS).prop_map(|(machines, restart_ms)| What::Blackout { machines, restart_ms }),
            (target(), MS).prop_map(|(machine, restart_ms)| What::LoseDisk { machine, restart_ms }),
            machine().prop_map(|machine| What::Restart { machine }),
            (target(), MS).prop_map(|(machine, for_ms)| What::Pause { machine, for_ms }),
            (target(), -3_600_000_000i64..3_600_000_000).prop_map(|(machine, by_ms)| What::ClockStep { machine, by_ms }),
            (target(), -200_000..=200_000).prop_map(|(machine, ppm)| What::ClockDrift { machine, ppm }),
            (target(), order(self.kinds.orders.clone())).prop_map(|(machine, word)| What::Order { machine, word }),
        ]
    }

    fn disk(&self) -> impl Strategy<Value = What> + use<> {
        let target = || self.target();
        let file = || kind(&self.kinds.written);
        prop_oneof![
            (target(), MS).prop_map(|(machine, for_ms)| What::DiskStall { machine, for_ms }),
            (target(), MS).prop_map(|(machine, for_ms)| What::DiskFull { machine, for_ms }),
            (target(), any::<u32>()).prop_map(|(machine, count)| What::DiskError { machine, count }),
            (target(), MS).prop_map(|(machine, for_ms)| What::LyingSync { machine, for_ms }),
            (target(), file()).prop_map(|(machine, kind)| What::BitRot { machine, kind }),
            (target(), file()).prop_map(|(machine, kind)| What::MisdirectedWrite { machine, kind }),
        ]
    }

    fn what(&self) -> impl Strategy<Value = What> + use<> {
        prop_oneof![self.net(), self.life(), self.disk()]
    }
}

/// Any fault of a system with these kinds: at a time, on a message, on what is written, on what is synced.
pub fn fault(kinds: &Kinds) -> impl Strategy<Value = Fault> + use<> {
    let what = |found| Drawer { kinds, found }.what();
    let message = on(&[Moment::Send, Moment::Deliver], &kinds.messages);
    prop_oneof![
        2 => (message, what(&[Target::Subject, Target::Peer])),
        1 => (on(&[Moment::Append], &kinds.written), what(&[Target::Subject])),
        1 => (on(&[Moment::Sync], &kinds.synced), what(&[Target::Subject])),
        1 => (MS.prop_map(|ms| When::At { ms }), what(&[])),
    ]
    .prop_map(|(when, what)| Fault { when, what })
}
