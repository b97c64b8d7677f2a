//! Standard output: text for whoever reads it, as long as somebody does. A reader that leaves early (`| head`) is no
//! failure of ours; never a panic.

use std::io::{ErrorKind, Write};

/// Writes `text` to standard output, in one piece.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A full disk behind a redirection is worth a word; a closed pipe is not.
        if error.kind() != ErrorKind::BrokenPipe {
            warn(&format!("standard output: {error}\n"));
        }
    }
}

/// Writes `text` to standard error; nothing is left to be done if that fails.
pub fn warn(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
