//! A system of one's own: the crates under `examples/`, copied to an empty folder outside the workspace, built there in
//! an empty target folder without flags or settings, tested, and used as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("the workspace is there")
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("stormglass-own-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder can be made");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: a test that fails has more to say than a folder that stays.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies a crate, with its dependency on the harness named from the root.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the folder can be listed").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            if !path.ends_with("target") {
                copy(&path, &target);
            }
        } else if path.ends_with("Cargo.toml") {
            let text = fs::read_to_string(&path).expect("a manifest is text");
            fs::write(&target, text.replace("\"../../", &format!("\"{}/", root().display()))).expect("the folder can be written");
        } else if !path.ends_with("Cargo.lock") {
            fs::copy(&path, &target).expect("the folder can be written");
        }
    }
}

/// Runs cargo in a folder, with the target folder of both crates and nothing of this workspace's own settings.
fn cargo(folder: &Folder, member: &str, args: &[&str]) -> Output {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.args(args).current_dir(folder.0.join(member)).env("CARGO_TARGET_DIR", folder.0.join("target")).env("CARGO_TERM_COLOR", "never");
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "MADSIM_TEST_SEED", "MADSIM_TEST_NUM", "STORMGLASS_REPLAY"] {
        command.env_remove(name);
    }
    // Debugging information and incremental state take time, and nothing here uses them.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    command.env("MADSIM_TEST_JOBS", "1").output().expect("cargo can be started")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_system_in_a_repository_of_its_own_is_tested_fuzzed_and_replayed() {
    let folder = Folder::new();
    for member in ["primary-backup", "smallest"] {
        copy(&root().join("examples").join(member), &folder.0.join(member));
        // The versions that this workspace has, so that nothing is fetched that is not there.
        fs::copy(root().join("Cargo.lock"), folder.0.join(member).join("Cargo.lock")).expect("the workspace has a lock");
    }
    let lines = fs::read_to_string(folder.0.join("smallest/src/lib.rs")).expect("it was copied").lines().count();
    assert!(lines <= 60, "the smallest system has {lines} lines");
    let tested = cargo(&folder, "smallest", &["test", "--quiet"]);
    assert!(tested.status.success() && text(&tested).contains("1 passed"), "{}", text(&tested));

    let tested = cargo(&folder, "primary-backup", &["test", "--quiet"]);
    assert!(tested.status.success() && text(&tested).contains("3 passed"), "{}", text(&tested));
    assert!(text(&tested).contains("built without `--cfg madsim`") || cfg!(madsim), "it is said what is not intercepted: {}", text(&tested));

    // The whole command, by one line of `main`: a bug is found, saved and replayed.
    let program = |args: &[&str]| {
        let output = Command::new(folder.0.join("target/debug/primary-backup")).args(args).current_dir(&folder.0).output().expect("the tests built it");
        (output.status.code(), text(&output))
    };
    for (verb, says) in [("families", "outages"), ("rules", "counter.durable"), ("plants", "hasty-backup"), ("probes", "")] {
        let (code, told) = program(&[verb]);
        assert!(code == Some(0) && told.contains(says), "{verb}: {told}");
    }
    let (code, told) = program(&["fuzz", "--seeds", "3"]);
    assert!(code == Some(0) && told.contains("3 seeds, 9 families: 27 runs, all hold"), "{told}");
    let (code, told) = program(&["fuzz", "--seeds", "100", "--family", "outages", "--plant", "hasty-backup"]);
    assert!(code == Some(1) && told.contains("BROKEN: counter.durable"), "{told}");
    let flags = told.lines().find_map(|line| line.trim().strip_prefix("reproduce: ")).and_then(|line| line.split_once(" run ")).expect("the command is told").1;
    let run: Vec<&str> = ["run"].into_iter().chain(flags.split(' ')).chain(["--save", "found.toml"]).collect();
    let (code, found) = program(&run);
    let last = |told: &str| told.lines().find(|line| line.starts_with("seed=")).expect("the last line tells the run").to_string();
    assert_eq!(code, Some(1), "{found}");
    let (code, replayed) = program(&["replay", "found.toml"]);
    assert_eq!((code, last(&replayed)), (Some(1), last(&found)));

    // A test that fails says rule, witness, plan and the command that replays it.
    let broken = folder.0.join("primary-backup/src/lib.rs");
    let source = fs::read_to_string(&broken).expect("it was copied");
    fs::write(&broken, source.replace("plan.has_plant(\"hasty-backup\")", "true")).expect("the folder can be written");
    let failed = text(&cargo(&folder, "primary-backup", &["test", "--quiet", "seeds"]));
    for says in ["BROKEN: counter.durable", "witness:", "reproduce: STORMGLASS_REPLAY=", "cargo test seeds", "shrunk: "] {
        assert!(failed.contains(says), "{says}: {failed}");
    }
    let plan = failed.split("STORMGLASS_REPLAY=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("the plan is told");
    assert!(fs::read_to_string(plan).is_ok_and(|plan| plan.contains("system = \"counter\"")), "{plan}");
}
