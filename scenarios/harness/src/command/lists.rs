//! `families`, `rules`, `probes`, `plants`: what there is. What several systems have is listed once. Never a run.

use super::out;
use super::text::lists::columns;
use crate::systems::AnySystem;

/// Rows of names and texts, each name once.
fn say(rows: impl Iterator<Item = (&'static str, String)>) -> u8 {
    let mut once: Vec<(String, String)> = Vec::new();
    for (name, text) in rows {
        if !once.iter().any(|row| row.0 == name && row.1 == text) {
            once.push((name.into(), text));
        }
    }
    out::say(&columns(&once));
    0
}

/// All families.
pub fn families(systems: &[&dyn AnySystem]) -> u8 {
    say(systems.iter().flat_map(|system| system.families()).map(|family| (family.name, family.about.to_string())))
}

/// All rules.
pub fn rules(systems: &[&dyn AnySystem]) -> u8 {
    say(systems.iter().flat_map(|system| system.rules()).map(|rule| (rule.id, format!("{} ({})", rule.law, rule.source))))
}

/// All probes.
pub fn probes(systems: &[&dyn AnySystem]) -> u8 {
    let required = |required| if required { "" } else { " [not required]" };
    say(systems.iter().flat_map(|system| system.probes()).map(|probe| (probe.name, format!("{}{}", probe.about, required(probe.required)))))
}

/// All plants.
pub fn plants(systems: &[&dyn AnySystem]) -> u8 {
    say(systems.iter().flat_map(|system| system.plants()).map(|plant| (plant.name, format!("{} (rule {})", plant.about, plant.rule))))
}
