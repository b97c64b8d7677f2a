//! Saving a plan: whole or not at all. The text goes into a new file beside the target, which then takes its name; what
//! stood there before is never half overwritten.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::mistake::Mistake;

/// Writes a text to `target`.
pub fn save(text: &str, target: &Path) -> Result<(), Mistake> {
    let place = target.display().to_string();
    write(target, text.as_bytes()).map_err(|cause| Mistake::new(place, cause.to_string(), "name a file in a folder that exists and can be written"))
}

fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    // A device or a pipe (`/dev/stdout`) cannot be replaced, and holds nothing that could be lost.
    if fs::metadata(target).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return fs::write(target, bytes);
    }
    // What a link points to is replaced, not the link.
    let target = &fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf());
    let beside = beside(target);
    let mut file = File::create(&beside)?;
    let done = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, target));
    if done.is_err() {
        // Best effort: the first error is the one worth telling.
        let _ = fs::remove_file(&beside);
    }
    done
}

/// A name of this process' own in the target's folder, where a rename is atomic. It is short, so that any name that
/// fits its folder can be saved to.
fn beside(target: &Path) -> PathBuf {
    target.with_file_name(format!(".stormglass.{}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("stormglass-save-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_stood_there_is_replaced_whole_and_nothing_is_left_beside() {
        let folder = folder("whole");
        let target = folder.join("plan.toml");
        fs::write(&target, "an older and much longer text").unwrap();
        write(&target, b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_write_that_fails_leaves_everything_as_it_was() {
        let folder = folder("fails");
        assert!(write(&folder.join("missing/plan.toml"), b"new").is_err());
        assert!(write(&folder, b"new").is_err(), "a folder is no file");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = folder("link");
        fs::write(folder.join("real.toml"), "old").unwrap();
        std::os::unix::fs::symlink(folder.join("real.toml"), folder.join("plan.toml")).unwrap();
        write(&folder.join("plan.toml"), b"new").unwrap();
        assert_eq!(fs::read_to_string(folder.join("real.toml")).unwrap(), "new");
        assert!(fs::symlink_metadata(folder.join("plan.toml")).unwrap().is_symlink());
        fs::remove_dir_all(folder).unwrap();
    }
}
