//! The table of errors: a good plan with one thing replaced, and what is said of which line; and plans that are cut off.

use flink_scenarios::Flink;
use harness::plan::{Format, text};
use harness::system::System;
use zookeeper_scenarios::Zookeeper;

use super::{FORMATS, drawn, parse};
use Format::{Json, Toml};

/// A JSON text is cut after every so many characters: at other places of each line than of the one before.
const CUT_STEP: usize = 13;

/// A good plan of the family with `from` replaced by `to`: the error is at the line of the first `place`.
fn check_of<S: System>(family: &str, format: Format, from: &str, to: &str, place: &str, says: &str) {
    let good = text(&drawn::<S>(family, 7), format);
    assert!(good.contains(from), "{from:?} is not in\n{good}");
    let text = good.replacen(from, to, 1);
    let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
    let told = parse::<S>(&text, format).expect_err("it is no plan");
    let is_told = told.starts_with(&format!("plan:{line}: ")) && told.contains(says) && told.contains("\n  remedy: ");
    assert!(is_told, "expected line {line} and {says:?}: {told}");
}

fn check(format: Format, from: &str, to: &str, place: &str, says: &str) {
    check_of::<Zookeeper>("crashes", format, from, to, place, says);
}

#[test]
fn what_nobody_can_mean_is_an_error_with_its_line() {
    check(Toml, "format = 2", "format = 3", "format", "a plan of format 3");
    check(Json, "\"format\": 2", "\"format\": 3", "\"format\"", "a plan of format 3");
    check(Toml, "system = \"zookeeper\"", "system = \"etcd\"", "system", "a plan of the system \"etcd\"");
    check(Json, "\"zookeeper\"", "\"flink\"", "\"flink\"", "a plan of the system \"flink\"");
    check(Toml, "tick_ms =", "tock_ms =", "tock_ms", "unknown field `tock_ms`");
    check(Json, "\"tick_ms\"", "\"tock_ms\"", "\"tock_ms\"", "unknown field `tock_ms`");
    check(Toml, "tick_ms = ", "tick_ms = 0 # ", "tick_ms", "tick_ms is 0");
    check(Json, "\"init_limit\": 10", "\"init_limit\": 0", "\"init_limit\"", "init_limit is 0");
    check(Toml, "at_ms = ", "at_ms = 9223372036854775807 # ", "at_ms", "too long");
    check(Toml, "sync_limit = ", "sync_limit = -1 # ", "sync_limit = -1", "u32");
    // Faults of machines that are not there, or not known.
    let fault = |what: &str, place: &str, says: &str| {
        let faults = format!("[[faults]]\nwhen = {{ at = {{ ms = 5 }} }}\nwhat = {{ {what} }}\n[[faults]]");
        check(Toml, "[[faults]]", &faults, place, says);
    };
    fault("restart = { machine = 99 }", "{ restart", "machine 99 does not exist");
    fault("pause = { machine = \"peer\", for_ms = 1 }", "{ pause", "no subject or peer");
    // Known bugs that nobody knows; and where they stood in format 1.
    check(Toml, "family = ", "plants = [\"weeds\"]\nfamily = ", "plants", "there is no plant \"weeds\"");
    check(Toml, "family = ", "plants = [\"offset-ahead\"]\nfamily = ", "plants", "there is no plant \"offset-ahead\""); // The engine's.
    check(Toml, "[settings.coordination]\n", "[settings.coordination]\nplant = \"no-trunc\"\n", "plant", "unknown field `plant`");
    check(Toml, "[settings.cluster]\n", "[settings.cluster]\nsupervisor_ms = 5\n", "supervisor_ms = 5", "unknown field `supervisor_ms`");
}

