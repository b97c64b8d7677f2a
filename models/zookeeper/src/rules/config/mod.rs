//! The ensemble's configurations: which are in force, and whose word counts in them. Never a word on what they decide, which is for the rules of Zab.

pub mod one_lineage;
pub mod joint_quorum;
pub mod observer_silent;
