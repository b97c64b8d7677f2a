//! Plan files: whatever a plan says survives being written and read, as TOML and as JSON; and what nobody can mean is one error with its line. Never the running of a plan.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use vocab::ids::MachineId;
use vocab::plan::{
    Budget, CheckpointPlan, ClientPlan, CuratorPlan, Fault, Fencing, Format, HaPlan, InputPlan, Moment, NetworkPlan, OneLink, Plan, Plant, RestartPlan, Ring,
    Seed, Shape, SinkKind, StepAction, StepPlan, StreamPlan, StreamPlant, Target, What, When, WorkloadKind,
};
use vocab::stream::job::JobKind;

/// Every machine of the plans below: three replicas and two clients.
const MACHINES: u16 = 5;
/// Times in ms that a plan may name.
const MS: std::ops::Range<u64> = 0..3_600_000_000;

fn machine() -> impl Strategy<Value = MachineId> {
    (0..MACHINES).prop_map(MachineId)
}

fn machines() -> impl Strategy<Value = Vec<MachineId>> {
    vec(machine(), 0..4)
}

/// A target of a fault that waits for a message, so that all three kinds may stand.
fn target() -> impl Strategy<Value = Target> {
    prop_oneof![machine().prop_map(Target::Machine), Just(Target::Subject), Just(Target::Peer)]
}

/// Names as people may write them: quotes, newlines and all.
fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z-]{0,12}", any::<String>()]
}

