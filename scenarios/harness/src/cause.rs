//! Why a run fails, so that two runs can be said to fail in the same way. Never a stack trace, never a time.

use contract::verdict::Verdict;

/// Why a run fails: the verdict's word, the rule, and what its witness says but for numbers.
///
/// Two failures of one rule are the same if their witnesses say the same of other numbers, machines and times. So a
/// stuck run is told apart by what waits for what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// `broken`, `stuck` or `crashed`.
    pub verdict: &'static str,
    /// The rule, or the place of the panic.
    pub rule: String,
    /// What the witness says, with `#` for each number.
    pub says: String,
}

impl Cause {
    /// Why a run with this verdict fails; `None` if it holds.
    pub fn of(verdict: &Verdict) -> Option<Cause> {
        let (rule, witness) = match verdict {
            Verdict::Holds => return None,
            Verdict::Broken { rule, witness } | Verdict::Stuck { rule, witness } => (rule, witness),
            Verdict::Crashed { place, message } => (place, message),
        };
        // Which other rules break too is an effect, and may change while it is shrunk.
        let first = witness.split(" (also broken: ").next().unwrap_or_default();
        Some(Cause { verdict: verdict.word(), rule: rule.clone(), says: without_numbers(first) })
    }

    /// A short name for files: the rule, and a number that stands for what the witness says.
    pub fn name(&self) -> String {
        let rule: String = self.rule.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        format!("{}-{:08x}", rule.trim_matches('-'), xxhash_rust::xxh3::xxh3_64(self.says.as_bytes()) as u32)
    }
}

/// The text with `#` for each number, and with each list of numbers as long as any other. Parts that wait, each after
/// its `;`, are sorted and told once.
fn without_numbers(text: &str) -> String {
    let mut parts: Vec<String> = text.split("; ").map(numberless).collect();
    if parts.len() > 2 {
        parts[1..].sort();
        parts.dedup();
    }
    parts.join("; ")
}

fn numberless(text: &str) -> String {
    let mut words: Vec<String> = vec![];
    for word in text.split_whitespace() {
        let said = without_digits(word);
        let is_again = words.last().is_some_and(|last| said.contains('#') && last.trim_end_matches(',') == said.trim_end_matches(','));
        if !is_again {
            words.push(said);
        }
    }
    words.join(" ")
}

/// The word with `#` for each number, decimal or hexadecimal; a name keeps its letters: `q3` is `q#`, `cd1f` is `#`.
fn without_digits(word: &str) -> String {
    let mut said = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let len = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if len == 0 {
            said.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (part, after) = rest.split_at(len);
        rest = after;
        let is_hexadecimal = part.trim_start_matches("0x").chars().all(|c| c.is_ascii_hexdigit());
        if is_hexadecimal && (part.len() == 16 || part.contains(|c: char| c.is_ascii_digit())) {
            said.push('#');
            continue;
        }
        for c in part.chars() {
            if !c.is_ascii_digit() {
                said.push(c);
            } else if !said.ends_with('#') {
                said.push('#');
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_make_no_difference_and_words_do() {
        let broken = |witness: &str| Cause::of(&Verdict::Broken { rule: "zab.order".into(), witness: witness.into() }).expect("it fails");
        let first = broken("machine 3 has 0x100000004 after 0x10000001f at 12.345678 ms (note 17)");
        assert_eq!(first, broken("machine 12 has 0x2 after 0x3 at 1.000000 ms (note 170) (also broken: zab.prefix)"));
        assert_eq!(first.says, "machine # has # after # at #.# ms (note #)");
        assert_ne!(first, broken("machine 3 has 0x100000004 before 0x10000001f at 12.345678 ms (note 17)"));
        assert_eq!(broken("of 1, 2, 3, 4 none").says, broken("of 7, 8 none").says, "a list is as long as any other");
        assert_eq!(broken("q5 (mark cd17, 12 long), create2").says, "q# (mark #, long), create#");
        assert_eq!(broken("mark abcdefabcdefabcd").says, "mark #");
        assert_eq!(Cause::of(&Verdict::Holds), None);
        assert_eq!(first.name(), broken("machine 1 has 1 after 1 at 1.1 ms (note 1)").name());
        assert!(first.name().starts_with("zab.order-"), "{}", first.name());
    }

    #[test]
    fn what_waits_tells_stuck_runs_apart() {
        let stuck = |witness: &str| Cause::of(&Verdict::Stuck { rule: "live.finish".into(), witness: witness.into() }).expect("it fails");
        let replica = stuck("after 50 ms, 2 things are not done; machine 1 is down; machine 2 is down");
        assert_eq!(replica, stuck("after 50 ms, 1 things are not done; machine 4 is down"));
        assert_ne!(replica, stuck("after 50 ms, 1 things are not done; machine 4 has no leader"));
    }
}
