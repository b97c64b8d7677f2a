//! Plants: known bugs that can be switched on for a run, to prove that a rule sees them. Names and switches; never what
//! a bug does.

/// The known bugs of a system, as an enum of names.
pub trait PlantKind: Copy + Eq + 'static {
    /// All of them, in the order of their declaration.
    const ALL: &'static [Self];

    /// The name in plans and on the command line.
    fn name(self) -> &'static str;
}

/// Which of a system's known bugs are switched on in a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plants<P>(Vec<P>);

impl<P: PlantKind> Plants<P> {
    /// None is switched on.
    pub fn none() -> Plants<P> {
        Plants(Vec::new())
    }

    /// This one is.
    pub fn only(plant: P) -> Plants<P> {
        Plants(vec![plant])
    }

    /// Those among the names of a plan that are this system's.
    pub fn among(names: &[String]) -> Plants<P> {
        Plants(P::ALL.iter().copied().filter(|plant| names.iter().any(|name| name == plant.name())).collect())
    }

    /// Whether this one is switched on.
    pub fn has(&self, plant: P) -> bool {
        self.0.contains(&plant)
    }
}

impl<P: PlantKind> Default for Plants<P> {
    fn default() -> Self {
        Plants::none()
    }
}
