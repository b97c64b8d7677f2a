//! The judge: reference models and rules over recordings. It sees the vocabulary alone; never the service, the engine or the world under judgement.

pub mod znode;
