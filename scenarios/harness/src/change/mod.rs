//! Changes: what a person wants otherwise than a family drew it: a flag of the system's own, a field, a known bug. Data
//! that is applied to a plan before it runs; never a choice of its own.

mod set;

use std::fmt;

use contract::plan::Flaw;

use crate::mistake::Mistake;
use crate::plan;
use crate::system::{Applied, Plan, System};

pub use set::Set;

/// What is to be otherwise, in the order in which it is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Flags of the system's own, with their values.
    pub flags: Vec<(String, String)>,
    /// Fields of the plan.
    pub sets: Vec<Set>,
    /// Known bugs, switched on.
    pub plants: Vec<String>,
}

impl Changes {
    /// Whether everything stays as it is drawn.
    pub fn is_none(&self) -> bool {
        *self == Changes::default()
    }

    /// Changes a plan, and checks it when all is changed; it stays as it is if that is not possible. Says what the user
    /// should know.
    pub fn apply<S: System>(&self, plan: &mut Plan<S>) -> Result<String, Mistake> {
        let mut changed = plan.clone();
        let flags = S::flags();
        let mut applied: Vec<Applied> = vec![];
        for (name, value) in &self.flags {
            let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
                let known: Vec<String> = flags.iter().map(|flag| format!("--{}", flag.name)).collect();
                let remedy = if known.is_empty() { "leave it out".to_string() } else { format!("it has {}", known.join(", ")) };
                return Err(Mistake::new(format!("--{name} {value}"), format!("the system {} has no such flag", S::NAME), remedy));
            };
            applied.push((flag.apply)(value, &mut changed)?);
        }
        for set in &self.sets {
            set.apply::<S>(&mut changed)?;
        }
        for plant in &self.plants {
            if !changed.has_plant(plant) {
                changed.plants.push(plant.clone());
            }
        }
        plan::check::<S>(&changed).map_err(|flaw| {
            let blamed = applied.iter().find_map(|applied| applied.blame.as_ref().and_then(|blame| blame(&flaw)));
            blamed.unwrap_or_else(|| self.blamed(flaw))
        })?;
        *plan = changed;
        Ok(applied.into_iter().map(|applied| applied.notes).collect())
    }

    /// A flaw of the changed plan, told with the change that names its place, or with all of them.
    fn blamed(&self, Flaw { at, what, remedy }: Flaw) -> Mistake {
        let place = at.join(".");
        if at.first().is_some_and(|first| first == "plants") {
            return Mistake::new(format!("--plant {}", self.plants.join(" --plant ")), what, remedy);
        }
        let set = self.sets.iter().rev().find(|set| set.touches(&place));
        let flag = set.map_or_else(|| self.to_string().trim_start().to_string(), |set| format!("--set {set}"));
        Mistake::new(if flag.is_empty() { "the plan as it was drawn".into() } else { flag }, format!("{place}: {what}"), remedy)
    }
}

/// As flags of the command line, each with a space before it.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.flags {
            write!(f, " --{name} {}", quoted(value))?;
        }
        for set in &self.sets {
            write!(f, " --set {}", quoted(&set.to_string()))?;
        }
        self.plants.iter().try_for_each(|plant| write!(f, " --plant {plant}"))
    }
}

/// `text` as one word of a shell.
pub fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c));
    if plain { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
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
