//! What a rule is: one law, as a fold over evidence, with its statement and its source. Never a verdict on the whole,
//! which is `judge`'s.

use contract::verdict::{RuleId, Tally};

use crate::view::View;

/// A system's laws: what their rules look at.
pub trait Law: Sized + 'static {
    /// A recording read once, as the rules look at it.
    type Evidence<'r>;

    /// Whether faults beyond the budget destroyed something on which durability rests: then rules that rely on it are
    /// waived, see [`Footing`].
    fn is_lossy(_evidence: &Self::Evidence<'_>) -> bool {
        false
    }
}

/// The laws of a system that contains another one: its evidence contains the other's.
pub trait Contains<I: Law>: Law {
    /// The contained system's evidence.
    fn part<'e, 'r>(evidence: &'e Self::Evidence<'r>) -> &'e I::Evidence<'r>
    where
        'r: 'e;
}

/// The law of a system whose evidence is the recording itself: `X` are its settings, `F` its facts.
pub struct Plain<X, F>(std::marker::PhantomData<fn(X, F)>);

impl<X: 'static, F: 'static> Law for Plain<X, F> {
    type Evidence<'r> = View<'r, X, F>;
}

/// Whether a rule says what must never happen, or what must come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Something wrong never happens. A breach is told as *broken*.
    Safety,
    /// Something wanted comes about in time. A breach is not a wrong answer but none: it is told as *stuck*.
    Liveness,
}

/// What a rule relies on, for runs in which faults beyond the budget destroyed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footing {
    /// Nothing that a disk could lose: it is always judged.
    Firm,
    /// What enough machines have on disk stays there.
    Durability,
    /// The committed operations are one sequence. Judged as long as the safety rules on durability hold all the same.
    Chain,
}

/// A law that recordings must satisfy.
pub struct Rule<L: Law> {
    /// Its name, as in reports and cases: `zab.quorum`.
    pub id: RuleId,
    /// What it says.
    pub law: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The part of the system that it is about; a family can say that it has no such part.
    pub scope: &'static str,
    /// Safety or liveness.
    pub side: Side,
    /// What it relies on when faults were free to destroy.
    pub footing: Footing,
    /// Judges evidence.
    pub check: for<'e, 'r> fn(&'e L::Evidence<'r>, &mut Finding),
}

/// A rule without its check: what people read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleAbout {
    /// Its name.
    pub id: RuleId,
    /// What it says.
    pub law: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The part of the system that it is about.
    pub scope: &'static str,
    /// Safety or liveness.
    pub side: Side,
    /// What it relies on when faults were free to destroy.
    pub footing: Footing,
}

impl<L: Law> Rule<L> {
    /// What people read of it.
    pub fn about(&self) -> RuleAbout {
        let Rule { id, law, source, scope, side, footing, check: _ } = *self;
        RuleAbout { id, law, source, scope, side, footing }
    }
}

/// What a rule found.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// How much it judged, and how much it had to leave alone.
    pub tally: Tally,
    /// The first breach.
    pub witness: Option<String>,
}

impl Finding {
    /// One more thing judged; the first that does not hold is the witness.
    pub fn judge(&mut self, holds: bool, witness: impl FnOnce() -> String) {
        self.tally.judged += 1;
        if !holds && self.witness.is_none() {
            self.witness = Some(witness());
        }
    }

    /// So many more things judged that hold.
    pub fn held(&mut self, count: u64) {
        self.tally.judged += count;
    }

    /// One more thing that cannot be judged.
    pub fn waive(&mut self) {
        self.tally.waived += 1;
    }
}
