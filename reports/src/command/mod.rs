//! The commands: each reads what it needs, has it run and judged, and tells. Each says its exit code, or the mistake of the user that kept it from running.

pub mod conform;
pub mod fuzz;
pub mod lists;
pub mod run;

use scenarios::change::Changes;
pub use scenarios::change::quoted;

use crate::mistake::Mistake;

/// The one command that reproduces a run of a family.
pub fn reproduce(family: &str, seed: u64, changes: &Changes) -> String {
    format!("{} run --family {family} --seed {seed}{changes}", program())
}

/// How this program was called, so that what is printed can be pasted.
pub fn program() -> String {
    let name = std::env::args_os().next().filter(|name| !name.is_empty());
    name.map_or_else(|| "stormglass".into(), |name| quoted(&name.to_string_lossy()))
}

/// The mistake of naming a family that is not there.
pub fn no_family(name: &str) -> Mistake {
    let known: Vec<&str> = scenarios::family::families().iter().map(|family| family.name).collect();
    Mistake::Family { name: name.into(), known: known.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell_are_quoted_where_needed() {
        let check = |text: &str, word: &str| assert_eq!(quoted(text), word);
        check("plan.toml", "plan.toml");
        check("my plan.toml", "'my plan.toml'");
        check("it's", r"'it'\''s'");
        check("", "''");
        check("a;b", "'a;b'");
    }
}
