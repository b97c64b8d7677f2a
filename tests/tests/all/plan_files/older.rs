//! Plans of format 1: the cases are such plans. They are read as what they meant, written in the present format, and
//! their errors name the places that they have in the file.

use std::path::{Path, PathBuf};

use flink_scenarios::Flink;
use harness::case::{Case, files, of_document};
use harness::plan::{Document, Format, plain};
use harness::system::{Plan, System};
use zookeeper_scenarios::Zookeeper;

use super::FORMATS;
use super::inert::refusal;

/// Folders of cases.
const FOLDERS: [&str; 3] = ["cases", "plants", "holes"];

fn path(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(case)
}

fn text(case: &str) -> String {
    std::fs::read_to_string(path(case)).unwrap_or_else(|error| panic!("{case}: {error}"))
}

fn parse<S: System>(text: &str, format: Format) -> Result<Case<Plan<S>>, String> {
    Document::parse(text, format, "case").and_then(|document| of_document::<S>(&document)).map_err(|mistake| mistake.to_string())
}

/// A case of format 1 says the same when it was written in the present format, and what its plan said before.
fn check<S: System>(case: &str) {
    let before = Document::load(&path(case)).unwrap_or_else(|mistake| panic!("{mistake}"));
    let read = of_document::<S>(&before).unwrap_or_else(|mistake| panic!("{mistake}"));
    for format in FORMATS {
        let text = read.text(format);
        let again = parse::<S>(&text, format).unwrap_or_else(|told| panic!("{case}: {told}\nof\n{text}"));
        assert_eq!((&again.about, &again.expect), (&read.about, &read.expect), "{case}");
        assert!(again.plan == read.plan, "{case}: {:?}\nis no longer\n{:?}", again.plan, read.plan);
    }
    let (old, new) = (&before.value["plan"], plain(&read.plan));
    assert_eq!((&old["format"], &old["system"]), (&plain(&1), &plain(&())), "{case}: it is of format 1");
    assert_eq!((&new["format"], &new["system"]), (&plain(&2), &plain(&S::NAME)), "{case}");
    for part in ["family", "seed", "budget"] {
        assert_eq!(new[part], old[part], "{case}: {part}");
    }
    assert_eq!(new["heal"]["at_ms"], old["heal"]["at_ms"], "{case}");
    assert_eq!(new["supervisor_ms"], old["cluster"]["supervisor_ms"], "{case}");
    assert_eq!(new["settings"]["cluster"]["replicas"], old["cluster"]["replicas"], "{case}");
    // What the file leaves out is an empty list.
    assert_eq!(new["faults"].as_array().map(Vec::len), Some(old["faults"].as_array().map_or(0, Vec::len)), "{case}");
    assert_eq!(new["settings"]["clients"].as_array().map(Vec::len), Some(old["clients"].as_array().map_or(0, Vec::len)), "{case}");
    let plants: Vec<_> = [&old["coordination"], &old["stream"]].into_iter().filter_map(|part| part.get("plant")).collect();
    assert_eq!(new["plants"].as_array().map_or(vec![], |plants| plants.iter().collect()), plants, "{case}");
}

#[test]
fn every_case_is_read_and_is_the_same_in_the_present_format() {
    let (mut services, mut engines) = (0, 0);
    for folder in FOLDERS {
        for file in files(&path(folder)).unwrap_or_else(|mistake| panic!("{mistake}")) {
            let case = format!("{folder}/{}", file.file_name().unwrap_or_default().display());
            if text(&case).contains("\n[plan.stream]\n") {
                engines += 1;
                check::<Flink>(&case);
            } else {
                services += 1;
                check::<Zookeeper>(&case);
            }
        }
    }
    assert!(services > 30 && engines > 20, "{services} of the service, {engines} of the engine");
}

#[test]
fn errors_name_the_places_of_the_file() {
    /// The case with `from` replaced by `to`: the error is at the line of the first `place`.
    fn check<S: System>(case: &str, from: &str, to: &str, place: &str, says: &str) {
        let good = text(case);
        assert!(good.contains(from), "{from:?} is not in\n{good}");
        let text = good.replacen(from, to, 1);
        let line = 1 + text[..text.find(place).expect("the place is in the text")].matches('\n').count();
        let told = parse::<S>(&text, Format::Toml).expect_err("it is no plan");
        assert!(told.starts_with(&format!("case:{line}: ")) && told.contains(says), "expected line {line} and {says:?}: {told}");
    }
    let service = |from: &str, to: &str, place: &str, says: &str| check::<Zookeeper>("plants/no-trunc.toml", from, to, place, says);
    service("tick_ms = ", "tick_ms = 0 # ", "tick_ms", "plan.coordination.tick_ms: tick_ms is 0");
    service("snap_count = ", "snap_cuont = ", "snap_cuont", "unknown field `snap_cuont`");
    service("supervisor_ms = ", "supervisor_ms = -1 # ", "supervisor_ms", "u32");
    service("replicas = ", "replicas = 4 # ", "replicas", "plan.cluster.replicas: 4 replicas");
    service("plant = \"no-trunc\"", "plant = \"weeds\"", "plant = \"weeds\"", "there is no plant \"weeds\"");
    service("budget = ", "system = \"zookeeper\"\nbudget = ", "system", "unknown field `system`"); // Nobody had a name then.
    let engine = |from: &str, to: &str, place: &str, says: &str| check::<Flink>("plants/offset-ahead.toml", from, to, place, says);
    engine("masters = ", "masters = 0 # ", "masters = 0", "plan.stream.masters: masters is 0");
    engine("plant = \"offset-ahead\"", "plant = \"weeds\"", "plant = \"weeds\"", "there is no plant \"weeds\"");
    engine("tick_ms = ", "tick_ms = 0 # ", "tick_ms", "plan.coordination.tick_ms: tick_ms is 0");
}

#[test]
fn a_plan_of_format_1_that_is_cut_off_at_a_table_is_an_error() {
    let told = refusal("cut-at-a-table.toml");
    assert!(told.contains("missing field `clients`") && told.contains("\n  remedy: "), "{told}");
    let whole = text("cases/ack-of-what-was-cut.toml");
    let clients = whole.find("[[plan.clients]]").expect("it has clients");
    let tables: Vec<usize> = whole.match_indices("\n[").map(|(at, _)| at + 1).filter(|at| *at <= clients).collect();
    assert!(tables.len() > 6, "{tables:?}");
    for at in tables {
        let told = parse::<Zookeeper>(&whole[..at], Format::Toml).expect_err("it is cut off");
        assert!(told.starts_with("case:") && (told.contains("missing field") || told.contains("there is no plan here")), "{told}\nof\n{}", &whole[..at]);
    }
}
