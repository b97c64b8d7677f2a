//! Changes: what a person wants otherwise than a family drew it: another job, a field, a known bug. Data that is applied to a plan before it runs; never a choice of its own.

mod set;

#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;
use vocab::plan::{Flaw, Plan, Plant, StreamPlant};
use vocab::stream::job::JobKind;

pub use set::Set;

/// A known bug of either system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Of the coordination service, or of its clients.
    Service(Plant),
    /// Of the stream engine.
    Stream(StreamPlant),
}

impl Bug {
    /// All known bugs, the service's first.
    pub fn all() -> impl Iterator<Item = Bug> {
        Plant::ALL.into_iter().map(Bug::Service).chain(StreamPlant::ALL.into_iter().map(Bug::Stream))
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Bug::Service(plant) => plant.name(),
            Bug::Stream(plant) => plant.name(),
        }
    }
}

/// What is to be otherwise, in the order in which it is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Another job.
    pub job: Option<JobKind>,
    /// Fields of the plan.
    pub sets: Vec<Set>,
    /// A known bug, switched on.
    pub plant: Option<Bug>,
}

/// Why a plan cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{flag}: {what}\n  remedy: {remedy}")]
pub struct ChangeError {
    /// What was wanted, as it was written.
    pub flag: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// What to do where a stream engine is missing.
const GIVE_A_FAMILY: &str = "give a family with a stream engine, such as stream-failover; `stormglass families` lists them";

impl Changes {
    /// Whether everything stays as it is drawn.
    pub fn is_none(&self) -> bool {
        *self == Changes::default()
    }

    /// Whether the plan must have a stream engine.
    pub fn needs_stream(&self) -> bool {
        self.job.is_some() || matches!(self.plant, Some(Bug::Stream(_))) || self.sets.iter().any(Set::is_of_stream)
    }

    /// Changes a plan, and checks it when all is changed; it stays as it is if that is not possible.
    pub fn apply(&self, plan: &mut Plan) -> Result<(), ChangeError> {
        let mut changed = plan.clone();
        self.change(&mut changed)?;
        changed.check().map_err(|flaw| self.blamed(flaw))?;
        *plan = changed;
        Ok(())
    }

    /// Changes a plan. Whether it can still be run is not asked here.
    pub fn change(&self, changed: &mut Plan) -> Result<(), ChangeError> {
        if let Some(job) = self.job {
            changed.stream.as_mut().ok_or_else(|| no_stream(format!("--job {}", job.name())))?.job = job;
        }
        for set in &self.sets {
            set.apply(changed)?;
        }
        match self.plant {
            Some(Bug::Service(plant)) => changed.coordination.plant = Some(plant),
            Some(Bug::Stream(plant)) => changed.stream.as_mut().ok_or_else(|| no_stream(format!("--plant {}", plant.name())))?.plant = Some(plant),
            None => {}
        }
        Ok(())
    }

    /// A flaw of the changed plan, told with the change that names its place, or with all of them.
    pub fn blamed(&self, Flaw { at, what, remedy }: Flaw) -> ChangeError {
        let place = at.join(".");
        let set = self.sets.iter().rev().find(|set| set.touches(&place));
        let flag = set.map_or_else(|| self.to_string().trim_start().to_string(), |set| format!("--set {set}"));
        ChangeError { flag, what: format!("{place}: {what}"), remedy }
    }
}

/// Something was wanted of a stream engine that is not there.
fn no_stream(flag: String) -> ChangeError {
    ChangeError { flag, what: "no stream engine takes part in this plan".into(), remedy: GIVE_A_FAMILY.into() }
}

/// As flags of the command line, each with a space before it.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(job) = self.job {
            write!(f, " --job {}", job.name())?;
        }
        for set in &self.sets {
            write!(f, " --set {}", quoted(&set.to_string()))?;
        }
        match self.plant {
            Some(plant) => write!(f, " --plant {}", plant.name()),
            None => Ok(()),
        }
    }
}

/// `text` as one word of a shell.
pub fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c));
    if plain { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
