//! Signals that end long work early: Ctrl-C, SIGTERM, SIGHUP. What was found is kept and told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::out;

/// A flag that the first signal sets. The second one ends the program at once, for whoever cannot wait for the runs
/// that were begun.
pub fn cancel() -> Arc<AtomicBool> {
    /// What a shell says of a program that an interrupt ended.
    const INTERRUPTED: i32 = 130;
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = cancel.clone();
    let set = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        out::warn("\nstopping: what was begun is finished first; once more to leave at once\n");
    });
    if let Err(error) = set {
        out::warn(&format!("a signal will end this without a summary: {error}\n"));
    }
    cancel
}
