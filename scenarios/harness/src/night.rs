//! A night: a fuzz whose state is a folder, so that it can be stopped at any moment and goes on where it was. Text
//! files that grow by lines, since a kill at any byte leaves all lines before it whole; an embedded store would keep the
//! same promise, and could be read by nobody.
//!
//! `night.log` begins with what is fuzzed, and has a line for each run that was counted. `findings/<rule>-<cause>/` has
//! `seen.log`, a line for each failure of that cause, and `case.toml`, the cheapest of them. A failure is written
//! before its run is counted, and is known again if the run comes twice.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::mistake::Mistake;
use crate::plan::save;

/// The first word of the log: this form of it.
const HEAD: &str = "stormglass-night-1";

/// A folder of a night, held by this process alone.
pub struct Night {
    folder: PathBuf,
    log: File,
    next: u128,
    findings: BTreeMap<String, Finding>,
}

/// What is known of a cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The runs that failed so, as `family seed`, with their events.
    pub seen: BTreeMap<String, u64>,
}

/// What a failure is to a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The first of its cause.
    New,
    /// Of a known cause, and cheaper than all before.
    Cheaper,
    /// Of a known cause.
    Known,
}

impl Night {
    /// Opens a night, or begins it. `what` says in one line what is fuzzed: a night is of one thing.
    pub fn open(folder: &Path, what: &str) -> Result<Night, Mistake> {
        let failed = |path: &Path, cause: &io::Error| Mistake::new(path.display().to_string(), cause.to_string(), "name a folder that can be written");
        fs::create_dir_all(folder.join("findings")).map_err(|cause| failed(folder, &cause))?;
        let path = folder.join("night.log");
        let log = appending(&path).map_err(|cause| failed(&path, &cause))?;
        match log.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Mistake::new(folder.display().to_string(), "another process is at this night", "wait for it, or name another folder"));
            }
            Err(TryLockError::Error(cause)) => return Err(failed(&path, &cause)),
        }
        let text = mended(&path, &log).map_err(|cause| failed(&path, &cause))?;
        let head = format!("{HEAD} {what}");
        let mut night = Night { folder: folder.into(), log, next: 0, findings: BTreeMap::new() };
        let done = text.lines().filter_map(|line| line.strip_prefix("done ")?.parse().ok()).max();
        if !text.lines().any(|line| line == head) {
            if let Some(first) = text.lines().next() {
                let was = first.strip_prefix(HEAD).map_or("of another program", str::trim);
                let remedy = "name another folder, or give the flags of this night";
                return Err(Mistake::new(format!("{}:1", path.display()), format!("this night is {was:?}, not {what:?}"), remedy));
            }
            night.write(&format!("{head}\n")).map_err(|cause| failed(&path, &cause))?;
        }
        night.next = done.unwrap_or(0);
        night.read_findings().map_err(|cause| failed(&folder.join("findings"), &cause))?;
        Ok(night)
    }

    /// The place of the first run that was not counted.
    pub fn next(&self) -> u128 {
        self.next
    }

    /// The causes, by the names of their folders.
    pub fn findings(&self) -> &BTreeMap<String, Finding> {
        &self.findings
    }

    /// All runs before this place are counted.
    pub fn done(&mut self, next: u128) -> io::Result<()> {
        self.next = next;
        self.write(&format!("done {next}\n"))
    }

    /// A run failed. `case` writes it, if it is the cheapest of its cause.
    pub fn found(&mut self, cause: &str, family: &str, seed: u64, events: u64, case: impl FnOnce() -> String) -> io::Result<Found> {
        let folder = self.folder.join("findings").join(cause);
        let run = format!("{family} {seed}");
        let finding = self.findings.entry(cause.into()).or_default();
        if finding.seen.contains_key(&run) {
            return Ok(Found::Known);
        }
        let found = match finding.seen.values().min() {
            None => Found::New,
            Some(least) if events < *least => Found::Cheaper,
            Some(_) => Found::Known,
        };
        finding.seen.insert(run.clone(), events);
        fs::create_dir_all(&folder)?;
        if found != Found::Known {
            save(&case(), &folder.join("case.toml")).map_err(|mistake| io::Error::other(mistake.to_string()))?;
        }
        appending(&folder.join("seen.log"))?.write_all(format!("{run} {events}\n").as_bytes())?;
        Ok(found)
    }

    /// In one piece, so that a kill leaves the line whole or cut, and never mixed with another.
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.log.write_all(line.as_bytes())
    }

    fn read_findings(&mut self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.join("findings"))? {
            let entry = entry?;
            let path = entry.path().join("seen.log");
            if !path.exists() {
                continue;
            }
            let text = mended(&path, &appending(&path)?)?;
            let seen = text.lines().filter_map(|line| line.rsplit_once(' ')).filter_map(|(run, events)| Some((run.to_string(), events.parse().ok()?)));
            self.findings.insert(entry.file_name().to_string_lossy().into_owned(), Finding { seen: seen.collect() });
        }
        Ok(())
    }
}

