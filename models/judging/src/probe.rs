//! Probes: named states that a night of runs must reach, or its storms were not real. They read the same evidence as
//! the rules; never a judgement.

use crate::rule::{Contains, Law};

/// A named state that runs should reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its name in reports.
    pub name: &'static str,
    /// What has happened when it is hit.
    pub about: &'static str,
    /// A night that never hits it has failed; the others are rare by nature and only counted.
    pub required: bool,
}

/// A probe with its own look at the evidence.
pub struct ProbeOf<L: Law> {
    /// The probe.
    pub probe: Probe,
    /// Whether evidence hits it.
    pub is_hit: for<'e, 'r> fn(&'e L::Evidence<'r>) -> bool,
}

/// Which probes of a table a run has hit, by their places in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits(Vec<u64>);

impl Hits {
    /// Whether the probe at that place was hit.
    pub fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|bits| bits >> (place % 64) & 1 == 1)
    }

    fn mark(&mut self, place: usize) {
        if self.0.len() <= place / 64 {
            self.0.resize(place / 64 + 1, 0);
        }
        self.0[place / 64] |= 1 << (place % 64);
    }
}

/// Where a part of the table marks what it sees.
#[derive(Debug)]
pub struct Marks<'h> {
    hits: &'h mut Hits,
    first: usize,
}

impl Marks<'_> {
    /// The probe at this place of the part's own table is hit.
    pub fn mark(&mut self, place: usize) {
        self.hits.mark(self.first + place);
    }
}

type Look<L> = Box<dyn for<'e, 'r> Fn(&'e <L as Law>::Evidence<'r>, &mut Marks<'_>) + Send + Sync>;

/// A part of the table, which one look at the evidence serves.
struct Part<L: Law> {
    probes: Vec<Probe>,
    look: Look<L>,
}

/// A system's probes.
pub struct Probes<L: Law> {
    parts: Vec<Part<L>>,
}

impl<L: Law> Probes<L> {
    /// No probes.
    pub fn none() -> Probes<L> {
        Probes { parts: Vec::new() }
    }

    /// These probes, each with its own look at the evidence.
    pub fn of(probes: &[ProbeOf<L>]) -> Probes<L> {
        let part = |ProbeOf { probe, is_hit }: &ProbeOf<L>| {
            let is_hit = *is_hit;
            let look: Look<L> = Box::new(move |evidence, marks| {
                if is_hit(evidence) {
                    marks.mark(0);
                }
            });
            Part { probes: vec![*probe], look }
        };
        Probes { parts: probes.iter().map(part).collect() }
    }

    /// These probes, which one look finds all of: it marks their places in `probes`.
    pub fn found(probes: &[Probe], look: for<'e, 'r> fn(&'e L::Evidence<'r>, &mut Marks<'_>)) -> Probes<L> {
        Probes { parts: vec![Part { probes: probes.to_vec(), look: Box::new(look) }] }
    }

    /// The probes of a system that this one contains, over this one's evidence.
    pub fn lifted<I: Law>(inner: Probes<I>) -> Probes<L>
    where
        L: Contains<I>,
    {
        let lift = |Part { probes, look }: Part<I>| {
            let look: Look<L> = Box::new(move |evidence, marks| look(L::part(evidence), marks));
            Part { probes, look }
        };
        Probes { parts: inner.parts.into_iter().map(lift).collect() }
    }

    /// These probes, and then others.
    #[must_use]
    pub fn and(mut self, others: Probes<L>) -> Probes<L> {
        self.parts.extend(others.parts);
        self
    }

    /// The whole table, in the order of reports.
    pub fn table(&self) -> impl Iterator<Item = &Probe> {
        self.parts.iter().flat_map(|part| &part.probes)
    }

    /// Which probes the evidence hits, by their places in the table.
    pub fn hits(&self, evidence: &L::Evidence<'_>) -> Hits {
        let (mut hits, mut first) = (Hits::default(), 0);
        for Part { probes, look } in &self.parts {
            look(evidence, &mut Marks { hits: &mut hits, first });
            first += probes.len();
        }
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbers;
    impl Law for Numbers {
        type Evidence<'r> = u64;
    }
    struct Pair;
    impl Law for Pair {
        type Evidence<'r> = (u64, u64);
    }

    impl Contains<Numbers> for Pair {
        fn part<'e, 'r>(evidence: &'e (u64, u64)) -> &'e u64
        where
            'r: 'e,
        {
            &evidence.0
        }
    }

    fn probe(name: &'static str) -> Probe {
        Probe { name, about: "", required: true }
    }

    #[test]
    fn parts_keep_their_places_when_they_are_lifted_and_joined() {
        let inner = Probes::<Numbers>::of(&[
            ProbeOf { probe: probe("odd"), is_hit: |number| number % 2 == 1 },
            ProbeOf { probe: probe("large"), is_hit: |number| *number > 100 },
        ]);
        let outer = Probes::<Pair>::found(&[probe("equal"), probe("apart")], |(a, b), marks| marks.mark(usize::from(a != b)));
        let all = Probes::lifted(inner).and(outer);
        assert_eq!(all.table().map(|probe| probe.name).collect::<Vec<_>>(), ["odd", "large", "equal", "apart"]);
        let check = |pair, places: &[usize]| {
            let hits = all.hits(&pair);
            assert_eq!((0..70).filter(|place| hits.has(*place)).collect::<Vec<_>>(), places, "{pair:?}");
        };
        check((1, 1), &[0, 2]);
        check((1, 2), &[0, 3]);
        check((102, 102), &[1, 2]);
    }
}
