//! Plans of which some fault could never strike: it waits for what never happens, or names what is not there. They are
//! refused before they run, with the names that there are.

use std::path::{Path, PathBuf};

use flink_scenarios::Flink;
use harness::plan::{Document, Format, text};
use harness::system::{Plan, System};
use zookeeper_scenarios::Zookeeper;

use super::{drawn, parse};

/// A file of `tests/data/plans`.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/plans").join(name)
}

/// What the command tells of a plan file that it refuses, from its line on.
pub fn refusal(name: &str) -> String {
    let path = file(name);
    let systems = crate::systems();
    let read = Document::load(&path).and_then(|document| systems.read(&document, &[]).map(drop));
    let told = read.expect_err("it is refused").to_string();
    told.strip_prefix(&format!("{}:", path.display())).unwrap_or_else(|| panic!("{told}: it names the file")).into()
}

/// A calm plan with one fault.
fn plan<S: System>(family: &str, when: &str, what: &str) -> Result<Plan<S>, String> {
    let mut calm = drawn::<S>(family, 7);
    calm.faults.clear();
    let calm = text(&calm, Format::Toml);
    let with = format!("\n[[faults]]\nwhen = {{ {when} }}\nwhat = {{ {what} }}\n");
    parse::<S>(&(calm.replacen("faults = []\n", "", 1) + &with), Format::Toml)
}

fn on(moment: &str, kind: &str) -> String {
    format!("on = {{ moment = \"{moment}\", kind = \"{kind}\", nth = 1 }}")
}

const AT: &str = "at = { ms = 5 }";
const CRASH: &str = "crash = { machine = \"subject\", power = true }";

fn order(word: &str) -> String {
    format!("order = {{ machine = {{ machine = 0 }}, word = \"{word}\" }}")
}

/// The fault is refused at the line of its `when` or `what`, `says` is said, and the `names` are told.
fn check<S: System>(family: &str, when: &str, what: &str, part: &str, says: &str, names: &[&str]) {
    let told = plan::<S>(family, when, what).expect_err("it is inert");
    let (place, rest) = told.split_once(": ").expect("a place, then what is wrong");
    assert!(place.starts_with("plan:") && place != "plan:1", "{told}: it names the line");
    assert!(rest.starts_with(&format!("faults.0.{part}: ")) && rest.contains(says), "{told}: it should say {says:?}");
    let (_, remedy) = rest.split_once("\n  remedy: give one of: ").expect("the remedy is a list");
    let known: Vec<&str> = remedy.split(", ").collect();
    names.iter().for_each(|name| assert!(known.contains(name), "{name:?} is not among {known:?}"));
}

#[test]
fn a_fault_of_the_service_that_can_never_strike_is_refused() {
    let when = |moment, kind, says, names: &[&str]| check::<Zookeeper>("calm", &on(moment, kind), CRASH, "when", says, names);
    // No such message.
    when("send", "NEWLEADERX", "no message of kind \"NEWLEADERX\"", &["NEWLEADER", "vote", "createTTL"]);
    when("deliver", "proposal", "no message of kind \"proposal\"", &["PROPOSAL"]);
    when("send", "", "no message of kind \"\"", &["PROPOSAL"]);
    // A message where files are awaited, and a file where messages are.
    when("sync", "PROPOSAL", "no file that is synced of kind \"PROPOSAL\"", &["log", "currentEpoch"]);
    when("append", "PROPOSAL", "no file that is written to of kind \"PROPOSAL\"", &["log", "snapshot"]);
    when("send", "log", "no message of kind \"log\"", &["PROPOSAL"]);
    when("deliver", "log", "no message of kind \"log\"", &["PROPOSAL"]);
    // No such file; and one of which no sync is ever asked, since a draft becomes it by its name.
    when("append", "journal", "no file that is written to of kind \"journal\"", &["log", "draft"]);
    when("sync", "snapshot", "no file that is synced of kind \"snapshot\"", &["log", "draft"]);
    // What the fault itself names.
    let what = |what: &str, says, names: &[&str]| check::<Zookeeper>("calm", AT, what, "what", says, names);
    what("drop = { kind = \"PROPOSALS\", count = 1 }", "no message of kind \"PROPOSALS\"", &["PROPOSAL"]);
    what("drop-reply = { kind = \"createe\" }", "no message of kind \"createe\"", &["create", "create2"]);
    what("bit-rot = { machine = { machine = 0 }, kind = \"logs\" }", "no file that is written to of kind \"logs\"", &["log"]);
    what("misdirected-write = { machine = { machine = 0 }, kind = \"PING\" }", "of kind \"PING\"", &["log", "snapshot"]);
    what(&order("expire-sesion"), "no process heeds the order \"expire-sesion\"", &["expire-session [session]", "check-containers"]);
    what(&order("expire-session now"), "no process heeds the order", &["expire-session [session]"]);
    what(&order("check-containers 5"), "no process heeds the order", &["check-containers"]);
    // The engine's names are none of the service's.
    when("send", "deploy-task", "no message of kind \"deploy-task\"", &["PROPOSAL"]);
    what(&order("slow 400"), "no process heeds the order", &["check-containers"]);
}

