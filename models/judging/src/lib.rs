//! The judge, for any system: what a rule and a probe are, and how a verdict is made of what all rules find. It sees
//! recordings; never a process, a world, or any system's words.
//!
//! A system brings a [`Law`]: its evidence (a recording read once, as its rules look at it), its [`Rules`] and its
//! [`Probes`]. A system that contains another one lifts that one's rules and probes over its own evidence.

mod view;
mod rule;
mod rules;
mod ending;
mod judge;
mod probe;

pub use ending::Outcome;
pub use judge::judge;
pub use probe::{Hits, Marks, Probe, ProbeOf, Probes};
pub use rule::{Contains, Finding, Footing, Law, Plain, Rule, RuleAbout, Side};
pub use rules::Rules;
pub use view::{Heard, NoteIndex, NoteView, View, when};
