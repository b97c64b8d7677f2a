//! Case files, read and misread.

use vocab::verdict::Verdict;

use super::{CASE_FORMAT, Case, Expect, Word, load_case, load_cases};
use crate::family::plan;

fn case(verdict: Word, rule: Option<&str>) -> Case {
    let plan = plan("crashes", 7).expect("the family exists");
    Case { format: CASE_FORMAT, about: "a case of a test".into(), expect: Expect { verdict, rule: rule.map(Into::into) }, plan }
}

#[test]
fn cases_survive_being_written_and_read() {
    for case in [case(Word::Holds, None), case(Word::Broken, Some("zab.total-order")), case(Word::Stuck, None), case(Word::Crashed, None)] {
        assert_eq!(Case::parse(&case.text(), "a case").map_err(|error| error.to_string()), Ok(case.clone()), "{}", case.text());
    }
}

#[test]
fn errors_name_the_file_the_line_and_the_remedy() {
    /// What is said of a good case's text in which `from` was replaced by `to`, and of which line: that of the first `place`.
    fn check(from: &str, to: &str, place: &str, says: &str) {
        let text = case(Word::Broken, Some("zab.total-order")).text();
        assert!(text.contains(from), "{from} is not in\n{text}");
        let text = text.replacen(from, to, 1);
        let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
        let error = Case::parse(&text, "bad.toml").expect_err("it is bad").to_string();
        assert!(
            error.starts_with(&format!("bad.toml:{line}: ")) && error.contains(says) && error.contains("\n  remedy: "),
            "{error}\nexpected line {line}, {says}"
        );
    }
    check("format = 1", "format = 9", "format = 9", "a case of format 9");
    check("about", "abuot", "abuot", "unknown field `abuot`");
    check("verdict = \"broken\"", "verdict = \"brkoen\"", "\"brkoen\"", "unknown variant `brkoen`");
    check("verdict = \"broken\"", "verdict = \"holds\"", "rule =", "no rule breaks");
    check("tick_ms = ", "tick_ms = 0 #", "tick_ms", "tick_ms is 0");
    check("sync_limit", "snyc_limit", "snyc_limit", "unknown field `snyc_limit`");
    check("[plan]\nformat = 1", "[plan]\nformat = 7", "format = 7", "a plan of format 7");
}

#[test]
fn a_missing_file_is_named() {
    let error = load_case("no/such/case.toml".as_ref()).expect_err("it is not there").to_string();
    assert!(error.starts_with("no/such/case.toml: "), "{error}");
}

#[test]
fn an_expectation_is_met_by_its_verdict_alone() {
    let broken = |rule: &str| Verdict::Broken { rule: rule.into(), witness: String::new() };
    let expect = |verdict, rule: Option<&str>| Expect { verdict, rule: rule.map(Into::into) };
    assert!(expect(Word::Holds, None).is_met_by(&Verdict::Holds));
    assert!(!expect(Word::Holds, None).is_met_by(&broken("a")));
    assert!(expect(Word::Broken, Some("a")).is_met_by(&broken("a")));
    assert!(!expect(Word::Broken, Some("a")).is_met_by(&broken("b")));
    assert!(expect(Word::Broken, None).is_met_by(&broken("b")));
    assert!(!expect(Word::Stuck, None).is_met_by(&broken("b")));
}

#[test]
fn the_cases_that_are_kept_can_be_read() {
    for folder in ["cases", "plants", "holes"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        if path.exists() {
            load_cases(&path).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