#[test]
fn a_fault_of_the_engine_that_can_never_strike_is_refused() {
    let when = |moment, kind, says, names: &[&str]| check::<Flink>("stream-calm", &on(moment, kind), CRASH, "when", says, names);
    when("send", "deploy-tasks", "no message of kind \"deploy-tasks\"", &["deploy-task", "PROPOSAL", "fetch"]);
    when("sync", "blob-put", "no file that is synced of kind \"blob-put\"", &["blobs", "ledger", "log"]);
    when("send", "blobs", "no message of kind \"blobs\"", &["blob-put"]);
    let what = |what: &str, says, names: &[&str]| check::<Flink>("stream-calm", AT, what, "what", says, names);
    what("bit-rot = { machine = { machine = 0 }, kind = \"blob\" }", "of kind \"blob\"", &["blobs", "ledger", "log"]);
    what(&order("slow"), "no process heeds the order \"slow\"", &["slow <ms>", "expire-session [session]"]);
}

#[test]
fn the_same_faults_spelt_right_are_taken() {
    let service = |when: &str, what: &str| assert_eq!(plan::<Zookeeper>("calm", when, what).map(|plan| plan.faults.len()), Ok(1));
    for (moment, kind) in [("send", "NEWLEADER"), ("deliver", "PROPOSAL"), ("append", "log"), ("append", "snapshot"), ("sync", "log")] {
        service(&on(moment, kind), CRASH);
    }
    service(AT, "drop = { kind = \"PROPOSAL\", count = 1 }");
    service(AT, "bit-rot = { machine = { machine = 0 }, kind = \"log\" }");
    ["expire-session", "expire-session 72057594037927936", "check-containers"].iter().for_each(|word| service(AT, &order(word)));
    let engine = |when: &str, what: &str| assert_eq!(plan::<Flink>("stream-calm", when, what).map(|plan| plan.faults.len()), Ok(1));
    engine(&on("send", "deploy-task"), CRASH);
    engine(&on("sync", "blobs"), CRASH);
    engine(AT, &order("slow 400"));
    engine(AT, &order("expire-session"));
}

/// Files of format 1 that the first program ran without a word.
#[test]
fn inert_plans_of_format_1_are_refused() {
    let order = refusal("inert-misspelt-order.json");
    assert!(order.contains("faults.0.what: no process heeds the order \"expire-sesion\"") && order.contains("expire-session [session]"), "{order}");
    assert!(order.starts_with("71: "), "{order}: the line of what the fault does");
    let kind = refusal("inert-unknown-kind.json");
    assert!(kind.contains("faults.0.when: there is no message of kind \"NEWLEADERX\"") && kind.contains("NEWLEADER,"), "{kind}");
    assert!(kind.starts_with("1: "), "{kind}: the file is one line");
}
