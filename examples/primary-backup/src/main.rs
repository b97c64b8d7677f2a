//! The whole command for the counter: `fuzz`, `run`, `replay`, `families`, `rules`, `probes`, `plants`.

fn main() -> std::process::ExitCode {
    stormglass::main::<primary_backup::Counter>()
}
