//! Values as Flink writes them: durations, memory sizes, percentages, fractions, whole numbers, yes and no, paths, and
//! words of which one alone fits. Never where they go.

/// What is wrong with a value, and what is allowed.
pub type Told = (String, String);

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A duration: `500 ms`, `10s`, or plain milliseconds.
    Duration,
    /// A memory size: `20kb`, or plain bytes.
    Size,
    /// A whole number from 0 to 100.
    Percent,
    /// A share from 0 to 1 in hundredths.
    Fraction,
    /// A whole number from this one on.
    Count(u64, u64),
    /// `true` or `false`.
    Flag,
    /// A znode's path.
    Path,
    /// One of these words, since the engine does nothing else.
    Only(&'static [&'static str]),
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number: milliseconds, bytes, percent, a count; 1 for yes.
    Number(u32),
    /// A text.
    Text(String),
    /// Nothing that needs to be kept.
    Nothing,
}

/// Units of a duration and their length in ms (Flink's TimeUtils; below a millisecond nothing is kept here).
const DURATIONS: &[(&[&str], u64)] = &[
    (&["", "ms", "milli", "millis", "millisecond", "milliseconds"], 1),
    (&["s", "sec", "secs", "second", "seconds"], 1_000),
    (&["m", "min", "minute", "minutes"], 60_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
];

/// Units of a memory size in bytes (Flink's MemorySize).
const SIZES: &[(&[&str], u64)] =
    &[(&["", "b", "bytes"], 1), (&["k", "kb", "kibibytes"], 1 << 10), (&["m", "mb", "mebibytes"], 1 << 20), (&["g", "gb", "gibibytes"], 1 << 30)];

impl Kind {
    /// What is allowed, in words.
    pub fn allowed(self) -> String {
        match self {
            Kind::Duration => format!("give a duration such as 500 ms, 10 s or 2 min, or plain milliseconds, up to {} ms", u32::MAX),
            Kind::Size => format!("give a memory size such as 20kb or 1mb, or plain bytes, up to {} bytes", u32::MAX),
            Kind::Percent => "give a whole number of percent from 0 to 100".into(),
            Kind::Fraction => "give a share from 0 to 1 with at most two decimals, such as 0.1".into(),
            Kind::Count(least, most) => format!("give a whole number from {least} to {most}"),
            Kind::Flag => "give true or false".into(),
            Kind::Path => "give a znode's path, such as /flink".into(),
            Kind::Only(words) => format!("give {}: this engine does nothing else", words.join(" or ")),
        }
    }

    /// Reads a value, or says what is wrong with it and what is allowed.
    pub fn read(self, text: &str) -> Result<Value, Told> {
        let number = match self {
            Kind::Duration => with_unit(text, DURATIONS),
            Kind::Size => with_unit(text, SIZES),
            Kind::Percent => number(text).filter(|percent| *percent <= 100),
            Kind::Fraction => fraction(text),
            Kind::Count(least, most) => number(text).filter(|count| (least..=most).contains(count)),
            Kind::Flag => match text.to_ascii_lowercase().as_str() {
                "true" => Some(1),
                "false" => Some(0),
                _ => None,
            },
            Kind::Path => return if text.starts_with('/') { Ok(Value::Text(text.into())) } else { Err(self.refused()) },
            Kind::Only(words) => return if words.iter().any(|word| word.eq_ignore_ascii_case(text)) { Ok(Value::Nothing) } else { Err(self.refused()) },
        };
        number.and_then(|number| u32::try_from(number).ok()).map(Value::Number).ok_or_else(|| self.refused())
    }

    fn refused(self) -> Told {
        let what = match self {
            Kind::Duration => "not a duration that this engine can wait",
            Kind::Size => "not a memory size that this engine knows",
            Kind::Percent => "not a percentage",
            Kind::Fraction => "not a share",
            Kind::Count(..) => "not within its bounds",
            Kind::Flag => "neither true nor false",
            Kind::Path => "not a path",
            Kind::Only(_) => "not what this engine does",
        };
        (what.into(), self.allowed())
    }
}

/// A whole number; no sign, no blank within.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Digits, perhaps a blank, and a unit of the table.
fn with_unit(text: &str, units: &[(&[&str], u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = text[digits..].trim_start().to_ascii_lowercase();
    let (_, each) = units.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
    number(&text[..digits]).filter(|_| digits > 0)?.checked_mul(*each)
}

/// A decimal from 0 to 1 in percent, if it is a whole number of them. No float: 0.29 of a hundred must be 29.
fn fraction(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > 2 || text.is_empty() {
        return None;
    }
    let hundredths = number(&format!("{decimals:0<2}"))?;
    let percent = number(whole)?.checked_mul(100)? + hundredths;
    (percent <= 100).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, good: &[(&str, u32)], bad: &[&str]) {
        for (text, number) in good {
            assert_eq!(kind.read(text), Ok(Value::Number(*number)), "{kind:?} {text:?}");
        }
        for text in bad {
            assert!(kind.read(text).is_err(), "{kind:?} {text:?}");
        }
    }

    #[test]
    fn durations_are_flinks() {
        let good = [("500", 500), ("500ms", 500), ("10 s", 10_000), ("10 sec", 10_000), ("2 min", 120_000), ("1h", 3_600_000), ("0", 0), ("7 MS", 7)];
        check(Kind::Duration, &good, &["", "s", "-1", "1.5 s", "10 sx", "10 s 5", "99999999999 d", "50 d", "18446744073709551616", "500 ns"]);
    }

    #[test]
    fn sizes_are_flinks() {
        check(
            Kind::Size,
            &[("0", 0), ("20kb", 20_480), ("20 kb", 20_480), ("1m", 1 << 20), ("3 gb", 3 << 30), ("9 bytes", 9)],
            &["", "kb", "4gb", "20 kib", "-1b"],
        );
    }

    #[test]
    fn shares_are_within_a_whole() {
        check(Kind::Percent, &[("0", 0), ("100", 100)], &["101", "-1", "10%", "1e1", "", "0.1"]);
        check(Kind::Fraction, &[("0", 0), ("1", 100), ("0.1", 10), ("0.29", 29), ("0.290", 29), ("1.0", 100)], &["1.1", "0.105", "-0.1", "", ".", "a", "2"]);
    }

    #[test]
    fn counts_flags_paths_and_words() {
        check(Kind::Count(1, 64), &[("1", 1), ("64", 64)], &["0", "65", "+1", "", "one", "1_000"]);
        check(Kind::Flag, &[("true", 1), ("FALSE", 0)], &["yes", "1", ""]);
        assert_eq!(Kind::Path.read("/a"), Ok(Value::Text("/a".into())));
        assert!(Kind::Path.read("a").is_err());
        assert_eq!(Kind::Only(&["EXACTLY_ONCE"]).read("exactly_once"), Ok(Value::Nothing));
        assert!(Kind::Only(&["EXACTLY_ONCE"]).read("at_least_once").is_err());
    }
}
