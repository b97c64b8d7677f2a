//! The commands: each reads what it needs, has it run and judged, and tells. Each says its exit code, or the mistake of the user that kept it from running.

pub mod conform;
pub mod fuzz;
pub mod lists;
pub mod run;

use vocab::plan::Plant;

use crate::mistake::Mistake;

/// The one command that reproduces a run of a family.
pub fn reproduce(family: &str, seed: u64, plant: Option<Plant>) -> String {
    let plant = plant.map_or(String::new(), |plant| format!(" --plant {}", plant.name()));
    format!("{} run --family {family} --seed {seed}{plant}", program())
}

/// How this program was called, so that what is printed can be pasted.
pub fn program() -> String {
    let name = std::env::args_os().next().filter(|name| !name.is_empty());
    name.map_or_else(|| "stormglass".into(), |name| quoted(&name.to_string_lossy()))
}

/// `text` as one word of a shell.
pub fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c));
    if plain { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
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
