//! Regions: what must start anew together when one of it fails (RestartPipelinedRegionFailoverStrategy). Never the
//! starting.

use std::collections::BTreeSet;

use outside_words::ids::{Subtask, VertexId};

use super::graph::JobGraph;

impl JobGraph {
    /// All subtasks at a parallelism, in order.
    pub fn subtasks(&self, parallelism: u16) -> impl Iterator<Item = Subtask> {
        (0..self.vertices.len() as u16).flat_map(move |vertex| (0..parallelism).map(move |index| Subtask { vertex: VertexId(vertex), index }))
    }

    /// The pipelined region of a subtask: all that is connected with it by channels, upstream and downstream, itself
    /// included.
    pub fn region_of(&self, subtask: Subtask, parallelism: u16) -> BTreeSet<Subtask> {
        let mut region = BTreeSet::from([subtask]);
        let mut open = vec![subtask];
        // Ends: a subtask is opened once.
        while let Some(task) = open.pop() {
            for (edge, ends) in self.numbered().filter(|(_, ends)| ends.from == task.vertex || ends.to == task.vertex) {
                for channel in self.channels(edge, parallelism) {
                    let (from, to) = (Subtask { vertex: ends.from, index: channel.from }, Subtask { vertex: ends.to, index: channel.to });
                    let other = if from == task { to } else { from };
                    if (from == task || to == task) && region.insert(other) {
                        open.push(other);
                    }
                }
            }
        }
        region
    }

    /// All regions at a parallelism, in the order of their first subtasks.
    pub fn regions(&self, parallelism: u16) -> Vec<BTreeSet<Subtask>> {
        let mut regions: Vec<BTreeSet<Subtask>> = Vec::new();
        for subtask in self.subtasks(parallelism) {
            if !regions.iter().any(|region| region.contains(&subtask)) {
                regions.push(self.region_of(subtask, parallelism));
            }
        }
        regions
    }
}
