//! Verdicts: what the judge says of a run, and how much it judged to say so. Data only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A rule's name, as in reports and cases: `zab.total-order`.
pub type RuleId = &'static str;

/// What the judge says of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every rule held.
    Holds,
    /// A rule is broken.
    Broken {
        /// Which.
        rule: String,
        /// What shows it, in words a reader can check against the recording.
        witness: String,
    },
    /// The system did not come back to life after the heal.
    Stuck {
        /// Which liveness rule.
        rule: String,
        /// What waits for what.
        witness: String,
    },
    /// A process panicked.
    Crashed {
        /// Machine, file, line.
        place: String,
        /// What the panic said.
        message: String,
    },
}

impl Verdict {
    /// One word, as in a run's last line.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Broken { .. } => "broken",
            Verdict::Stuck { .. } => "stuck",
            Verdict::Crashed { .. } => "crashed",
        }
    }

    /// The process' exit code for it: 0, 1, 2, 3.
    pub fn exit_code(&self) -> u8 {
        match self {
            Verdict::Holds => 0,
            Verdict::Broken { .. } => 1,
            Verdict::Stuck { .. } => 2,
            Verdict::Crashed { .. } => 3,
        }
    }
}

/// How much a rule judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tally {
    /// Facts or requests that it judged.
    pub judged: u64,
    /// Facts or requests that it had to leave alone because the plan says that they cannot be judged.
    pub waived: u64,
}

/// A verdict with what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// How much each rule judged, by rule id; rules that judged nothing are listed with 0.
    pub tallies: BTreeMap<String, Tally>,
}
