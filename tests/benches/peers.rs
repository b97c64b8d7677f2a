//! `cargo bench`: builds and runs the benchmark, a package of its own so that no test compiles the peers. Measures
//! nothing itself, and does nothing where cargo only tests it (`cargo test --all-targets`).

use std::process::{Command, exit};

fn main() {
    // So cargo says that it is to measure.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(cargo).args(["run", "--quiet", "--release", "--package", "stormglass-bench"]).status();
    match status {
        Ok(status) => exit(status.code().unwrap_or(1)),
        Err(error) => {
            eprintln!("cargo cannot be started: {error}");
            exit(1);
        }
    }
}