#[test]
fn settings_of_the_service_that_make_no_sense_are_errors() {
    // Quorums that make no sense, or that the budget does not know of.
    let quorums = |line: &str, place: &str, says: &str| check(Toml, "[settings.cluster]\n", &format!("[settings.cluster]\n{line}\n"), place, says);
    quorums("groups = [[0], [0]]", "groups", "in a group already");
    quorums("groups = [[0, 1]]", "groups", "some voter is in no group");
    quorums("groups = [[0, 99]]", "groups", "machine 99 is no voter");
    quorums("weights = [{ machine = 0, weight = 9 }]", "[settings.cluster]", "one voter alone is a quorum");
    quorums("weights = [{ machine = 0, weight = 2 }, { machine = 0, weight = 1 }]", "weights", "has a weight already");
    quorums("weights = [{ machine = 0, weight = 2000 }]", "weights", "a weight of 2000");
    quorums("weights = [{ machine = 0, weight = 2 }]", "budget", "relies on majorities");
    check(Toml, "observers = 0", "observers = 1000", "observers", "1000 observers");
    // Sessions that nobody could have.
    let sessions = |line: &str, place: &str, says: &str| {
        check(Toml, "[settings.coordination]\n", &format!("[settings.coordination]\n{line}\n"), place, says);
    };
    sessions("local_sessions_upgrading = true", "local_sessions_upgrading", "no session is local");
    sessions("read_only_mode = true", "read_only_mode", "can open no session");
    let reader = "can_be_read_only = true\nworkload = \"locks\" # ";
    check_of::<Zookeeper>("local-sessions", Toml, "workload = \"", reader, "can_be_read_only", "cannot go on without writes");
    let local = "[settings.coordination]\nlocal_sessions = true\n";
    check_of::<Flink>("stream-calm", Toml, "[settings.coordination]\n", local, "local_sessions", "not known to all");
}

#[test]
fn stream_engines_that_cannot_work_are_errors() {
    let stream = |from: &str, to: &str, place: &str, says: &str| check_of::<Flink>("stream-failover", Toml, from, to, place, says);
    stream("masters = ", "masters = 0 # ", "masters", "masters is 0");
    stream("workers = ", "workers = 65 # ", "workers", "give 1 to 64");
    stream("\nparallelism = ", "\nparallelism = 4000 # ", "parallelism = 4000", "a parallelism of 4000");
    stream("records = ", "records = 1000001 # ", "[settings.stream.input]", "1000001 records");
    stream("until_ms = ", "until_ms = 3600000001 # ", "until_ms", "too long");
    stream("\ninterval_ms = ", "\ninterval_ms = 0 # ", "interval_ms = 0", "interval_ms is 0");
    stream("retained = ", "retained = 0 # ", "retained", "retained is 0");
    stream("network_percent = ", "network_percent = 101 # ", "network_percent", "101 percent");
    stream("consumer_offheap_percent = ", "consumer_offheap_percent = 200 # ", "consumer_offheap_percent", "give at most 100");
    stream("consumer_percent = ", "consumer_percent = 0 # ", "network_percent", "0 to receive");
    stream("heartbeat_timeout_ms = ", "heartbeat_timeout_ms = 1 # ", "heartbeat_timeout_ms", "above heartbeat_interval_ms");
    stream("root = ", "root = \"/a/../b\" # ", "root", "no znode's path");
    stream("root = ", "root = \"/zookeeper/jobs\" # ", "root", "no znode's path");
    stream("job = ", "job = \"q99\" # ", "job", "unknown variant `q99`");
    stream("family = ", "plants = [\"weeds\"]\nfamily = ", "plants", "there is no plant \"weeds\"");
    stream("masters = ", "plant = \"offset-ahead\"\nmasters = ", "plant", "unknown field `plant`");
    stream("masters = ", "steps = [{ at_ms = 5, action = { rescale = { parallelism = 999 } } }]\nmasters = ", "{ rescale", "a parallelism of 999");
    stream("masters = ", "steps = [{ at_ms = 3600000001, action = \"savepoint\" }]\nmasters = ", "3600000001", "too long");
}

#[test]
fn a_plan_that_is_cut_off_is_an_error() {
    fn check<S: System>(family: &str) {
        let plan = drawn::<S>(family, 7);
        assert!(!plan.faults.is_empty(), "{family}: its last tables are its faults");
        let toml = text(&plan, Toml);
        let faults = toml.find("[[faults]]").expect("it has faults");
        let tables: Vec<usize> = toml.match_indices("\n[").map(|(at, _)| at + 1).filter(|at| *at <= faults).collect();
        assert!(tables.len() > 6, "{tables:?}");
        for at in tables {
            let told = parse::<S>(&toml[..at], Toml).expect_err("it is cut off");
            assert!(told.starts_with("plan:") && told.contains("missing field"), "{told}\nof\n{}", &toml[..at]);
        }
        let json = text(&plan, Json);
        for (at, _) in json.trim_end().char_indices().step_by(CUT_STEP) {
            let told = parse::<S>(&json[..at], Json).expect_err("it is cut off");
            assert!(told.starts_with("plan:"), "{told}");
        }
    }
    check::<Zookeeper>("crashes");
    check::<Flink>("stream-failover");
    for format in FORMATS {
        assert!(parse::<Zookeeper>("", format).is_err_and(|told| told.starts_with("plan:1: ")), "there is nothing");
    }
}
