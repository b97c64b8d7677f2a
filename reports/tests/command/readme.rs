//! The README's promises: every command that it shows works, with fewer seeds where many would only take longer.

use std::collections::BTreeSet;

use crate::program::{Folder, stormglass_in};

/// What a reader may type for minutes, and what a test types instead.
const SHORTER: [(&str, &str); 5] = [
    ("--seeds 1000..2000", "--seeds 1000..1002"),
    ("--for 10m", "--for 1s"),
    ("--for 8h", "--for 1s"),
    ("--budget 30s", "--budget 2s"),
    ("fuzz --family everything --plant", "fuzz --seeds 1 --family everything --plant"),
];

/// The lines of all shell blocks, without their comments.
fn commands() -> Vec<String> {
    let text = include_str!("../../../README.md");
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    blocks.flat_map(str::lines).map(|line| line.split('#').next().unwrap_or_default().trim().to_string()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn every_command_of_the_readme_works() {
    let folder = Folder::new("readme");
    let mut verbs = BTreeSet::new();
    for mut command in commands() {
        for (long, short) in SHORTER {
            command = command.replace(long, short);
        }
        let Some(arguments) = command.strip_prefix("stormglass ") else { continue };
        let words: Vec<&str> = arguments.split(' ').collect();
        verbs.insert(words[0].to_string());
        // What the project has is read where it is; everything else happens in a folder of the test's own.
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
        let words: Vec<String> = words.iter().map(|word| if word.starts_with("tests/") { format!("{root}{word}") } else { (*word).into() }).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let told = stormglass_in(&folder.path(""), &words);
        // What is shown to break something may.
        let planted = words.contains(&"--plant") || words.contains(&"least.toml") || words.contains(&"stream.fencing=unfenced");
        assert!(told.code == 0 || planted && (1..=3).contains(&told.code), "{command}: {told:?}");
    }
    assert_eq!(verbs.into_iter().collect::<Vec<_>>(), ["conform", "fuzz", "jobs", "replay", "run", "shrink"], "the README shows the verbs that do something");
}

#[test]
fn the_first_two_commands_are_the_main_job_and_the_tests() {
    assert_eq!(commands()[..2], ["cargo run --release -- fuzz", "cargo test"]);
}
