//! A failure: its rule, its witness, and the one command that reproduces it. Never shortened: a witness is there to be
//! checked.

use contract::verdict::Verdict;

/// The failure in words; empty if the verdict is no failure. `law` is the rule's statement with its source, where the
/// rule has one.
pub fn text(verdict: &Verdict, law: Option<&str>, reproduce: &str) -> String {
    let (rule, place, witness) = parts(verdict);
    let mut lines = Vec::new();
    if *verdict != Verdict::Holds {
        lines.push(format!("{}: {}", verdict.word().to_uppercase(), rule.or(place).unwrap_or("no place")));
        lines.extend(law.map(|law| block("law", law)));
        lines.extend(witness.map(|witness| block(if place.is_some() { "panic" } else { "witness" }, witness)));
        lines.push(block("reproduce", reproduce));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Rule, place and witness of a verdict, as far as it has them.
pub fn parts(verdict: &Verdict) -> (Option<&str>, Option<&str>, Option<&str>) {
    match verdict {
        Verdict::Holds => (None, None, None),
        Verdict::Broken { rule, witness } | Verdict::Stuck { rule, witness } => (Some(rule), None, Some(witness)),
        Verdict::Crashed { place, message } => (None, Some(place), Some(message)),
    }
}

/// A named text, its further lines indented under its first.
fn block(name: &str, text: &str) -> String {
    /// The width of the longest name, `reproduce`, with its colon.
    const WIDTH: usize = 11;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    let head = format!("  {:<WIDTH$}{first}", format!("{name}:"));
    lines.fold(head, |text, line| format!("{text}\n{:pad$}{line}", "", pad = WIDTH + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &str = "stormglass run --family crashes --seed 7";

    #[test]
    fn a_broken_rule_is_told_with_law_witness_and_command() {
        let verdict = Verdict::Broken { rule: "zab.agreement".into(), witness: "machine 0 delivered 1:5\nmachine 2 delivered 1:6".into() };
        insta::assert_snapshot!(text(&verdict, Some("One law. (Zab, agreement)"), COMMAND), @r"
        BROKEN: zab.agreement
          law:       One law. (Zab, agreement)
          witness:   machine 0 delivered 1:5
                     machine 2 delivered 1:6
          reproduce: stormglass run --family crashes --seed 7
        ");
    }

    #[test]
    fn what_waits_is_told() {
        let verdict = Verdict::Stuck { rule: "live.leader".into(), witness: "client 4 waits for a reply".into() };
        insta::assert_snapshot!(text(&verdict, None, COMMAND), @r"
        STUCK: live.leader
          witness:   client 4 waits for a reply
          reproduce: stormglass run --family crashes --seed 7
        ");
    }

    #[test]
    fn a_panic_is_told_with_its_place() {
        let verdict = Verdict::Crashed { place: "machine 1, sim/coord/src/server.rs:7:5".into(), message: "the log must end here".into() };
        insta::assert_snapshot!(text(&verdict, None, COMMAND), @r"
        CRASHED: machine 1, sim/coord/src/server.rs:7:5
          panic:     the log must end here
          reproduce: stormglass run --family crashes --seed 7
        ");
    }

    #[test]
    fn what_holds_is_no_failure() {
        assert_eq!(text(&Verdict::Holds, None, COMMAND), "");
    }
}
