//! The words of Stormglass, in reading order: who and when, what is planned, what runs, what it says, what is judged. Data and serde; never a protocol, a world or a rule.

pub mod ids;
pub mod time;
pub mod dice;
pub mod ensemble;
pub mod plan;
pub mod happening;
pub mod process;
pub mod service;
pub mod digest;
pub mod curator;
pub mod recipe;
pub mod files;
pub mod stream;
pub mod fact;
pub mod recording;
pub mod verdict;
