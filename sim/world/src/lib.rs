//! The simulated world: machines with processes, disks and clocks, links between them, and the faults that befall them,
//! all decided by one seed. It knows no protocol; never a thread, a real clock, a real disk or a real socket.
//!
//! Bring a [`Process`], [`add`](World::add) it to a [`World`] as often as there are machines, [`load`](World::load) the
//! faults, [`run`](World::run_until) it, preferably inside [`host`], and read the [`notes`](World::notes).
//! `tests/tests/counter.rs` at the top of the workspace is a whole system in under 60 lines.
//!
//! Built with `--cfg madsim`, a host also intercepts what lies beneath a process: clocks, entropy, threads. Without it
//! the world runs all the same, with the same hashes. `host_async`, `pump` and `madsim` exist only with the cfg.

#[cfg(target_endian = "big")]
compile_error!("the running hash takes slices of integers as they lie in memory; on a big-endian machine it would differ from everybody else's");

mod world;
mod step;
mod traffic;
mod life;
mod machine;
mod queue;
mod tape;
mod clock;
mod net;
mod disk;
mod faults;
mod panics;
mod hosted;
mod host;
mod look;

pub use host::*;
pub use look::{FileLook, Look, MachineLook};
pub use world::World;

// What a system names that runs in a world, and what a world records: of the contract, so that one crate is enough to
// begin with.
pub use contract::dice::Dice;
pub use contract::fault::{About, Fault, Lasts, Moment, Named, Ring, Shape, Target, What, When};
pub use contract::happening::Happening;
pub use contract::ids::{ConnId, MachineId};
pub use contract::plan::{Budget, ClockWeather, DiskWeather, Heal, LinkWeather, OneLink, Plan, PlanView, Seed, Settings, Weather};
pub use contract::process::{AsFile, DiskAnswer, DiskError, DurableClaim, Effect, Effects, Event, Exit, Fact, FileName, Message, Process, Token};
pub use contract::recording::{Ending, Note, Noted, Recording};
pub use contract::roster::{Role, Roster};
pub use contract::time::{MICROSECOND, MILLISECOND, Now, SECOND};
