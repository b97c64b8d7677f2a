//! Files that hold a plan: TOML for people, JSON for programs, read into plain data with the places of everything.
//! Never a system's own type, never a guess.

use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistake::Mistake;

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

/// A file as plain data, with its text to find places in.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name in errors.
    pub file: String,
    text: String,
    format: Format,
    /// What it says.
    pub value: Value,
}

impl Document {
    /// Reads a file, in the format of its name.
    pub fn load(path: &Path) -> Result<Document, Mistake> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|cause| {
            Mistake::new(&file, cause.to_string(), "give a plan that `run … --save FILE` wrote, or a case: a file that exists and can be read")
        })?;
        Document::parse(&text, Format::of(path), &file)
    }

    /// Reads a text; `file` is its name in errors.
    pub fn parse(text: &str, format: Format, file: &str) -> Result<Document, Mistake> {
        let value = match format {
            Format::Toml => toml::from_str(text).map_err(|error| {
                let line = line_of(text, error.span().map_or(0, |span| span.start));
                Mistake::new(format!("{file}:{line}"), error.message().replace('\n', " "), "mend the TOML here")
            })?,
            Format::Json => {
                serde_json::from_str(text).map_err(|error| Mistake::new(format!("{file}:{}", error.line().max(1)), error.to_string(), "mend the JSON here"))?
            }
        };
        Ok(Document { file: file.into(), text: text.into(), format, value })
    }

    /// A mistake at a place: keys and array indexes, from the outside in.
    pub fn mistake(&self, at: &[String], what: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake::new(format!("{}:{}", self.file, line_at(&self.text, self.format, at)), what, remedy)
    }
}

/// The line, from 1, of the value at `path` in a file's text, or of the deepest part of it that is there.
fn line_at(text: &str, format: Format, path: &[String]) -> usize {
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

/// The offset in a JSON text of the value at `path`: keys are looked for one inside the other, array places by counting
/// values at their depth.
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
