//! The simulated world: machines with processes, disks and clocks, links between them, and the faults that befall them, all decided by one seed. It knows no protocol;
//! never a thread, a real clock, a real disk or a real socket.
//!
//! Bring a [`Process`], [`add`](World::add) it to a [`World`] as often as there are machines, [`load`](World::load) the faults, [`run`](World::run_until) it, preferably inside
//! [`host`], and read the [`notes`](World::notes). `tests/tests/counter.rs` at the top of the workspace is a whole system in under 60 lines.

#[cfg(not(madsim))]
compile_error!(
    "the world needs `--cfg madsim`: without it nothing beneath a process is simulated. The workspace sets it in .cargo/config.toml, \
     but a RUSTFLAGS variable in the environment replaces what that file says: unset it, or add `--cfg madsim` to it"
);
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
mod host;
mod look;

pub use host::{host, host_async, pump};
pub use look::{FileLook, Look, MachineLook};
pub use world::World;

/// The runtime that hosts a world, for services that run beside one (see [`pump`]): through here, so that no other crate needs to name it.
pub use madsim;

pub use vocab::dice::Dice;
pub use vocab::happening::Happening;
pub use vocab::ids::{ConnId, MachineId};
pub use vocab::plan::{Budget, ClockWeather, DiskWeather, Fault, Heal, LinkWeather, Moment, Ring, Shape, Target, Weather, What, When};
pub use vocab::process::{DiskAnswer, DiskError, Effect, Effects, Event, Exit, FileName, Message, Pledge, Process, Token};
pub use vocab::recording::{Ending, Note};
pub use vocab::time::{MICROSECOND, MILLISECOND, Now, SECOND};
