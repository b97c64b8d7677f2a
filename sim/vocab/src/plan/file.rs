//! Plans as files: TOML for people, JSON for programs. Every error names the file, the line and the remedy; never a panic, never a guess.

use std::path::Path;

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Flaw, PLAN_FORMAT, Plan};

/// The two ways of writing a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Toml,
    /// For programs.
    Json,
}

impl Format {
    /// JSON for a name that ends in `.json`, else TOML.
    pub fn of(path: &Path) -> Format {
        if path.extension().is_some_and(|extension| extension == "json") { Format::Json } else { Format::Toml }
    }
}

/// Why a plan file cannot be used.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The file cannot be read or written.
    #[error("{file}: {cause}\n  remedy: {remedy}")]
    Io {
        /// Which file.
        file: String,
        /// What the system said.
        cause: std::io::Error,
        /// What to do.
        remedy: String,
    },
    /// The file says something that no plan says.
    #[error("{file}:{line}: {what}\n  remedy: {remedy}")]
    Bad {
        /// Which file.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
}

impl Plan {
    /// Reads a plan from a file, in the format of its name.
    pub fn load(path: &Path) -> Result<Plan, PlanError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|cause| PlanError::Io {
            file: file.clone(),
            cause,
            remedy: "give a plan that `stormglass run … --save FILE` wrote".into(),
        })?;
        Plan::parse(&text, Format::of(path), &file)
    }

    /// Writes the plan to a file, in the format of its name.
    pub fn save(&self, path: &Path) -> Result<(), PlanError> {
        std::fs::write(path, self.text(Format::of(path))).map_err(|cause| PlanError::Io {
            file: path.display().to_string(),
            cause,
            remedy: "name a file in a folder that exists and can be written".into(),
        })
    }

    /// The plan as text.
    pub fn text(&self, format: Format) -> String {
        match format {
            Format::Toml => toml::to_string(self).expect("a plan has string keys and no value that TOML lacks"),
            Format::Json => serde_json::to_string_pretty(self).expect("a plan has string keys") + "\n",
        }
    }

    /// Reads a plan from text; `file` is its name in errors.
    pub fn parse(text: &str, format: Format, file: &str) -> Result<Plan, PlanError> {
        let plan: Plan = match format {
            Format::Toml => parse_toml(text, file)?,
            Format::Json => parse_json(text, file)?,
        };
        plan.check().map_err(|Flaw { at, what, remedy }| {
            let line = line_at(text, format, &at);
            PlanError::Bad { file: file.into(), line, what: format!("{}: {what}", at.join(".")), remedy }
        })?;
        Ok(plan)
    }
}

fn parse_toml(text: &str, file: &str) -> Result<Plan, PlanError> {
    let bad = |error: toml::de::Error, remedy: &str| PlanError::Bad {
        file: file.into(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        what: error.message().replace('\n', " "),
        remedy: remedy.into(),
    };
    let table = DeTable::parse(text).map_err(|error| bad(error, "mend the TOML here"))?;
    let format = table.get_ref().get("format").and_then(|value| match value.get_ref() {
        DeValue::Integer(number) => number.as_str().parse().ok().map(|number: u32| (number, value.span().start)),
        _ => None,
    });
    check_format(format.map(|(number, at)| (number, line_of(text, at))), file)?;
    toml::from_str(text).map_err(|error| bad(error, "compare with a plan that `stormglass run … --save FILE` writes; ARCHITECTURE.md lists the fields"))
}

fn parse_json(text: &str, file: &str) -> Result<Plan, PlanError> {
    let bad = |error: serde_json::Error, remedy: &str| PlanError::Bad {
        file: file.into(),
        line: error.line().max(1),
        what: error.to_string(),
        remedy: remedy.into(),
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| bad(error, "mend the JSON here"))?;
    let format = value
        .get("format")
        .and_then(serde_json::Value::as_u64)
        .map(|number| (u32::try_from(number).unwrap_or(u32::MAX), line_of(text, json_offset_of(text, &["format".into()]))));
    check_format(format, file)?;
    serde_json::from_str(text)
        .map_err(|error| bad(error, "compare with a plan that `stormglass run … --save FILE.json` writes; ARCHITECTURE.md lists the fields"))
}

/// Refuses a file without a format number, or of another format than this build's.
fn check_format(found: Option<(u32, usize)>, file: &str) -> Result<(), PlanError> {
    let (line, what, remedy) = match found {
        Some((PLAN_FORMAT, _)) => return Ok(()),
        None => (1, "no format number: this is no plan".into(), format!("a plan begins with `format = {PLAN_FORMAT}`")),
        Some((older, line)) if older < PLAN_FORMAT => {
            (line, format!("a plan of format {older}"), format!("this build reads format {PLAN_FORMAT}; draw the plan again from its family and seed"))
        }
        Some((newer, line)) => {
            (line, format!("a plan of format {newer}"), format!("this build reads format {PLAN_FORMAT}; use the build that wrote the file, or a newer one"))
        }
    };
    Err(PlanError::Bad { file: file.into(), line, what, remedy })
}

/// The line, from 1, of the value at `path` in a file's text, or of the deepest part of it that is there. For files that hold a plan among other things.
pub fn line_at(text: &str, format: Format, path: &[String]) -> usize {
    match format {
        Format::Toml => line_of(text, offset_of(text, path)),
        Format::Json => line_of(text, json_offset_of(text, path)),
    }
}

/// The line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The offset of the value at `path`, or of the deepest part of it that is there.
fn offset_of(text: &str, path: &[String]) -> usize {
    let Ok(table) = DeTable::parse(text) else { return 0 };
    let mut offset = 0;
    let mut here: Option<&Spanned<DeValue<'_>>> = None;
    for (depth, step) in path.iter().enumerate() {
        let next = match here.map(Spanned::get_ref) {
            None if depth == 0 => table.get_ref().get(step.as_str()),
            Some(DeValue::Table(table)) => table.get(step.as_str()),
            Some(DeValue::Array(items)) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        };
        let Some(next) = next else { break };
        offset = next.span().start;
        here = Some(next);
    }
    offset
}

/// The offset in a JSON text of the value at `path`: keys are looked for one inside the other, array places by counting values at their depth.
fn json_offset_of(text: &str, path: &[String]) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    for step in path {
        let index = step.parse::<usize>().ok();
        let (mut depth, mut count, mut i) = (0usize, 0usize, at);
        let mut found = None;
        while i < bytes.len() {
            match bytes[i] {
                b'"' => {
                    let start = i + 1;
                    i = start;
                    while i < bytes.len() && bytes[i] != b'"' {
                        i += if bytes[i] == b'\\' { 2 } else { 1 };
                    }
                    if depth == 1 && index.is_none() && text.get(start..i) == Some(step) && text[i + 1..].trim_start().starts_with(':') {
                        found = text[i..].find(':').map(|colon| i + colon + 1);
                        break;
                    }
                }
                b'{' | b'[' => {
                    depth += 1;
                    if depth == 1 && index == Some(0) {
                        found = Some(i + 1);
                        break;
                    }
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                b',' if depth == 1 => {
                    count += 1;
                    if index == Some(count) {
                        found = Some(i + 1);
                        break;
                    }
                }
                _ => {}
            }
            i += 1;
        }
        let Some(found) = found else { break };
        at = found + text[found..].len() - text[found..].trim_start().len();
    }
    at
}
