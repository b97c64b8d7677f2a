//! Texts: what a run, a failure and a fuzz look like to people and programs. Pure functions from data to text; never a
//! file, a terminal or a run.

pub mod failure;
pub mod last_line;
pub mod lists;
pub mod one_run;
pub mod summary;

/// A number with its thousands apart: 1,234,567.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A length of time in the two largest units that it has: 27 h 12 min, 42.5 s.
pub fn span(ns: impl Into<u128>) -> String {
    let ms: u128 = ns.into() / 1_000_000;
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    if seconds < 60 {
        format!("{seconds}.{} s", ms % 1_000 / 100)
    } else if minutes < 60 {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{hours} h {} min", minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let check = |number, text: &str| assert_eq!(grouped(number), text);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
        check(u64::MAX, "18,446,744,073,709,551,615");
    }

    #[test]
    fn one_of_something_is_not_many() {
        let check = |number, text: &str| assert_eq!(counted(number, "run", "runs"), text);
        check(0, "0 runs");
        check(1, "1 run");
        check(2_000, "2,000 runs");
    }

    #[test]
    fn spans_have_two_units() {
        let check = |ms: u64, text: &str| assert_eq!(span(ms * 1_000_000), text);
        check(0, "0.0 s");
        check(42_570, "42.5 s");
        check(60_000, "1 min 0 s");
        check(3_599_999, "59 min 59 s");
        check(97_920_000, "27 h 12 min");
    }
}
