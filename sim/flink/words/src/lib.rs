//! The words of the stream engine, in reading order: who and which, which jobs there are, its settings, what flows, what masters and workers note. Data; never an operator, a coordinator or a rule.
//!
//! A run of the engine contains one of the coordination service: its settings and facts embed the service's.

pub mod ids;
pub mod job;
pub mod settings;
pub mod plant;
pub mod kinds;
pub mod flow;
pub mod state;
pub mod master;
pub mod worker;
pub mod fact;

/// A plan of a run of the engine.
pub type Plan = contract::plan::Plan<settings::Settings>;
/// A recording of one.
pub type Recording = contract::recording::Recording<settings::Settings, fact::Fact>;
