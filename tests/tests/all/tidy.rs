//! Tidy: what the house rules say of the tree itself. Reads files; never runs a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The most lines that a file may have; a reader holds no more in mind.
const LINES_MAX: usize = 400;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 10] = ["util", "utils", "common", "helper", "helpers", "manager", "base", "misc", "shared", "lib2"];

/// The most entries of a folder of sources; more are several things in one place.
const ENTRIES_MAX: usize = 30;

/// What each crate may stand on, of our own crates and of madsim: its layer (ARCHITECTURE.md, Layers). Nothing else; in
/// particular no judge sees a process, no process sees the world, and the world, the judging and the harness see no
/// system.
const MAY_USE: [(&str, &[&str]); 19] = [
    ("sim/contract", &[]),
    ("sim/world", &["contract", "madsim"]),
    ("sim/zookeeper/words", &["contract"]),
    ("sim/zookeeper/client", &["contract", "zookeeper-words"]),
    ("sim/zookeeper/replica", &["contract", "zookeeper-words"]),
    ("sim/outside/words", &["contract"]),
    ("sim/outside/services", &["contract", "outside-words"]),
    ("sim/flink/words", &["contract", "outside-words", "zookeeper-words"]),
    ("sim/flink/engine", &["contract", "flink-words", "outside", "outside-words", "zookeeper-client", "zookeeper-words"]),
    ("models/judging", &["contract"]),
    ("models/zookeeper", &["contract", "judging", "zookeeper-words"]),
    ("models/outside", &["contract", "judging", "outside-words"]),
    ("models/flink", &["contract", "judging", "flink-words", "outside-models", "outside-words", "zookeeper-models", "zookeeper-words"]),
    ("scenarios/harness", &["contract", "judging", "world"]),
    ("scenarios/zookeeper", &["contract", "harness", "judging", "world", "zookeeper-client", "zookeeper-models", "zookeeper-replica", "zookeeper-words"]),
    (
        "scenarios/flink",
        &[
            "contract",
            "flink-engine",
            "flink-models",
            "flink-words",
            "harness",
            "judging",
            "outside",
            "outside-words",
            "world",
            "zookeeper-client",
            "zookeeper-models",
            "zookeeper-scenarios",
            "zookeeper-words",
        ],
    ),
    ("scenarios/conform", &["contract", "world", "zookeeper-client", "zookeeper-models", "zookeeper-replica", "zookeeper-words"]),
    ("reports", &["conform", "flink-scenarios", "flink-words", "harness", "zookeeper-scenarios"]),
    ("bench", &["contract", "flink-scenarios", "flink-words", "harness", "madsim", "world", "zookeeper-scenarios", "zookeeper-words"]),
];

/// What must not stand in code whose result may not depend on the machine.
const UNDETERMINED: [&str; 7] = ["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"];

/// Folders of such code. The world starts the thread that hosts it, so it is held to less.
const DETERMINED: [(&str, &[&str]); 15] = [
    ("sim/contract/src", &UNDETERMINED),
    ("sim/world/src", &["HashMap", "HashSet", "f32", "f64"]),
    ("sim/zookeeper", &UNDETERMINED),
    ("sim/outside", &UNDETERMINED),
    ("sim/flink", &UNDETERMINED),
    ("models/judging/src", &UNDETERMINED),
    ("models/zookeeper/src", &UNDETERMINED),
    ("models/outside/src", &UNDETERMINED),
    ("models/flink/src", &UNDETERMINED),
    ("scenarios/harness/src/family", &UNDETERMINED),
    ("scenarios/zookeeper/src/family", &UNDETERMINED),
    ("scenarios/zookeeper/src/workload", &UNDETERMINED),
    ("scenarios/zookeeper/src/probes", &UNDETERMINED),
    ("scenarios/flink/src/family", &UNDETERMINED),
    ("scenarios/flink/src/feed", &UNDETERMINED),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the workspace").to_path_buf()
}

/// All Rust files of the workspace under `folder`, by their paths from the root, with their texts.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let root = root();
    let mut folders = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_string();
            if path.is_dir() {
                if !name.starts_with('.') && !name.starts_with("target") {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                files.push((path.strip_prefix(&root).expect("under the root").display().to_string(), text));
            }
        }
    }
    files.sort();
    files
}

/// The code of a file before its tests, without comments: what runs in a simulation.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().take_while(|line| line.trim() != "#[cfg(test)]").enumerate().map(|(i, line)| (i + 1, line.split("//").next().unwrap_or("")))
}

/// Whether `word` stands in `line` on its own.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}

