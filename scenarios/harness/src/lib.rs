//! Stormglass: deterministic simulation testing for any system. From a seed it plans a storm, runs the system's
//! processes through it in a simulated world, and judges what happened.
//!
//! Implement [`System`] for your system; then `main` is [`main`]`::<Yours>()`, and tests are one line each
//! ([`testing`]). In reading order: what a system is, how plans are drawn and kept, how one is run and judged, how many
//! are, and the command over all of it. It knows no system.

pub mod system;
pub mod mistake;
pub mod plan;
pub mod family;
pub mod change;
pub mod cause;
pub mod case;
pub mod run;
pub mod systems;
pub mod strikes;
pub mod fuzz;
pub mod shrink;
pub mod night;
pub mod command;
pub mod testing;

#[cfg(test)]
mod fixture;

pub use command::main;
pub use system::System;

/// What a process, a plan and a recording are.
pub use contract;
/// What a rule and a probe are.
pub use judging;
/// For settings of one's own: `#[derive(serde::Serialize, serde::Deserialize)] #[serde(crate = "stormglass::serde")]`.
pub use serde;
/// The simulated world.
pub use world;

/// All that a system needs to name.
pub mod prelude {
    pub use crate::family::{Family, Idle, Painter, PlanDice, general, weighted};
    pub use crate::system::{Account, Evidence, Flag, Plan, Planted, Recording, System, taking_part, told};
    pub use contract::dice::Dice;
    pub use contract::fault::{Fault, Moment, Ring, Shape, Target, What, When};
    pub use contract::happening::Happening;
    pub use contract::ids::{ConnId, MachineId};
    pub use contract::kinds::{Kinds, Number, OrderKind};
    pub use contract::plan::{Budget, ClockWeather, DiskWeather, Flaw, Heal, LinkWeather, Nodes, OneLink, PlanView, Seed, Settings, Weather};
    pub use contract::process::{DiskAnswer, DiskError, DurableClaim, Effect, Effects, Event, Exit, FileName, Message, Process, Token};
    pub use contract::recording::{Ending, Note, Noted};
    pub use contract::roster::Roster;
    pub use contract::time::{MICROSECOND, MILLISECOND, Now, SECOND};
    pub use contract::verdict::Verdict;
    pub use judging::{Finding, Footing, Heard, Law, NoteView, Plain, Probe, ProbeOf, Probes, Rule, Rules, Side, View};
    pub use world::World;
}
