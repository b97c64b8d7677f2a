//! Settings of the stream engine from a file of Flink's keys. Every line is heeded, is told to be ignored, or is one
//! error with its place; never a guess.
//!
//! `keys` says which setting goes where, `restart` does so for restart strategies, whose keys belong together; `value`
//! reads Flink's durations, sizes and numbers.

mod keys;
mod restart;
mod value;

#[cfg(test)]
mod tests;

use std::path::Path;

use contract::plan::Flaw;
use flink_words::settings::StreamPlan;
use harness::mistake::Mistake;
use java_properties::{LineContent, PropertiesIter};

use keys::{IGNORED, KEYS, Key};
use restart::Restart;

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
    pub fn load(path: &Path) -> Result<Conf, Mistake> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| {
            let remedy = "give a file of Java properties, such as `zookeeper.session.timeout = 4000`";
            Mistake::new(format!("--conf {file}"), cause.to_string(), remedy)
        })?;
        Conf::parse(&bytes, &file)
    }

    /// Reads Java properties; `file` is their name in errors.
    fn parse(bytes: &[u8], file: &str) -> Result<Conf, Mistake> {
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

    /// One more setting. The same key again takes the place of the first, as in Java; another name of the same setting
    /// must agree with it.
    fn settle(&mut self, key: &'static Key, line: Line) -> Result<(), Mistake> {
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
    pub fn change(&self, stream: &mut StreamPlan) {
        for (key, line) in &self.settings {
            key.apply(&line.value, stream);
        }
        self.restart.apply(stream);
    }

    /// A flaw of the changed plan as the error of the setting that made it; `None` if none did.
    pub fn blamed(&self, flaw: &Flaw) -> Option<Mistake> {
        let place = flaw.at.join(".");
        let (_, line) = self.settings.iter().find(|(key, _)| place == format!("settings.stream.{}", key.field))?;
        Some(self.bad(line, (flaw.what.clone(), flaw.remedy.clone())))
    }

    /// The error of a line: what is wrong and what to do.
    fn bad(&self, line: &Line, (what, remedy): (String, String)) -> Mistake {
        Mistake::new(format!("{}:{}", self.file, line.number), format!("{} = {}: {what}", line.key, line.value), remedy)
    }
}

/// The lines that set something.
fn lines(bytes: &[u8], file: &str) -> Result<Vec<Line>, Mistake> {
    let mut lines = Vec::new();
    for line in PropertiesIter::new(bytes) {
        let line = line.map_err(|error| {
            let place = error.line_number().map_or_else(|| file.to_string(), |number| format!("{file}:{number}"));
            Mistake::new(place, error.to_string(), "mend the escapes: a backslash begins one, and \\\\ is a backslash")
        })?;
        match line.content() {
            LineContent::KVPair(key, value) => lines.push(Line { number: line.line_number(), key: key.clone(), value: value.trim().to_string() }),
            LineContent::Comment(_) => {}
        }
    }
    Ok(lines)
}
