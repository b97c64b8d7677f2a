//! The built program as its users meet it: the command line, the README's commands, and the same run in another
//! process. Never its insides.

mod program;
mod cli;
mod conform;
mod determinism;
mod readme;
