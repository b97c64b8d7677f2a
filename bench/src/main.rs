//! How fast: the world against its peers on one workload, in CPU seconds and, where valgrind is installed, in
//! instructions. Never wall time, never a verdict.
//!
//! `cargo bench` runs it. `cargo run --release -p stormglass-bench` alone prints the tables. After `--` it takes words:
//! `storm` prints the second table alone; `scale` what 3 to 101 replicas and a thousand sessions cost; `scale 101 10`
//! carries one size out once, for a profiler; `instructions` counts with callgrind; the name of a contender carries the
//! workload out once, for a profiler.

mod by_hand;
mod by_madsim;
mod by_turmoil;
mod by_world;
mod instructions;
mod judge;
mod scale;
mod storm;
mod workload;

use std::process::ExitCode;

use cpu_time::ProcessTime;

/// One that carries the workload out.
struct Contender {
    name: &'static str,
    about: &'static str,
    run: fn() -> u64,
}

/// All contenders, the yardstick first.
const CONTENDERS: [Contender; 4] = [
    Contender { name: "by-hand", about: "a hand-written event loop", run: by_hand::run },
    Contender { name: "world", about: "our world", run: by_world::run },
    Contender { name: "madsim", about: "madsim's Endpoint", run: by_madsim::run },
    Contender { name: "turmoil", about: "turmoil's UDP", run: by_turmoil::run },
];

/// How often each is run; the median counts.
const RUNS: usize = 5;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    match words.next().as_deref() {
        None => {
            table();
            storm::table();
        }
        Some("storm") => storm::table(),
        Some("scale") => match words.map(|word| word.parse()).collect::<Result<Vec<u16>, _>>().as_deref() {
            Ok([]) => scale::table(),
            Ok([replicas]) => scale::once(*replicas, None),
            Ok([replicas, sessions]) => scale::once(*replicas, Some(*sessions)),
            Ok(_) | Err(_) => {
                eprintln!("`scale` alone prints its table; with a number of replicas, and one of sessions, it carries that size out once");
                return ExitCode::from(64);
            }
        },
        Some("instructions") => return instructions::count(&CONTENDERS),
        Some(name) => match CONTENDERS.iter().find(|contender| contender.name == name) {
            Some(contender) => println!("{} delivered {}", contender.name, (contender.run)()),
            None => {
                eprintln!("no contender is called `{name}`; there are {}", CONTENDERS.map(|contender| contender.name).join(", "));
                return ExitCode::from(64);
            }
        },
    }
    ExitCode::SUCCESS
}

fn table() {
    println!("five processes, all to all, a 10 ms tick, 100-byte messages, 60 virtual s; median of {RUNS} runs");
    println!("{:<28} {:>12} {:>10} {:>18} {:>16}", "", "deliveries", "CPU s", "events per CPU s", "of the hand loop");
    let mut yardstick = None;
    for contender in &CONTENDERS {
        let mut seconds: Vec<f64> = (0..RUNS).map(|_| timed(contender)).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[RUNS / 2];
        let rate = workload::DELIVERIES as f64 / median;
        let first = *yardstick.get_or_insert(rate);
        println!("{:<28} {:>12} {:>10.3} {:>18.0} {:>15.1}%", contender.about, workload::DELIVERIES, median, rate, 100.0 * rate / first);
    }
}

/// CPU seconds of one run, which must have done all the work.
fn timed(contender: &Contender) -> f64 {
    let start = ProcessTime::now();
    let delivered = (contender.run)();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(delivered, workload::DELIVERIES, "{} delivered all that was sent", contender.about);
    seconds
}
