//! Settings of the stream engine from a file of Flink's keys. Every line is heeded, is told to be ignored, or is one error with its place; never a guess.
//!
//! `keys` says which setting goes where, `restart` does so for restart strategies, whose keys belong together; `value` reads Flink's durations, sizes and numbers.

mod keys;
mod restart;
mod value;

#[cfg(test)]
mod tests;

use std::path::Path;

use java_properties::{LineContent, PropertiesIter};
use thiserror::Error;
use vocab::plan::{Flaw, Plan};

use keys::{IGNORED, KEYS, Key};
use restart::Restart;

/// Why a file of settings cannot be used.
#[derive(Debug, Error)]
pub enum ConfError {
    /// The file cannot be read.
    #[error("--conf {file}: {cause}\n  remedy: give a file of Java properties, such as `zookeeper.session.timeout = 4000`")]
    Io {
        /// Which file.
        file: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It says something that cannot be.
    #[error("{place}: {what}\n  remedy: {remedy}")]
    Bad {
        /// File, and line if it is one line's fault.
        place: String,
        /// Key, value, and what is wrong.
        what: String,
        /// What is allowed.
        remedy: String,
    },
}

/// A line that sets something.
#[derive(Clone, Debug)]
struct Line {
    number: usize,
    key: String,
    value: String,
}

/// A file of settings, read and understood.
#[derive(Debug)]
pub struct Conf {
    file: String,
    /// Keys with their lines, in the file's order.
    settings: Vec<(&'static Key, Line)>,
    restart: Restart,
    /// Keys that do not concern this engine.
    ignored: Vec<String>,
}

impl Conf {
    /// Reads a file of Java properties.
    pub fn load(path: &Path) -> Result<Conf, ConfError> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| ConfError::Io { file: file.clone(), cause })?;
        Conf::parse(&bytes, &file)
    }

    /// Reads Java properties; `file` is their name in errors.
    fn parse(bytes: &[u8], file: &str) -> Result<Conf, ConfError> {
        let mut conf = Conf { file: file.into(), settings: vec![], restart: Restart::default(), ignored: vec![] };
        for line in lines(bytes, file)? {
            if conf.restart.take(&line).map_err(|told| conf.bad(&line, told))? {
                continue;
            }
            match KEYS.iter().find(|key| key.names.contains(&line.key.as_str())) {
                Some(key) => {
                    key.kind.read(&line.value).map_err(|told| conf.bad(&line, told))?;
                    conf.settle(key, line)?;
                }
                None if IGNORED.iter().any(|prefix| line.key.starts_with(prefix)) => conf.ignored.push(line.key),
                None => return Err(conf.bad(&line, ("no setting of this engine".into(), format!("the settings are {}", keys::names().join(", "))))),
            }
        }
        conf.restart.settle().map_err(|(line, told)| conf.bad(&line, told))?;
        Ok(conf)
    }

    /// One more setting. The same key again takes the place of the first, as in Java; another name of the same setting must agree with it.
    fn settle(&mut self, key: &'static Key, line: Line) -> Result<(), ConfError> {
        let Some((_, former)) = self.settings.iter_mut().find(|(other, _)| other.field == key.field) else {
            self.settings.push((key, line));
            return Ok(());
        };
        if former.key != line.key && key.kind.read(&former.value) != key.kind.read(&line.value) {
            let told = (format!("line {} says {} = {}, which is the same setting", former.number, former.key, former.value), "give one of them".into());
            return Err(self.bad(&line, told));
        }
        *former = line;
        Ok(())
    }

    /// What is ignored, a line each, for standard error.
    pub fn notes(&self) -> String {
        self.ignored.iter().map(|key| format!("{}: {key} does not concern this engine and is ignored\n", self.file)).collect()
    }

    /// Puts the settings into a plan's stream engine. Whether the plan can still be run is not asked here.
    pub fn change(&self, plan: &mut Plan) -> Result<(), ConfError> {
        let Some(stream) = &mut plan.stream else {
            return Err(ConfError::Bad {
                place: format!("--conf {}", self.file),
                what: format!("no stream engine takes part in the plans of family {}", plan.family),
                remedy: "give a family with a stream engine, such as stream-failover; `stormglass families` lists them".into(),
            });
        };
        for (key, line) in &self.settings {
            key.apply(&line.value, stream);
        }
        self.restart.apply(stream);
        Ok(())
    }

    /// A flaw of the changed plan as the error of the setting that made it; `None` if none did.
    pub fn blamed(&self, flaw: &Flaw) -> Option<ConfError> {
        let place = flaw.at.join(".");
        let (_, line) = self.settings.iter().find(|(key, _)| place == format!("stream.{}", key.field))?;
        Some(self.bad(line, (flaw.what.clone(), flaw.remedy.clone())))
    }

    /// The error of a line: what is wrong and what to do.
    fn bad(&self, line: &Line, (what, remedy): (String, String)) -> ConfError {
        ConfError::Bad { place: format!("{}:{}", self.file, line.number), what: format!("{} = {}: {what}", line.key, line.value), remedy }
    }
}

/// The lines that set something.
fn lines(bytes: &[u8], file: &str) -> Result<Vec<Line>, ConfError> {
    let mut lines = Vec::new();
    for line in PropertiesIter::new(bytes) {
        let line = line.map_err(|error| ConfError::Bad {
            place: error.line_number().map_or_else(|| file.to_string(), |number| format!("{file}:{number}")),
            what: error.to_string(),
            remedy: "mend the escapes: a backslash begins one, and \\\\ is a backslash".into(),
        })?;
        match line.content() {
            LineContent::KVPair(key, value) => lines.push(Line { number: line.line_number(), key: key.clone(), value: value.trim().to_string() }),
            LineContent::Comment(_) => {}
        }
    }
    Ok(lines)
}
