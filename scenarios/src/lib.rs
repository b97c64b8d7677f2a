//! What happens: families of plans, the wiring of processes into a world, probes, cases and the fuzz engine. Never what must be true: that is the judge's.

pub mod family;
pub mod change;
pub mod workload;
pub mod feed;
pub mod run;
pub mod probes;
pub mod cases;
pub mod conform;
pub mod fuzz;
