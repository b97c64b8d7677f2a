//! Which tasks must begin again when some have failed: all that are connected with them by channels, since a channel
//! that has lost an end cannot be taken up (RestartPipelinedRegionFailoverStrategy). Never a region cut by a running
//! channel.

use std::collections::{BTreeMap, BTreeSet};

use outside_words::ids::Subtask;

use crate::job::JobGraph;

/// The regions of a job, each as its subtasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Regions {
    regions: Vec<BTreeSet<Subtask>>,
    of: BTreeMap<Subtask, usize>,
}

impl Regions {
    /// The regions of a graph at a parallelism.
    pub fn of(graph: &JobGraph, parallelism: u16) -> Regions {
        let regions = graph.regions(parallelism);
        let numbered = regions.iter().enumerate();
        let of = numbered.flat_map(|(place, region)| region.iter().map(move |subtask| (*subtask, place))).collect();
        Regions { regions, of }
    }

    /// All that must begin again with these.
    pub fn around(&self, failed: impl IntoIterator<Item = Subtask>) -> BTreeSet<Subtask> {
        let regions: BTreeSet<usize> = failed.into_iter().map(|subtask| self.of[&subtask]).collect();
        regions.into_iter().flat_map(|region| self.regions[region].iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Edge, KeyBy, Partitioner, Role, Vertex};
    use outside_words::ids::VertexId;

    /// A graph of vertices in a row.
    fn row(partitioners: &[Partitioner]) -> JobGraph {
        let vertices = (0..=partitioners.len()).map(|_| Vertex { uid: "v", role: Role::Sink }).collect();
        let edge = |(from, partitioner): (usize, &Partitioner)| Edge {
            from: VertexId(from as u16),
            to: VertexId(from as u16 + 1),
            input: 0,
            partitioner: *partitioner,
        };
        JobGraph { vertices, edges: partitioners.iter().enumerate().map(edge).collect() }
    }

    #[test]
    fn a_region_is_what_channels_connect() {
        let check = |partitioners: &[Partitioner], parallelism: u16, count: usize, around: usize| {
            let regions = Regions::of(&row(partitioners), parallelism);
            assert_eq!(regions.regions.len(), count, "{partitioners:?} at {parallelism}");
            assert_eq!(regions.around([Subtask { vertex: VertexId(0), index: 0 }]).len(), around, "{partitioners:?} at {parallelism}");
        };
        let hash = Partitioner::Hash(KeyBy::Key);
        check(&[Partitioner::Forward], 3, 3, 2);
        check(&[hash], 3, 1, 6);
        check(&[Partitioner::Forward, hash], 2, 1, 6);
        check(&[Partitioner::Forward, Partitioner::Forward], 4, 4, 3);
        check(&[Partitioner::Broadcast], 1, 1, 2);
        check(&[Partitioner::Rebalance, Partitioner::Forward], 2, 1, 6);
    }
}
