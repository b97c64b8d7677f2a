//! Plans in files: what is written is read back; what cannot be read is one error with file, line and remedy; older
//! formats are read.

use contract::plan::PLAN_FORMAT;

use super::{Document, Format, read, text};
use crate::family::general;
use crate::fixture::Greeting;
use crate::system::Plan;

fn plan(family: &str, seed: u64) -> Plan<Greeting> {
    general::families::<Greeting>().iter().find(|each| each.name == family).expect("the family exists").plan(seed)
}

fn parsed(text: &str, format: Format) -> Result<Plan<Greeting>, String> {
    let document = Document::parse(text, format, "a.plan").map_err(|mistake| mistake.to_string())?;
    read::<Greeting>(&document, &[]).map_err(|mistake| mistake.to_string())
}

#[test]
fn what_is_written_is_read_back() {
    for (family, seed) in [("calm", 0), ("everything", 3), ("partitions", u64::MAX)] {
        for format in [Format::Toml, Format::Json] {
            let plan = plan(family, seed);
            assert_eq!(parsed(&text(&plan, format), format), Ok(plan), "{family} {format:?}");
        }
    }
}

/// What is said of a good plan's text in which `from` was replaced by `to`, and of which line: that of the first
/// `place`.
fn check(format: Format, from: &str, to: &str, place: &str, says: &[&str]) {
    let text = text(&plan("pauses", 7), format);
    assert!(text.contains(from), "{from} is not in\n{text}");
    let text = text.replacen(from, to, 1);
    let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
    let error = parsed(&text, format).expect_err("it is bad");
    assert!(error.starts_with(&format!("a.plan:{line}: ")), "{error}\nexpected line {line} of\n{text}");
    for says in says.iter().chain(&["\n  remedy: "]) {
        assert!(error.contains(says), "{error}\nmust say {says:?}");
    }
}

#[test]
fn errors_name_the_line_and_the_remedy() {
    let toml = |from, to, place, says: &[&str]| check(Format::Toml, from, to, place, says);
    toml("format = 2", "format = 3", "format = 3", &["a plan of format 3", "up to 2"]);
    toml("format = 2", "format = 1", "format = 1", &["a plan of format 1"]);
    toml("format = 2\n", "", "system", &["no format number"]);
    toml("system = \"greeting\"", "system = \"raft\"", "\"raft\"", &["\"raft\"", "greeting"]);
    toml("seed = 7", "seed = -7", "-7", &["a seed"]);
    toml("greeters = 3", "greeters = 1", "greeters = 1", &["settings.greeters: nobody to greet", "at least 2"]);
    toml("greeters = 3", "greeters = \"many\"", "\"many\"", &["invalid type"]);
    toml("greeters = 3", "guests = 3", "guests = 3", &["unknown field `guests`"]);
    toml("word = \"hello\"", "word = \"helo\"", "\"helo\"", &["unknown variant `helo`"]);
    toml("budget = \"majority\"", "budgte = \"majority\"", "budgte", &["unknown field `budgte`"]);
    toml("[heal]", "[heal", "[heal", &["mend the TOML"]);
    toml("for_ms = ", "for_ms = 3600000001 # ", "[[faults]]", &["3600000001 is too long"]);
    toml("for_ms = ", "for_sm = ", "for_sm", &["unknown field `for_sm`"]);
    let json = |from, to, place, says: &[&str]| check(Format::Json, from, to, place, says);
    json("\"greeters\": 3", "\"greeters\": 1", "\"greeters\": 1", &["nobody to greet"]);
    json("\"format\": 2", "\"format\": 3", "3,", &["a plan of format 3"]);
    json("\"word\": \"hello\"", "\"word\": \"helo\"", "\"helo\"", &["unknown variant `helo`"]);
}

#[test]
fn a_plan_that_is_cut_off_is_no_plan() {
    let whole = text(&plan("pauses", 7), Format::Toml);
    for table in ["[[faults]]", "[settings]", "[weather"] {
        let cut = &whole[..whole.find(table).expect("the table is there")];
        let error = parsed(cut, Format::Toml).expect_err("something is missing");
        assert!(error.contains("missing field"), "{table}: {error}");
    }
}

#[test]
fn faults_name_only_what_there_is() {
    let fault = |when: &str, what: &str| {
        let plan = text(&plan("calm", 1), Format::Toml).replace("faults = []\n", "");
        parsed(&format!("{plan}\n[[faults]]\nwhen = {{ {when} }}\nwhat = {{ {what} }}\n"), Format::Toml).map(|plan| plan.faults.len())
    };
    let crash = "crash = { machine = \"subject\", power = true }";
    let on = |moment: &str, kind: &str| format!("on = {{ moment = \"{moment}\", kind = \"{kind}\", nth = 1 }}");
    let refused = |when: &str, what: &str, says: &[&str]| {
        let error = fault(when, what).expect_err("it names what is not there");
        assert!(error.starts_with("a.plan:") && !error.starts_with("a.plan:1:"), "{error}");
        says.iter().for_each(|says| assert!(error.contains(says), "{error}\nmust say {says:?}"));
    };
    assert_eq!(fault(&on("send", "HELLO"), crash), Ok(1));
    assert_eq!(fault(&on("append", "guests"), crash), Ok(1));
    refused(&on("send", "HELO"), crash, &["no message of kind \"HELO\"", "HELLO"]);
    refused(&on("append", "HELLO"), crash, &["no file that is written to of kind \"HELLO\"", "guests"]);
    refused(&on("sync", "guests"), crash, &["no file that is synced of kind \"guests\""]);
    refused("at = { ms = 5 }", "drop = { kind = \"BYE\", count = 1 }", &["no message of kind \"BYE\""]);
    refused("at = { ms = 5 }", "bit-rot = { machine = { machine = 0 }, kind = \"log\" }", &["\"log\"", "guests"]);
    refused("at = { ms = 5 }", "order = { machine = { machine = 0 }, word = \"sit\" }", &["no process heeds the order \"sit\""]);
    refused("at = { ms = 5 }", "pause = { machine = { machine = 3 }, for_ms = 1 }", &["machine 3 does not exist", "machines 0 to 2: 3 greeters"]);
    refused("at = { ms = 5 }", crash, &["a fault at a time hits no subject"]);
}

#[test]
fn plans_of_an_older_format_are_read_and_their_errors_name_the_old_places() {
    let plan = plan("pauses", 7);
    let older = text(&plan, Format::Toml).replace("format = 2\nsystem = \"greeting\"\n", "format = 1\nhosts = 3\n");
    let older = older.replace("[settings]\ngreeters = 3\nword = \"hello\"\n", "");
    assert_eq!(parsed(&older, Format::Toml), Ok(plan));
    let error = parsed(&older.replace("hosts = 3", "hosts = 1"), Format::Toml).expect_err("nobody to greet");
    assert!(error.starts_with("a.plan:2: hosts: nobody to greet"), "{error}");
    assert_eq!(PLAN_FORMAT, 2);
}
