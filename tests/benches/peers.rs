//! `cargo bench`: builds and runs the benchmark, a package of its own so that no test compiles the peers. Measures nothing itself.

use std::process::{Command, exit};

fn main() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(cargo).args(["run", "--quiet", "--release", "--package", "bench"]).status();
    match status {
        Ok(status) => exit(status.code().unwrap_or(1)),
        Err(error) => {
            eprintln!("cargo cannot be started: {error}");
            exit(1);
        }
    }
}
