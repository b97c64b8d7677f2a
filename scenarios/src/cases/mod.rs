//! Cases: plans with the verdict that they must give, as TOML files. Failures once found and shrunk, and plants that a rule must see. Never the running of one.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vocab::plan::{Flaw, Format, Plan, line_at};
use vocab::verdict::Verdict;

/// The format of cases that this build reads.
pub const CASE_FORMAT: u32 = 1;

/// A plan with the verdict that it must give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// [`CASE_FORMAT`].
    pub format: u32,
    /// What it is about: what went wrong once, or what the plant does, in a sentence or two.
    pub about: String,
    /// What the judge must say.
    pub expect: Expect,
    /// What happens.
    pub plan: Plan,
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

/// Why a case file cannot be used.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The file or folder cannot be read.
    #[error("{file}: {cause}\n  remedy: name a file that exists and can be read")]
    Io {
        /// Which.
        file: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file says something that no case says.
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

/// Reads a case from a TOML file.
pub fn load_case(path: &Path) -> Result<Case, CaseError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| CaseError::Io { file: file.clone(), cause })?;
    Case::parse(&text, &file)
}

/// All cases of a folder, by path, in the order of their names.
pub fn load_cases(folder: &Path) -> Result<Vec<(PathBuf, Case)>, CaseError> {
    let io = |cause| CaseError::Io { file: folder.display().to_string(), cause };
    let mut paths = vec![];
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), load_case(&path)?))).collect()
}

impl Case {
    /// Reads a case from text; `file` is its name in errors.
    pub fn parse(text: &str, file: &str) -> Result<Case, CaseError> {
        let bad = |line, what, remedy: &str| CaseError::Bad { file: file.into(), line, what, remedy: remedy.into() };
        let case: Case = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1;
            bad(
                line,
                error.message().replace('\n', " "),
                "a case has `format`, `about`, `[expect]` and, under `[plan]`, a plan as `stormglass run … --save FILE` writes it",
            )
        })?;
        let line = |at: &[&str]| line_at(text, Format::Toml, &at.iter().map(ToString::to_string).collect::<Vec<_>>());
        if case.format != CASE_FORMAT {
            return Err(bad(line(&["format"]), format!("a case of format {}", case.format), &format!("this build reads format {CASE_FORMAT}")));
        }
        if case.plan.format != vocab::plan::PLAN_FORMAT {
            let remedy = format!("this build reads format {}; draw the plan again", vocab::plan::PLAN_FORMAT);
            return Err(bad(line(&["plan", "format"]), format!("a plan of format {}", case.plan.format), &remedy));
        }
        if case.expect.rule.is_some() && matches!(case.expect.verdict, Word::Holds | Word::Crashed) {
            return Err(bad(line(&["expect", "rule"]), "no rule breaks in such a verdict".into(), "leave the rule out, or expect `broken` or `stuck`"));
        }
        case.plan.check().map_err(|Flaw { mut at, what, remedy }| {
            at.insert(0, "plan".into());
            bad(line_at(text, Format::Toml, &at), format!("{}: {what}", at.join(".")), &remedy)
        })?;
        Ok(case)
    }

    /// The case as TOML.
    pub fn text(&self) -> String {
        toml::to_string(self).expect("a case has string keys and no value that TOML lacks")
    }
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