fn none(flaws: Vec<String>) {
    assert!(flaws.is_empty(), "\n{}", flaws.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_ends_in_time() {
    let files = rust_files("");
    assert!(files.len() > 50, "only {} files were found", files.len());
    let mut flaws = Vec::new();
    for (path, text) in &files {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            flaws.push(format!("{path}: {lines} lines; split it by what it holds, {LINES_MAX} at most"));
        }
        if !text.starts_with("//! ") {
            flaws.push(format!("{path}:1: no module doc; open with `//!`: what it is, then what it never does"));
        }
        let names = path.trim_end_matches(".rs").split('/');
        flaws.extend(names.filter(|name| EMPTY_NAMES.contains(name)).map(|name| format!("{path}: `{name}` says nothing of what is inside")));
    }
    none(flaws);
}

/// The tables of a manifest in which dependencies stand that a build of the crate needs, those of a target included.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut take = |table: Option<&toml::Value>| found.extend(table.and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys).cloned());
    take(manifest.get("dependencies"));
    for target in manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
        take(target.get("dependencies"));
    }
    found
}

fn manifest(folder: &Path) -> toml::Table {
    fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest can be read").parse().expect("the manifest is TOML")
}

#[test]
fn every_crate_stands_on_its_layer_alone() {
    let workspace = manifest(&root());
    let members = workspace["workspace"]["members"].as_array().expect("a workspace has members");
    let mut members: BTreeSet<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    let table = workspace["workspace"]["dependencies"].as_table().expect("the workspace names its dependencies");
    let ours: BTreeSet<&str> = table.iter().filter(|(_, named)| named.get("path").is_some()).map(|(name, _)| name.as_str()).chain(["madsim"]).collect();
    let mut flaws = Vec::new();
    for (folder, may) in MAY_USE {
        let uses = dependencies(&manifest(&root().join(folder)));
        flaws.extend(uses.iter().filter(|used| ours.contains(used.as_str()) && !may.contains(&used.as_str())).map(|used| format!("{folder} → {used}")));
        members.remove(folder);
    }
    none(flaws);
    assert_eq!(members, BTreeSet::from(["tests"]), "every crate but the tests has its layer");
}

#[test]
fn no_folder_holds_too_much() {
    let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (path, _) in rust_files("") {
        let path = PathBuf::from(path);
        for (entry, folder) in path.ancestors().zip(path.ancestors().skip(1)) {
            if !counts.contains_key(entry) || entry.extension().is_some() {
                *counts.entry(folder.to_path_buf()).or_default() += 1;
                counts.entry(entry.to_path_buf()).or_default();
            }
        }
    }
    let full = counts.into_iter().filter(|(folder, entries)| *entries > ENTRIES_MAX && !LISTS.contains(&folder.display().to_string().as_str()));
    none(full.map(|(folder, entries)| format!("{}: {entries} entries, {ENTRIES_MAX} at most", folder.display())).collect());
}

/// Folders that are one list of like things, however many.
const LISTS: [&str; 2] = ["models/zookeeper/src/rules/service", "models/zookeeper/src/rules/zab"];

#[test]
fn nothing_in_a_run_depends_on_the_machine() {
    let mut flaws = Vec::new();
    for (folder, words) in DETERMINED {
        for (path, text) in rust_files(folder).iter().filter(|(path, _)| !path.ends_with("tests.rs") && !path.contains("/tests/")) {
            for (number, line) in code(text) {
                flaws.extend(words.iter().filter(|word| has_word(line, word)).map(|word| format!("{path}:{number}: {word} in simulated code")));
            }
        }
    }
    none(flaws);
}

#[test]
fn no_test_is_left_out_or_waits() {
    // Built from halves, so that this file does not accuse itself.
    let words = [concat!("#[ign", "ore"), concat!("thread::sl", "eep(")];
    let mut flaws = Vec::new();
    for (path, text) in rust_files("") {
        for (number, line) in text.lines().enumerate() {
            flaws.extend(words.iter().filter(|word| line.contains(**word)).map(|word| format!("{path}:{}: {word}", number + 1)));
        }
    }
    none(flaws);
}

#[test]
fn the_world_alone_names_madsim() {
    let allowed = |path: &str| path.starts_with("sim/world/") || path.starts_with("bench/") || path.starts_with("tests/");
    let flaws = rust_files("").into_iter().filter(|(path, _)| !allowed(path));
    let flaws = flaws.filter(|(_, text)| code(text).any(|(_, line)| line.contains("madsim::"))).map(|(path, _)| format!("{path}: names madsim"));
    none(flaws.collect());
}

#[test]
fn words_are_found_whole() {
    assert!(has_word("use std::time::Instant;", "Instant"));
    assert!(!has_word("let Instantly = 1;", "Instant"));
    assert_eq!(code("a // HashMap\n#[cfg(test)]\nb").collect::<Vec<_>>(), [(1, "a ")]);
}
