//! Recipes on a bench, word by word.

mod calls;
mod latches;
mod values;
mod stores;