/// A file that grows; made if it is not there.
fn appending(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// What stands in a file that grows. A last line that a kill has cut off is taken away, since a part of a number is
/// another number.
fn mended(path: &Path, file: &File) -> io::Result<String> {
    let mut text = fs::read_to_string(path)?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        text.truncate(whole);
        file.set_len(whole as u64)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes with the test.
    struct Folder(PathBuf);
    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("stormglass-night-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Folder(path)
        }
        fn open(&self) -> Night {
            Night::open(&self.0, "all").unwrap_or_else(|mistake| panic!("{mistake}"))
        }
    }
    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_night_goes_on_where_it_was() {
        let folder = Folder::new("goes-on");
        let mut night = folder.open();
        assert_eq!(night.next(), 0);
        assert_eq!(night.found("a", "calm", 3, 100, || "case".into()).unwrap(), Found::New);
        night.done(4).unwrap();
        assert_eq!(night.found("a", "calm", 5, 90, || "cheaper".into()).unwrap(), Found::Cheaper);
        assert_eq!(night.found("a", "calm", 6, 95, || unreachable!()).unwrap(), Found::Known);
        assert!(Night::open(&folder.0, "all").is_err_and(|mistake| mistake.to_string().contains("another process")));
        drop(night);
        let mut night = folder.open();
        assert_eq!((night.next(), night.findings()["a"].seen.len()), (4, 3));
        // The run that was not counted comes again, and is known.
        assert_eq!(night.found("a", "calm", 5, 90, || unreachable!()).unwrap(), Found::Known);
        assert_eq!(fs::read_to_string(folder.0.join("findings/a/case.toml")).unwrap(), "cheaper");
        assert_eq!(fs::read_to_string(folder.0.join("findings/a/seen.log")).unwrap(), "calm 3 100\ncalm 5 90\ncalm 6 95\n");
        drop(night);
        let told = Night::open(&folder.0, "--family calm").err().map(|mistake| mistake.to_string()).expect("it is another thing");
        assert!(told.contains("night.log:1") && told.contains("\"all\""), "{told}");
    }

    #[test]
    fn a_night_that_was_cut_at_any_byte_can_be_read_and_has_lost_no_whole_line() {
        let folder = Folder::new("cut");
        let mut night = folder.open();
        night.found("a", "calm", 1, 10, || "case".into()).unwrap();
        (1..=12).for_each(|next| night.done(next).unwrap());
        drop(night);
        let seen = folder.0.join("findings/a/seen.log");
        let line = fs::read(&seen).unwrap();
        for cut in 0..line.len() {
            fs::write(&seen, &line[..cut]).unwrap();
            folder.open().found("a", "crashes", 2, 20, || "case".into()).unwrap();
            assert_eq!(folder.open().findings()["a"].seen.get("crashes 2"), Some(&20), "cut at {cut}");
        }
        let whole = fs::read(folder.0.join("night.log")).unwrap();
        for cut in 0..=whole.len() {
            fs::write(folder.0.join("night.log"), &whole[..cut]).unwrap();
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            drop(folder.open());
            let mut night = folder.open();
            assert_eq!(night.next(), lines.saturating_sub(1) as u128, "cut at {cut}");
            night.done(77).unwrap();
            drop(night);
            assert_eq!(folder.open().next(), 77, "what comes after a cut is read, cut at {cut}");
        }
    }
}
