//! Hosting: a fresh thread with a madsim runtime of the seed, so that clocks, getrandom and hash seeds beneath a process are virtual too, and no thread can be started. A world runs
//! outside as well, with the same result; never two hosts on one thread.

use std::future::Future;
use std::pin::pin;
use std::thread;
use std::time::{Duration, Instant};

use madsim::runtime::Runtime;
use madsim::time::TimeHandle;
use vocab::process::Process;

use crate::world::World;

/// The stack of a hosting thread: what a main thread has on Linux.
const STACK_BYTES: usize = 8 << 20;

/// Runs `run` on a fresh thread inside a madsim runtime of `seed`. A world that is stepped in there takes the runtime's clock along to each of its events.
///
/// A fresh thread, because std seeds its hash maps once a thread. A panic of `run` itself goes on in the caller; one of a process is the world's
/// [`Ending::Crashed`](vocab::recording::Ending::Crashed).
pub fn host<R: Send>(seed: u64, run: impl FnOnce() -> R + Send) -> R {
    host_async(seed, || async { run() })
}

/// Like [`host`], for a run that awaits: services of [`madsim`] live in nodes beside the world, and [`pump`] lets both go on together.
///
/// Kill the nodes and sleep for a millisecond before the end: a runtime that is dropped while tasks sleep leaks them.
pub fn host_async<R: Send, F: Future<Output = R>>(seed: u64, run: impl FnOnce() -> F + Send) -> R {
    assert!(TimeHandle::try_current().is_none(), "a host is inside another one: return from the first, then start the second");
    let outcome = thread::scope(|scope| {
        let hosted = move || Runtime::with_seed_and_config(seed, madsim::Config::default()).block_on(async { run().await });
        thread::Builder::new().name("world".into()).stack_size(STACK_BYTES).spawn_scoped(scope, hosted).expect("the system has a thread to give").join()
    });
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Lets a world run until `until_ns`, or its end, beside the services of the runtime around it: until the world's next event the services have the time.
///
/// The world's own events happen at their own times, so its hash does not depend on what runs beside it.
pub async fn pump<P: Process>(world: &mut World<P>, until_ns: u64) {
    let clock = TimeHandle::current();
    let mut sleep = pin!(clock.sleep(Duration::ZERO));
    while world.ending().is_none() && world.now_ns() < until_ns {
        let next_ns = world.next_ns().unwrap_or(until_ns).min(until_ns);
        let elapsed_ns = clock.elapsed().as_nanos() as u64;
        if next_ns > elapsed_ns {
            // Set anew, since a sleep that is made for less than a millisecond takes one.
            sleep.as_mut().reset(deadline(&clock, next_ns - elapsed_ns));
            sleep.as_mut().await;
        }
        world.run_until(next_ns);
        // Services that this woke, or that wait for a turn, get one.
        madsim::task::yield_now().await;
    }
}

fn deadline(clock: &TimeHandle, in_ns: u64) -> Instant {
    clock.now_instant() + Duration::from_nanos(in_ns)
}
