//! The judge of the coordination service: its reference models against real servers and against laws, its rules against tales.

extern crate stormglass_zookeeper_models as zookeeper_models;

mod reference;
mod rules;
mod standalone;
#[path = "../tale/mod.rs"]
mod tale;
mod transcripts;
