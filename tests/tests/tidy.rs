//! Tidy: what the house rules say of the tree itself. Reads files; never runs a plan.

use std::fs;
use std::path::{Path, PathBuf};

/// The most lines that a file may have; a reader holds no more in mind.
const LINES_MAX: usize = 400;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 10] = ["util", "utils", "common", "helper", "helpers", "manager", "base", "misc", "shared", "lib2"];

/// From, to, and why there is no such arrow.
const NEVER: [(&str, &[&str], &str); 8] = [
    ("sim/vocab", &["world", "coord", "stream", "models", "scenarios", "reports", "madsim"], "words know nobody who speaks them"),
    ("sim/coord", &["world", "stream", "models", "scenarios", "reports", "madsim"], "a protocol cannot see the clock, the dice or the disk, only events"),
    ("sim/stream", &["world", "models", "scenarios", "reports", "madsim"], "an engine cannot see the clock, the dice or the disk, only events"),
    ("sim/world", &["coord", "stream", "models", "scenarios", "reports"], "a simulator knows no protocol"),
    ("models", &["coord", "stream", "world", "scenarios", "reports", "madsim"], "the judge cannot see the defendant"),
    ("scenarios", &["reports", "madsim"], "what happens does not depend on how it is told; the world alone names madsim"),
    ("reports", &["world", "coord", "stream", "madsim"], "reports tell of recordings and verdicts, not of machines"),
    ("tests", &["madsim"], "the world alone names madsim"),
];

/// Folders of code whose result must not depend on the machine, and what would make it so.
const DETERMINED: [(&str, &[&str]); 8] = [
    ("sim/vocab/src", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
    ("sim/coord/src", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
    ("sim/stream/src", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
    ("scenarios/src/feed", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
    ("sim/world/src", &["HashMap", "HashSet", "f32", "f64"]),
    ("models/src", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
    ("scenarios/src/family", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
    ("scenarios/src/workload", &["HashMap", "HashSet", "Instant", "SystemTime", "std::thread", "f32", "f64"]),
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

#[test]
fn forbidden_arrows_stand_in_no_manifest() {
    let mut flaws = Vec::new();
    for (from, to, why) in NEVER {
        let path = root().join(from).join("Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(&path).expect("the manifest can be read").parse().expect("the manifest is TOML");
        let uses = manifest.get("dependencies").and_then(toml::Value::as_table).expect("every crate stands on vocab or on what vocab stands on");
        flaws.extend(to.iter().filter(|to| uses.contains_key(**to)).map(|to| format!("{from} → {to}: {why}")));
    }
    none(flaws);
}

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
