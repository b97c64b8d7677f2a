//! Texts of the program's own verbs. Pure functions from data to text; never a file, a terminal or a run.

pub mod conform;
