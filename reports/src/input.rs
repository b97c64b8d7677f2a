//! What can be replayed: a plan, or a case, which is a plan with the verdict that it must give. Never the running of it.

use std::path::Path;

use scenarios::cases::load_case;
use vocab::plan::{Format, Plan};

use crate::mistake::Mistake;

/// Reads the plan out of a file of either kind.
pub fn load(file: &Path) -> Result<Plan, Mistake> {
    if is_case(file) { Ok(load_case(file)?.plan) } else { Ok(Plan::load(file)?) }
}

/// Whether the file has a plan inside it rather than being one. Cases are TOML; what cannot be read is a plan's error to tell.
fn is_case(file: &Path) -> bool {
    let text = if Format::of(file) == Format::Toml { std::fs::read_to_string(file).ok() } else { None };
    text.and_then(|text| text.parse::<toml::Table>().ok()).is_some_and(|table| table.contains_key("plan"))
}
