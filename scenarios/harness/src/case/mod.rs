//! Cases: plans with the verdict that they must give, as files. Failures once found and shrunk, and plants that a rule
//! must see. Never the running of one.

use std::path::{Path, PathBuf};

use contract::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::mistake::Mistake;
use crate::plan::{Document, Format, plain, read, typed};
use crate::system::{Plan, System};

#[cfg(test)]
mod tests;

/// The format of cases that this build reads and writes.
pub const CASE_FORMAT: u32 = 1;
/// Where the plan of a case stands in its file.
pub const PLAN: &[&str] = &["plan"];
/// What a case is, for whoever wrote another thing.
const SHAPE: &str = "a case has `format`, `about`, `[expect]` and, under `[plan]`, a plan as `run … --save FILE` writes it";

/// A case without its plan: what it is about, and what the judge must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case<P> {
    /// What went wrong once, or what the plant does, in a sentence or two.
    pub about: String,
    /// What the judge must say.
    pub expect: Expect,
    /// What happens.
    pub plan: P,
}

/// What the judge must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The verdict.
    pub verdict: Word,
    /// The rule that must break, for `broken` and `stuck`; any if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// A verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Every rule holds.
    Holds,
    /// A rule breaks.
    Broken,
    /// The system does not come back to life.
    Stuck,
    /// A process panics.
    Crashed,
}

/// A case file, its plan as plain data.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: u32,
    about: String,
    expect: Expect,
    plan: Value,
}

/// Whether a document has a plan inside it rather than being one.
pub fn is_case(document: &Document) -> bool {
    document.value.get("plan").is_some()
}

/// Reads what a case is about and what it expects; its plan stays as it is, for whoever knows its system.
pub fn head(document: &Document) -> Result<(String, Expect), Mistake> {
    let Raw { format, about, expect, plan: _ } = typed(document.value.clone()).map_err(|(at, what)| document.mistake(&at, what, SHAPE))?;
    let place = |at: &[&str]| at.iter().map(ToString::to_string).collect::<Vec<_>>();
    if format != CASE_FORMAT {
        return Err(document.mistake(&place(&["format"]), format!("a case of format {format}"), format!("this build reads format {CASE_FORMAT}")));
    }
    if expect.rule.is_some() && matches!(expect.verdict, Word::Holds | Word::Crashed) {
        let remedy = "leave the rule out, or expect `broken` or `stuck`";
        return Err(document.mistake(&place(&["expect", "rule"]), "no rule breaks in such a verdict", remedy));
    }
    Ok((about, expect))
}

impl<P> Case<P> {
    /// The case as text, of a plan that is written as plain data.
    pub fn text(&self, format: Format) -> String
    where
        P: Serialize,
    {
        let raw = Raw { format: CASE_FORMAT, about: self.about.clone(), expect: self.expect.clone(), plan: plain(&self.plan) };
        match format {
            Format::Toml => toml::to_string(&raw).expect("a case has string keys and no value that TOML lacks"),
            Format::Json => serde_json::to_string_pretty(&raw).expect("a case has string keys") + "\n",
        }
    }
}

/// Reads a case of a system.
pub fn load<S: System>(path: &Path) -> Result<Case<Plan<S>>, Mistake> {
    of_document::<S>(&Document::load(path)?)
}

/// The case of a system in a document.
pub fn of_document<S: System>(document: &Document) -> Result<Case<Plan<S>>, Mistake> {
    let (about, expect) = head(document)?;
    Ok(Case { about, expect, plan: read::<S>(document, PLAN)? })
}

/// The case files of a folder, in the order of their names.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let mistake = |cause: std::io::Error| Mistake::new(folder.display().to_string(), cause.to_string(), "name a folder of cases that can be read");
    let mut paths = vec![];
    for entry in std::fs::read_dir(folder).map_err(mistake)? {
        let path = entry.map_err(mistake)?.path();
        if path.extension().is_some_and(|extension| extension == "toml" || extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl Expect {
    /// Whether a verdict is the expected one.
    pub fn is_met_by(&self, verdict: &Verdict) -> bool {
        let (word, rule) = match verdict {
            Verdict::Holds => (Word::Holds, None),
            Verdict::Broken { rule, .. } => (Word::Broken, Some(rule)),
            Verdict::Stuck { rule, .. } => (Word::Stuck, Some(rule)),
            Verdict::Crashed { .. } => (Word::Crashed, None),
        };
        word == self.verdict && (self.rule.is_none() || self.rule.as_ref() == rule)
    }
}
