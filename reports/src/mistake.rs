//! Mistakes of the user: what is wrong, where, and what to do. Never a verdict on a run.

use scenarios::cases::CaseError;
use scenarios::change::ChangeError;
use scenarios::conform::ConformError;
use thiserror::Error;
use vocab::plan::PlanError;

use crate::conf::ConfError;

/// Something that the user must mend; exit code 64 (EX_USAGE).
#[derive(Debug, Error)]
pub enum Mistake {
    /// No family has that name.
    #[error("--family {name}: there is no such family\n  remedy: give one of {known}")]
    Family {
        /// The name that was given.
        name: String,
        /// All families.
        known: String,
    },
    /// A plan file cannot be read or written, or is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan cannot be changed so.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A file of settings cannot be read, or says what cannot be.
    #[error(transparent)]
    Conf(#[from] ConfError),
    /// A case file is no case.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A recording of a real server cannot be read, or is none.
    #[error(transparent)]
    Recording(#[from] ConformError),
}

impl Mistake {
    /// The exit code for every mistake.
    pub const EXIT_CODE: u8 = 64;
}
