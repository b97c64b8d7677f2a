//! Cases: plans with the verdict that they must give, as files. Failures once found and shrunk, and plants that a rule
//! must see. Never the running of one.

use std::path::{Path, PathBuf};

use contract::plan::Seed;
use contract::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cause::Cause;
use crate::mistake::Mistake;
use crate::plan::{Document, Format, plain, read, typed};
use crate::system::{Plan, System};

#[cfg(test)]
mod tests;

/// The format of cases that this build reads and writes.
pub const CASE_FORMAT: u32 = 2;
/// The oldest format that it reads: cases of format 1 had no origin, cause and hash.
const OLDEST: u32 = 1;
/// Where the plan of a case stands in its file.
pub const PLAN: &[&str] = &["plan"];
/// What a case is, for whoever wrote another thing.
const SHAPE: &str = "a case has `format`, `about`, `[expect]` and, under `[plan]`, a plan as `run … --save FILE` writes it";

/// A case without its plan: what it is about, and what the judge must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case<P> {
    /// What went wrong once, or what the plant does, in a sentence or two.
    pub about: String,
    /// Where it comes from, if that is known.
    pub origin: Option<Origin>,
    /// What the judge must say.
    pub expect: Expect,
    /// What happens.
    pub plan: P,
}

/// Where a case comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The family that drew its plan before it was shrunk.
    pub family: String,
    /// The seed from which it drew it.
    pub seed: Seed,
    /// The version of the program that found it.
    pub version: String,
    /// The commit that the program was built from, where `STORMGLASS_COMMIT` said so to the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

impl Origin {
    /// Found by this program, in a plan of that family and seed.
    pub fn here(family: &str, seed: u64) -> Origin {
        Origin { family: family.into(), seed: Seed(seed), version: env!("CARGO_PKG_VERSION").into(), commit: option_env!("STORMGLASS_COMMIT").map(Into::into) }
    }
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
    /// What the witness says but for its numbers, as [`Cause`](crate::cause::Cause) has it; anything if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The running hash of the run that was recorded, as 32 hex digits. Another one is another path to the same end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    expect: Expect,
    plan: Value,
}

/// A case without its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it is about.
    pub about: String,
    /// Where it comes from.
    pub origin: Option<Origin>,
    /// What the judge must say.
    pub expect: Expect,
}

/// Whether a document has a plan inside it rather than being one.
pub fn is_case(document: &Document) -> bool {
    document.value.get("plan").is_some()
}

/// Reads what a case is about and what it expects; its plan stays as it is, for whoever knows its system.
pub fn head(document: &Document) -> Result<Head, Mistake> {
    let Raw { format, about, origin, expect, plan: _ } = typed(document.value.clone()).map_err(|(at, what)| document.mistake(&at, what, SHAPE))?;
    let place = |at: &[&str]| at.iter().map(ToString::to_string).collect::<Vec<_>>();
    if !(OLDEST..=CASE_FORMAT).contains(&format) {
        let remedy = format!("this build reads formats {OLDEST} to {CASE_FORMAT}");
        return Err(document.mistake(&place(&["format"]), format!("a case of format {format}"), remedy));
    }
    if expect.rule.is_some() && matches!(expect.verdict, Word::Holds | Word::Crashed) {
        let remedy = "leave the rule out, or expect `broken` or `stuck`";
        return Err(document.mistake(&place(&["expect", "rule"]), "no rule breaks in such a verdict", remedy));
    }
    Ok(Head { about, origin, expect })
}

impl Case<Value> {
    /// A case of a run that failed so; what it is about is its cause.
    pub fn of_failure(origin: Origin, verdict: &Verdict, hash: &str, plan: Value) -> Case<Value> {
        let about = Cause::of(verdict).map(|Cause { rule, says, .. }| format!("{rule}: {says}")).unwrap_or_default();
        Case { about, origin: Some(origin), expect: Expect::again(verdict, hash), plan }
    }
}

impl<P> Case<P> {
    /// The case as text, of a plan that is written as plain data.
    pub fn text(&self, format: Format) -> String
    where
        P: Serialize,
    {
        let raw = Raw { format: CASE_FORMAT, about: self.about.clone(), origin: self.origin.clone(), expect: self.expect.clone(), plan: plain(&self.plan) };
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
    let Head { about, origin, expect } = head(document)?;
    Ok(Case { about, origin, expect, plan: read::<S>(document, PLAN)? })
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

/// How a run compares with what a case expects of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// It holds, as the case wants it.
    Holds,
    /// It fails, and the run is the recorded one.
    AsRecorded,
    /// It fails as the case says, which has no record of the run.
    AsExpected,
    /// It fails for the recorded cause, in another run.
    ByAnotherPath,
    /// The case expects a failure, and it holds.
    HoldsNow,
    /// It fails, and not as the case says.
    Otherwise,
}

impl Compared {
    /// In words, for the one who replays it.
    pub fn text(self) -> &'static str {
        match self {
            Compared::Holds => "holds, as expected",
            Compared::AsRecorded => "fails as recorded (same hash)",
            Compared::AsExpected => "fails as expected",
            Compared::ByAnotherPath => "fails the same way by another path",
            Compared::HoldsNow => "holds now",
            Compared::Otherwise => "fails otherwise",
        }
    }

    /// The exit code where the verdict's own does not say it.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Compared::Holds | Compared::AsRecorded | Compared::AsExpected | Compared::ByAnotherPath => None,
            Compared::HoldsNow => Some(4),
            Compared::Otherwise => Some(5),
        }
    }
}

impl Expect {
    /// What is expected of a run that gave this verdict, for the same cause, and with this hash.
    pub fn again(verdict: &Verdict, hash: &str) -> Expect {
        let (word, rule) = word_and_rule(verdict);
        Expect { verdict: word, rule: rule.cloned(), cause: Cause::of(verdict).map(|cause| cause.says), hash: Some(hash.into()) }
    }

    /// That it holds.
    pub const HOLDS: Expect = Expect { verdict: Word::Holds, rule: None, cause: None, hash: None };

    /// How a run with this verdict and this hash compares.
    pub fn compared(&self, verdict: &Verdict, hash: &str) -> Compared {
        match (verdict, self.verdict) {
            (Verdict::Holds, Word::Holds) => Compared::Holds,
            (Verdict::Holds, _) => Compared::HoldsNow,
            _ if !self.is_met_by(verdict) => Compared::Otherwise,
            _ if self.hash.as_deref() == Some(hash) => Compared::AsRecorded,
            _ if self.hash.is_none() && self.cause.is_none() => Compared::AsExpected,
            _ if self.cause.is_none() || self.cause == Cause::of(verdict).map(|cause| cause.says) => Compared::ByAnotherPath,
            _ => Compared::Otherwise,
        }
    }

    /// Whether a verdict is the expected one.
    pub fn is_met_by(&self, verdict: &Verdict) -> bool {
        let (word, rule) = word_and_rule(verdict);
        word == self.verdict && (self.rule.is_none() || self.rule.as_ref() == rule)
    }
}

/// The verdict in a word, and the rule that broke.
fn word_and_rule(verdict: &Verdict) -> (Word, Option<&String>) {
    match verdict {
        Verdict::Holds => (Word::Holds, None),
        Verdict::Broken { rule, .. } => (Word::Broken, Some(rule)),
        Verdict::Stuck { rule, .. } => (Word::Stuck, Some(rule)),
        Verdict::Crashed { .. } => (Word::Crashed, None),
    }
}
