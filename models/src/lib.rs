//! The judge: reference models and rules over recordings. It sees the vocabulary alone; never the service, the engine or the world under judgement.
//!
//! `znode` is the reference of the service, and `standalone` a whole server made of it; `quorums` is the reference of its configurations; `batch` is what jobs of the stream engine must give out; `case` reads a recording once into what rules look at; `rules` holds one law a file; [`judge`] makes one verdict of all of them.

pub mod znode;
pub mod quorums;
pub mod standalone;
pub mod batch;
mod case;
mod rules;
mod judge;

pub use judge::judge;
pub use rules::{RULES, Rule, is_of_streams, rule};