fn when() -> impl Strategy<Value = When> {
    let moment = prop_oneof![Just(Moment::Send), Just(Moment::Deliver)];
    (moment, word(), option::of(machine()), 1..u32::MAX, MS).prop_map(|(moment, kind, machine, nth, after_ms)| When::On {
        moment,
        kind,
        machine,
        nth,
        after_ms,
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        machines().prop_map(|side| Shape::Halves { side }),
        target().prop_map(|machine| Shape::Isolate { machine }),
        (machines(), machines()).prop_map(|(from, to)| Shape::OneWay { from, to }),
        (machines(), machine()).prop_map(|(side, over)| Shape::Bridge { side, over }),
        vec(machine(), 4..6).prop_map(|order| Shape::Ring(Ring { order })),
        (target(), target()).prop_map(|(a, b)| Shape::Link { a, b }),
    ]
}

fn what() -> impl Strategy<Value = What> {
    let net = prop_oneof![
        (shape(), MS).prop_map(|(shape, for_ms)| What::Partition { shape, for_ms }),
        (target(), target(), any::<bool>()).prop_map(|(a, b, silent)| What::CutStreams { a, b, silent }),
        (word(), option::of(machine()), option::of(machine()), any::<u32>()).prop_map(|(kind, from, to, count)| What::Drop { kind, from, to, count }),
        (word(), option::of(machine())).prop_map(|(kind, from)| What::DropReply { kind, from }),
        (target(), target(), any::<u32>(), MS).prop_map(|(a, b, extra_ms, for_ms)| What::SlowLink { a, b, extra_ms, for_ms }),
    ];
    let life = prop_oneof![
        (target(), any::<bool>(), option::of(MS)).prop_map(|(machine, power, restart_ms)| What::Crash { machine, power, restart_ms }),
        (machines(), MS).prop_map(|(machines, restart_ms)| What::Blackout { machines, restart_ms }),
        (target(), MS).prop_map(|(machine, restart_ms)| What::LoseDisk { machine, restart_ms }),
        machine().prop_map(|machine| What::Restart { machine }),
        (target(), MS).prop_map(|(machine, for_ms)| What::Pause { machine, for_ms }),
        (target(), -3_600_000_000i64..3_600_000_000).prop_map(|(machine, by_ms)| What::ClockStep { machine, by_ms }),
        (target(), -200_000..=200_000).prop_map(|(machine, ppm)| What::ClockDrift { machine, ppm }),
        (target(), word()).prop_map(|(machine, word)| What::Order { machine, word }),
    ];
    let disk = prop_oneof![
        (target(), MS).prop_map(|(machine, for_ms)| What::DiskStall { machine, for_ms }),
        (target(), MS).prop_map(|(machine, for_ms)| What::DiskFull { machine, for_ms }),
        (target(), any::<u32>()).prop_map(|(machine, count)| What::DiskError { machine, count }),
        (target(), MS).prop_map(|(machine, for_ms)| What::LyingSync { machine, for_ms }),
        (target(), word()).prop_map(|(machine, kind)| What::BitRot { machine, kind }),
        (target(), word()).prop_map(|(machine, kind)| What::MisdirectedWrite { machine, kind }),
    ];
    prop_oneof![net, life, disk]
}

fn fault() -> impl Strategy<Value = Fault> {
    (when(), what()).prop_map(|(when, what)| Fault { when, what })
}

fn curator() -> impl Strategy<Value = CuratorPlan> {
    (any::<u32>(), any::<u32>(), any::<u32>(), any::<[bool; 3]>()).prop_map(
        |(retries, retry_wait_ms, expiration_percent, [tolerates_suspended, keeps_node, fences])| CuratorPlan {
            retries,
            retry_wait_ms,
            expiration_percent,
            tolerates_suspended,
            keeps_node,
            fences,
        },
    )
}

fn client() -> impl Strategy<Value = ClientPlan> {
    use WorkloadKind::{Barriers, Counters, Elections, FlinkHa, Handles, Locks, Queues, Registers};
    let workload = proptest::sample::select(vec![Registers, Counters, Locks, Elections, Barriers, Queues, FlinkHa, Handles]);
    (workload, any::<u32>(), MS, any::<u32>(), any::<u32>(), vec(any::<u32>(), 0..3), any::<bool>(), curator()).prop_map(
        |(workload, session_timeout_ms, start_ms, rounds, think_ms, skip, reader, curator)| ClientPlan {
            workload,
            session_timeout_ms,
            start_ms,
            rounds,
            think_ms,
            skip,
            can_be_read_only: reader && workload == Registers,
            curator,
        },
    )
}

fn restart() -> impl Strategy<Value = RestartPlan> {
    let number = || any::<u32>();
    prop_oneof![
        Just(RestartPlan::Off),
        (number(), number()).prop_map(|(attempts, delay_ms)| RestartPlan::FixedDelay { attempts, delay_ms }),
        (number(), number(), number()).prop_map(|(failures_max, interval_ms, delay_ms)| RestartPlan::FailureRate { failures_max, interval_ms, delay_ms }),
        (number(), number(), number()).prop_map(|(initial_ms, max_ms, reset_ms)| RestartPlan::ExponentialDelay { initial_ms, max_ms, reset_ms }),
    ]
}

fn checkpoints() -> impl Strategy<Value = CheckpointPlan> {
    (any::<[u32; 4]>(), 1..u32::MAX, 1..u32::MAX, 1..u16::MAX, 1..u16::MAX, any::<[bool; 2]>()).prop_map(
        |([min_pause_ms, tolerable_failures, aligned_timeout_ms, inline_bytes], interval_ms, timeout_ms, concurrent, retained, [unaligned, incremental])| {
            let max_concurrent = if unaligned { 1 } else { concurrent };
            CheckpointPlan {
                interval_ms,
                timeout_ms,
                min_pause_ms,
                max_concurrent,
                tolerable_failures,
                retained,
                unaligned,
                aligned_timeout_ms,
                incremental,
                inline_bytes,
            }
        },
    )
}

/// Shares of which enough is left either way.
fn network() -> impl Strategy<Value = NetworkPlan> {
    (1_000..1_000_000u32, 10..=100u32, 10..=90u32, 0..=100u32, 1..u16::MAX, any::<u32>()).prop_map(
        |(segments, network_percent, consumer_percent, consumer_offheap_percent, buffer_records, buffer_timeout_ms)| NetworkPlan {
            segments,
            network_percent,
            consumer_percent,
            consumer_offheap_percent,
            buffer_records,
            buffer_timeout_ms,
        },
    )
}

fn ha() -> impl Strategy<Value = HaPlan> {
    (1..u32::MAX, "/[a-z=#' ]{1,9}(/[a-z0-9é-]{1,9}){0,3}", any::<u32>(), any::<u32>(), any::<bool>()).prop_map(
        |(session_timeout_ms, root, retries, retry_wait_ms, tolerates_suspended)| HaPlan {
            session_timeout_ms,
            root,
            retries,
            retry_wait_ms,
            tolerates_suspended,
        },
    )
}

fn input() -> impl Strategy<Value = InputPlan> {
    (0..=1_000_000u32, 1..u16::MAX, MS, any::<u32>(), any::<u32>()).prop_map(|(records, partitions, until_ms, disorder_ms, idle_ms)| InputPlan {
        records,
        partitions,
        until_ms,
        disorder_ms,
        idle_ms,
    })
}

/// Any stream engine that a plan may have, its parallelism no more than one worker can bear.
fn stream() -> impl Strategy<Value = StreamPlan> {
    let step = (MS, option::of(1..=8u16)).prop_map(|(at_ms, parallelism)| {
        let action = parallelism.map_or(StepAction::Savepoint, |parallelism| StepAction::Rescale { parallelism });
        StepPlan { at_ms, action }
    });
    let cast = (proptest::sample::select(JobKind::ALL.to_vec()), 1..=9u16, 1..=64u16, 8..=64u16, 1..=8u16, 8..=32_768u16);
    let flags = (any::<bool>(), any::<bool>(), option::of(proptest::sample::select(StreamPlant::ALL.to_vec())));
    let parts = (input(), checkpoints(), restart(), network(), ha(), vec(step, 0..4));
    (cast, flags, parts, 1..u32::MAX - 1, any::<u32>()).prop_map(|(cast, (unfenced, idempotent, plant), parts, heartbeat_interval_ms, txn_timeout_ms)| {
        let (job, masters, workers, slots, parallelism, max_parallelism) = cast;
        let (input, checkpoints, restart, network, ha, steps) = parts;
        StreamPlan {
            job,
            masters,
            workers,
            slots,
            parallelism,
            max_parallelism,
            fencing: if unfenced { Fencing::Unfenced } else { Fencing::Fenced },
            sink: if idempotent { SinkKind::Idempotent } else { SinkKind::TwoPhase },
            input,
            checkpoints,
            restart,
            network,
            ha,
            heartbeat_interval_ms,
            heartbeat_timeout_ms: heartbeat_interval_ms + 1,
            txn_timeout_ms,
            steps,
            plant,
        }
    })
}

/// Any plan that `Plan::check` lets pass, on the settings of a drawn one.
fn plan() -> impl Strategy<Value = Plan> {
    let plant = option::of(proptest::sample::select(Plant::ALL.to_vec()));
    let budget = prop_oneof![Just(Budget::Majority), Just(Budget::Unrestricted)];
    let parts = (any::<u64>(), word(), plant, budget, vec(client(), 2), vec(fault(), 0..6), option::of(machine()), MS, vec((machine(), machine()), 0..3));
    let locals = any::<[bool; 3]>();
    (parts, option::of(stream()), locals).prop_map(|((seed, family, plant, budget, clients, faults, absent, at_ms, links), stream, locals)| {
        let mut plan = scenarios::family::plan("everything", 1).expect("the family exists");
        plan.seed = Seed(seed);
        plan.family = family;
        plan.cluster.replicas = 3;
        let [local, upgrading, readers] = locals.map(|wanted| wanted && stream.is_none());
        plan.coordination.local_sessions = local;
        plan.coordination.local_sessions_upgrading = local && upgrading;
        plan.coordination.read_only_mode = local && readers;
        plan.coordination.plant = plant;
        plan.weather.clocks.retain(|clock| clock.machine.0 < MACHINES);
        let weather = plan.weather.link;
        plan.weather.links = links.into_iter().map(|(from, to)| OneLink { from, to, weather }).collect();
        plan.heal.at_ms = at_ms;
        plan.heal.absent = absent.into_iter().collect();
        Plan { budget, clients, stream, faults, ..plan }
    })
}

proptest! {
    #[test]
    fn plans_survive_their_files(plan in plan()) {
        prop_assert_eq!(plan.check(), Ok(()));
        for format in [Format::Toml, Format::Json] {
            let text = plan.text(format);
            let back = Plan::parse(&text, format, "plan").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(&back, &plan, "{}", text);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        for format in [Format::Toml, Format::Json] {
            let told = Plan::parse(&text, format, "plan").expect_err("chance writes no plan").to_string();
            prop_assert!(told.starts_with("plan:") && told.contains("remedy: "), "{}", told);
        }
    }

    /// A plan with a byte lost or doubled is a plan or one error; never a panic.
    #[test]
    fn a_slip_of_the_pen_makes_no_panic(plan in plan(), at in any::<prop::sample::Index>(), twice in any::<bool>()) {
        for format in [Format::Toml, Format::Json] {
            let text = plan.text(format);
            let (at, c) = *at.get(&text.char_indices().collect::<Vec<_>>());
            let rest = &text[at + c.len_utf8()..];
            let slip = if twice { format!("{}{c}{c}{rest}", &text[..at]) } else { format!("{}{rest}", &text[..at]) };
            if let Err(told) = Plan::parse(&slip, format, "plan") {
                prop_assert!(told.to_string().contains("remedy: "), "{}", told);
            }
        }
    }
}

#[test]
fn what_nobody_can_mean_is_an_error_with_its_line() {
    /// The good plan with `from` replaced by `to`; the error is at the line of the first `place`, in both formats where it stands in both.
    fn check(format: Format, from: &str, to: &str, place: &str, says: &str) {
        check_of("crashes", format, from, to, place, says);
    }
    fn check_of(family: &str, format: Format, from: &str, to: &str, place: &str, says: &str) {
        let good = scenarios::family::plan(family, 7).expect("the family exists").text(format);
        assert!(good.contains(from), "{from:?} is not in\n{good}");
        let text = good.replacen(from, to, 1);
        let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
        let told = Plan::parse(&text, format, "plan").expect_err("it is no plan").to_string();
        assert!(told.starts_with(&format!("plan:{line}: ")) && told.contains(says), "expected line {line} and {says:?}: {told}");
    }
    use Format::{Json, Toml};
    check(Toml, "format = 1", "format = 2", "format", "a plan of format 2");
    check(Json, "\"format\": 1", "\"format\": 2", "\"format\"", "a plan of format 2");
    check(Toml, "tick_ms =", "tock_ms =", "tock_ms", "unknown field `tock_ms`");
    check(Json, "\"tick_ms\"", "\"tock_ms\"", "\"tock_ms\"", "unknown field `tock_ms`");
    check(Toml, "tick_ms = ", "tick_ms = 0 # ", "tick_ms", "tick_ms is 0");
    check(Json, "\"init_limit\": 10", "\"init_limit\": 0", "\"init_limit\"", "init_limit is 0");
    check(Toml, "at_ms = ", "at_ms = 9223372036854775807 # ", "at_ms", "too long");
    check(Toml, "sync_limit = ", "sync_limit = -1 # ", "-1", "u32");
    check(
        Toml,
        "[[faults]]",
        "[[faults]]\nwhen = { at = { ms = 5 } }\nwhat = { restart = { machine = 99 } }\n[[faults]]",
        "{ restart",
        "machine 99 does not exist",
    );
    check(
        Toml,
        "[[faults]]",
        "[[faults]]\nwhen = { at = { ms = 5 } }\nwhat = { pause = { machine = \"peer\", for_ms = 1 } }\n[[faults]]",
        "{ pause",
        "no subject or peer",
    );
    // Quorums that make no sense, or that the budget does not know of.
    let cluster = |lines: &str| format!("[cluster]\n{lines}\n");
    let quorums = |lines: &str, place: &str, says: &str| check(Toml, "[cluster]\n", &cluster(lines), place, says);
    quorums("groups = [[0], [0]]", "groups", "in a group already");
    quorums("groups = [[0, 1]]", "groups", "some voter is in no group");
    quorums("groups = [[0, 99]]", "groups", "machine 99 is no voter");
    quorums("weights = [{ machine = 0, weight = 9 }]", "[cluster]", "one voter alone is a quorum");
    quorums("weights = [{ machine = 0, weight = 2 }, { machine = 0, weight = 1 }]", "weights", "has a weight already");
    quorums("weights = [{ machine = 0, weight = 2000 }]", "weights", "a weight of 2000");
    quorums("weights = [{ machine = 0, weight = 2 }]", "budget", "relies on majorities");
    check(Toml, "observers = 0", "observers = 1000", "observers", "1000 observers");
    // Sessions that nobody could have.
    let settings = |line: &str, place: &str, says: &str| check(Toml, "[coordination]\n", &format!("[coordination]\n{line}\n"), place, says);
    settings("local_sessions_upgrading = true", "local_sessions_upgrading", "no session is local");
    settings("read_only_mode = true", "read_only_mode", "can open no session");
    check_of("local-sessions", Toml, "workload = \"", "can_be_read_only = true\nworkload = \"locks\" # ", "can_be_read_only", "cannot go on without writes");
    check_of("stream-calm", Toml, "[coordination]\n", "[coordination]\nlocal_sessions = true\n", "local_sessions", "not known to all");
    // Stream engines that cannot work.
    let stream = |from: &str, to: &str, place: &str, says: &str| check_of("stream-failover", Toml, from, to, place, says);
    stream("masters = ", "masters = 0 # ", "masters", "masters is 0");
    stream("workers = ", "workers = 65 # ", "workers", "give 1 to 64");
    stream("\nparallelism = ", "\nparallelism = 4000 # ", "parallelism = 4000", "a parallelism of 4000");
    stream("records = ", "records = 1000001 # ", "[stream.input]", "1000001 records");
    stream("until_ms = ", "until_ms = 3600000001 # ", "until_ms", "too long");
    stream("\ninterval_ms = ", "\ninterval_ms = 0 # ", "interval_ms = 0", "interval_ms is 0");
    stream("retained = ", "retained = 0 # ", "retained", "retained is 0");
    stream("network_percent = ", "network_percent = 101 # ", "network_percent", "101 percent");
    stream("consumer_offheap_percent = ", "consumer_offheap_percent = 200 # ", "consumer_offheap_percent", "give at most 100");
    stream("consumer_percent = ", "consumer_percent = 0 # ", "network_percent", "0 to receive");
    stream("heartbeat_timeout_ms = ", "heartbeat_timeout_ms = 1 # ", "heartbeat_timeout_ms", "above heartbeat_interval_ms");
    stream("root = ", "root = \"/a/../b\" # ", "root", "no znode's path");
    stream("root = ", "root = \"/zookeeper/jobs\" # ", "root", "no znode's path");
    stream("job = ", "job = \"q99\" # ", "job", "unknown variant `q99`");
    stream("masters = ", "plant = \"weeds\"\nmasters = ", "plant", "unknown variant `weeds`");
    stream("masters = ", "steps = [{ at_ms = 5, action = { rescale = { parallelism = 999 } } }]\nmasters = ", "{ rescale", "a parallelism of 999");
    stream("masters = ", "steps = [{ at_ms = 3600000001, action = \"savepoint\" }]\nmasters = ", "3600000001", "too long");
}
