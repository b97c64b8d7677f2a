//! A system's rules, in the order in which a breach is told: those that see a cause stand before those that see its
//! effects.

use crate::rule::{Contains, Finding, Law, Rule, RuleAbout};

type Check<L> = Box<dyn for<'e, 'r> Fn(&'e <L as Law>::Evidence<'r>, &mut Finding) + Send + Sync>;

/// A system's rules.
pub struct Rules<L: Law> {
    list: Vec<(RuleAbout, Check<L>)>,
}

impl<L: Law> Rules<L> {
    /// No rules: what holds then are the invariants of processes, and that runs come to an end.
    pub fn none() -> Rules<L> {
        Rules { list: Vec::new() }
    }

    /// These rules.
    pub fn of(rules: &[Rule<L>]) -> Rules<L> {
        let entry = |rule: &Rule<L>| {
            let check = rule.check;
            (rule.about(), Box::new(check) as Check<L>)
        };
        Rules { list: rules.iter().map(entry).collect() }
    }

    /// The rules of a system that this one contains, over this one's evidence.
    pub fn lifted<I: Law>(inner: Rules<I>) -> Rules<L>
    where
        L: Contains<I>,
    {
        let entry = |(about, check): (RuleAbout, Check<I>)| {
            let lifted: Check<L> = Box::new(move |evidence, finding| check(L::part(evidence), finding));
            (about, lifted)
        };
        Rules { list: inner.list.into_iter().map(entry).collect() }
    }

    /// These rules, and then others.
    #[must_use]
    pub fn and(mut self, others: Rules<L>) -> Rules<L> {
        self.list.extend(others.list);
        self
    }

    /// What people read of each rule, in order.
    pub fn abouts(&self) -> impl Iterator<Item = RuleAbout> + '_ {
        self.list.iter().map(|(about, _)| *about)
    }

    /// What each rule finds, in order.
    pub(crate) fn find(&self, evidence: &L::Evidence<'_>) -> Vec<(RuleAbout, Finding)> {
        let found = |(about, check): &(RuleAbout, Check<L>)| {
            let mut finding = Finding::default();
            check(evidence, &mut finding);
            (*about, finding)
        };
        self.list.iter().map(found).collect()
    }
}
