//! Case files, read and misread.

use contract::verdict::Verdict;

use super::{Case, Compared, Expect, Origin, Word, load, of_document};
use crate::family::general;
use crate::fixture::Greeting;
use crate::plan::{Document, Format};
use crate::system::Plan;

fn case(verdict: Word, rule: Option<&str>) -> Case<Plan<Greeting>> {
    let plan = general::families::<Greeting>()[3].plan(7);
    Case {
        about: "a case of a test".into(),
        origin: Some(Origin::here("crashes", 7)),
        expect: Expect { rule: rule.map(Into::into), verdict, cause: None, hash: Some("0f".into()) },
        plan,
    }
}

fn parsed(text: &str, format: Format) -> Result<Case<Plan<Greeting>>, String> {
    let document = Document::parse(text, format, "bad.toml").map_err(|mistake| mistake.to_string())?;
    of_document::<Greeting>(&document).map_err(|mistake| mistake.to_string())
}

#[test]
fn cases_survive_being_written_and_read() {
    for case in [case(Word::Holds, None), case(Word::Broken, Some("zab.total-order")), case(Word::Stuck, None), case(Word::Crashed, None)] {
        for format in [Format::Toml, Format::Json] {
            assert_eq!(parsed(&case.text(format), format), Ok(case.clone()), "{}", case.text(format));
        }
    }
}

#[test]
fn errors_name_the_file_the_line_and_the_remedy() {
    /// What is said of a good case's text in which `from` was replaced by `to`, and of which line: that of the first
    /// `place`.
    fn check(from: &str, to: &str, place: &str, says: &str) {
        let text = case(Word::Broken, Some("zab.total-order")).text(Format::Toml);
        assert!(text.contains(from), "{from} is not in\n{text}");
        let text = text.replacen(from, to, 1);
        let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
        let error = parsed(&text, Format::Toml).expect_err("it is bad");
        assert!(
            error.starts_with(&format!("bad.toml:{line}: ")) && error.contains(says) && error.contains("\n  remedy: "),
            "{error}\nexpected line {line}, {says}, of\n{text}"
        );
    }
    check("format = 2", "format = 9", "format = 9", "a case of format 9");
    check("about", "abuot", "abuot", "unknown field `abuot`");
    check("verdict = \"broken\"", "verdict = \"brkoen\"", "\"brkoen\"", "unknown variant `brkoen`");
    check("verdict = \"broken\"", "verdict = \"holds\"", "\"zab.total-order\"", "no rule breaks");
    check("greeters = 3", "greeters = 1", "greeters = 1", "nobody to greet");
    check("supervisor_ms", "supervisor_sm", "supervisor_sm", "unknown field `supervisor_sm`");
    check("format = 2\nseed", "format = 7\nseed", "format = 7", "a plan of format 7");
}

#[test]
fn a_missing_file_is_named() {
    let error = load::<Greeting>("no/such/case.toml".as_ref()).expect_err("it is not there").to_string();
    assert!(error.starts_with("no/such/case.toml: "), "{error}");
}

#[test]
fn an_expectation_is_met_by_its_verdict_alone() {
    let broken = |rule: &str| Verdict::Broken { rule: rule.into(), witness: String::new() };
    let expect = |verdict, rule: Option<&str>| Expect { rule: rule.map(Into::into), verdict, ..Expect::HOLDS };
    assert!(expect(Word::Holds, None).is_met_by(&Verdict::Holds));
    assert!(!expect(Word::Holds, None).is_met_by(&broken("a")));
    assert!(expect(Word::Broken, Some("a")).is_met_by(&broken("a")));
    assert!(!expect(Word::Broken, Some("a")).is_met_by(&broken("b")));
    assert!(expect(Word::Broken, None).is_met_by(&broken("b")));
    assert!(!expect(Word::Stuck, None).is_met_by(&broken("b")));
}

#[test]
fn a_run_is_compared_with_its_record() {
    let broken = |rule: &str, witness: &str| Verdict::Broken { rule: rule.into(), witness: witness.into() };
    let expect = Expect::again(&broken("a", "5 of 7"), "77");
    let check = |verdict: Verdict, hash: &str, compared| assert_eq!(expect.compared(&verdict, hash), compared, "{verdict:?} {hash}");
    check(broken("a", "5 of 7"), "77", Compared::AsRecorded);
    check(broken("a", "6 of 9"), "78", Compared::ByAnotherPath);
    check(broken("a", "none of 9"), "78", Compared::Otherwise);
    check(broken("b", "5 of 7"), "78", Compared::Otherwise);
    check(Verdict::Holds, "78", Compared::HoldsNow);
    assert_eq!(Expect::HOLDS.compared(&Verdict::Holds, "1"), Compared::Holds);
    assert_eq!(Expect::HOLDS.compared(&broken("a", ""), "1"), Compared::Otherwise);
    let older = Expect { verdict: Word::Broken, rule: Some("a".into()), cause: None, hash: None };
    assert_eq!(older.compared(&broken("a", "x"), "1"), Compared::AsExpected);
}
