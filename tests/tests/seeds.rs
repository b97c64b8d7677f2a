//! Seeds: every family, a few seeds each, or those that madsim's variables name. Never a storm that `stormglass run` cannot repeat.
//!
//! `MADSIM_TEST_SEED` is the first seed, `MADSIM_TEST_NUM` how many, `MADSIM_TEST_JOBS` how many runs at a time.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use scenarios::change::Changes;
use scenarios::family::families;
use scenarios::fuzz::{Failure, Progress, Ran, Wish, fuzz};

/// So many seeds where nobody says how many: with ten families, sixty runs.
const SEEDS: u64 = 6;

/// What a variable says, or `usual`. A variable that cannot be read fails the test: whoever sets one wants it heeded.
fn variable<T: FromStr<Err: Display>>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")),
        Err(_) => usual,
    }
}

/// Prints what libtest shows of a test that failed.
struct Teller;

impl Progress for Teller {
    fn ran(&mut self, _: &Ran) {}

    fn failed(&mut self, failure: &Failure) {
        println!("{:?}\nreproduce: {}", failure.verdict, failure.command);
    }
}

#[test]
fn seeds() {
    let first: u64 = variable("MADSIM_TEST_SEED", 0);
    let count: u64 = variable("MADSIM_TEST_NUM", SEEDS);
    let jobs: usize = variable("MADSIM_TEST_JOBS", std::thread::available_parallelism().map_or(1, usize::from));
    assert!(count > 0 && jobs > 0, "MADSIM_TEST_NUM and MADSIM_TEST_JOBS are at least 1");
    let last = first.checked_add(count - 1).expect("MADSIM_TEST_SEED + MADSIM_TEST_NUM is above the last seed, 2^64 - 1");
    let wish = Wish { seeds: first..=last, families: families().iter().collect(), jobs, keep_going: false, time_limit: None, changes: Changes::default() };
    let found = fuzz(&wish, &scenarios::run::judged, &AtomicBool::new(false), &mut Teller);
    let failures: Vec<&str> = found.failures.iter().map(|failure| failure.command.as_str()).collect();
    assert!(failures.is_empty(), "{failures:?} did not hold; see above");
    let complaints: Vec<String> = found.complaints.iter().map(ToString::to_string).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(found.seeds, count, "every family ran every seed");
    println!("seeds {first}..={last}, {} families: {} runs, {} events, all hold", families().len(), found.total.runs, found.total.events);
}
