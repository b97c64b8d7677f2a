//! Hosting: a fresh thread for a world to run on. Where the crate is built with madsim's cfg, a madsim runtime of the
//! seed is around it, so that clocks, getrandom and hash seeds beneath a process are virtual too, and no thread can be
//! started. A world runs outside as well, with the same result; never two hosts on one thread.
//!
//! All that differs between the two builds is here and in `hosted`: `runtime` comes twice.

use std::thread;

use crate::hosted::is_hosted;
use runtime::enter;
#[cfg(madsim)]
pub use runtime::{host_async, madsim, pump};

/// The stack of a hosting thread: what a main thread has on Linux.
const STACK_BYTES: usize = 8 << 20;

/// Runs `run` on a fresh thread. A world that is stepped in there takes the thread's clock along to each of its events,
/// if the clock is virtual.
///
/// Where the crate is built with `--cfg madsim`, a runtime of `seed` is around `run`: calls beneath a process
/// (clock_gettime, getrandom, the seeds of hash maps) are intercepted, and threads are refused. Without the cfg nothing
/// is intercepted, which is said once on standard error; a world gives the same hash all the same, unless a process of
/// it makes such calls.
///
/// A fresh thread, because std seeds its hash maps once a thread. A panic of `run` itself goes on in the caller; one of
/// a process is the world's [`Ending::Crashed`](contract::recording::Ending::Crashed).
pub fn host<R: Send>(seed: u64, run: impl FnOnce() -> R + Send) -> R {
    on_a_fresh_thread(move || enter(seed, run))
}

fn on_a_fresh_thread<R: Send>(hosted: impl FnOnce() -> R + Send) -> R {
    assert!(!is_hosted(), "a host is inside another one: return from the first, then start the second");
    let outcome = thread::scope(|scope| {
        thread::Builder::new().name("world".into()).stack_size(STACK_BYTES).spawn_scoped(scope, hosted).expect("the system has a thread to give").join()
    });
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// With the cfg: a madsim runtime is around a host.
#[cfg(madsim)]
mod runtime {
    use std::future::Future;
    use std::pin::pin;
    use std::time::{Duration, Instant};

    use contract::process::Process;
    use madsim::runtime::Runtime;
    use madsim::time::TimeHandle;

    use super::on_a_fresh_thread;
    use crate::world::World;

    /// The runtime that hosts a world, for services that run beside one (see [`pump`]): through here, so that no other
    /// crate needs to name it. Only with `--cfg madsim`.
    pub use madsim;

    /// Runs `run` inside a runtime of `seed`.
    pub(super) fn enter<R>(seed: u64, run: impl FnOnce() -> R) -> R {
        block_on(seed, async { run() })
    }

    /// Like [`host`](super::host), for a run that awaits: services of [`madsim`] live in nodes beside the world, and
    /// [`pump`] lets both go on together. Only with `--cfg madsim`.
    ///
    /// Kill the nodes and sleep for a millisecond before the end: a runtime that is dropped while tasks sleep leaks
    /// them.
    pub fn host_async<R: Send, F: Future<Output = R>>(seed: u64, run: impl FnOnce() -> F + Send) -> R {
        on_a_fresh_thread(move || block_on(seed, async { run().await }))
    }

    fn block_on<R>(seed: u64, run: impl Future<Output = R>) -> R {
        Runtime::with_seed_and_config(seed, madsim::Config::default()).block_on(run)
    }

    /// Lets a world run until `until_ns`, or its end, beside the services of the runtime around it: until the world's
    /// next event the services have the time. Only with `--cfg madsim`.
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
}

/// Without the cfg: a host is a thread and no more.
#[cfg(not(madsim))]
mod runtime {
    use std::sync::Once;

    use crate::hosted;

    /// Said once a process.
    const WARNING: &str = "stormglass: this program is built without `--cfg madsim`. Calls beneath simulated processes are not intercepted: \
        clock_gettime, getrandom and the seeds of hash maps are the system's own, and threads are not refused. \
        A process that makes no such call runs the same either way. \
        To intercept them, build with RUSTFLAGS=\"--cfg madsim\", or set `rustflags = [\"--cfg\", \"madsim\"]` under `[build]` in .cargo/config.toml.";

    /// Runs `run` on this thread, which is a host's and ends with it.
    pub(super) fn enter<R>(_seed: u64, run: impl FnOnce() -> R) -> R {
        static SAID: Once = Once::new();
        SAID.call_once(|| eprintln!("{WARNING}"));
        hosted::mark();
        run()
    }
}
