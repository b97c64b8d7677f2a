//! Instructions per delivery, counted by callgrind: the same on every run, so a bound on them can be demanded. Skips,
//! and says so, where valgrind is not installed.

use std::process::{Command, ExitCode};

use crate::{Contender, workload};

/// The world may take at most so many times the hand-written loop's instructions.
const OF_BY_HAND_MAX: f64 = 2.0;
/// The world may take at most this part of those of madsim's Endpoint.
const OF_MADSIM_MAX: f64 = 0.2;

/// Counts for every contender and says whether the world keeps its bounds.
pub fn count(contenders: &[Contender]) -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions: skipped, valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    println!("instructions per delivery, counted by callgrind");
    let mut counted = Vec::new();
    for contender in contenders {
        match callgrind(contender.name) {
            Ok(instructions) => {
                let each = instructions as f64 / workload::DELIVERIES as f64;
                println!("{:<28} {:>12.0}", contender.about, each);
                counted.push((contender.name, each));
            }
            Err(what) => {
                eprintln!("{}: {what}", contender.about);
                return ExitCode::FAILURE;
            }
        }
    }
    let of = |name: &str| counted.iter().find(|(counted, _)| *counted == name).map(|(_, each)| *each);
    let (Some(world), Some(by_hand), Some(madsim)) = (of("world"), of("by-hand"), of("madsim")) else {
        return ExitCode::SUCCESS;
    };
    println!(
        "world: {:.2} times the hand-written loop (at most {OF_BY_HAND_MAX}), {:.3} of madsim's Endpoint (at most {OF_MADSIM_MAX})",
        world / by_hand,
        world / madsim
    );
    if world > OF_BY_HAND_MAX * by_hand || world > OF_MADSIM_MAX * madsim { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs this program under callgrind as one contender; the instructions it took.
fn callgrind(name: &str) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg(name)
        .output()
        .map_err(|error| error.to_string())?;
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, count)| count.trim().parse().ok()).ok_or_else(|| format!("callgrind counted nothing:\n{report}"))
}
