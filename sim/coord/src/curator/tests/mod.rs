//! Recipes on a stage, word by word.

mod calls;
mod latches;
mod values;
mod stores;
