//! The contract of Stormglass, in reading order: who and when, what is planned, what runs, what is recorded, what is
//! judged. Data and one trait, for any system; never a protocol, a world or a rule.

pub mod ids;
pub mod time;
pub mod dice;
pub mod roster;
pub mod kinds;
pub mod fault;
pub mod plan;
pub mod plant;
pub mod happening;
pub mod process;
pub mod recording;
pub mod verdict;
