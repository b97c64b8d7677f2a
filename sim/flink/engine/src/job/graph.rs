//! The graph itself: vertices, edges, channels. Data; never which jobs there are.

use flink_words::ids::{ChannelId, EdgeId};
use outside_words::data::Topic;
use outside_words::ids::VertexId;

use super::operators::OperatorKind;
use super::partition::Partitioner;

/// A job's graph. Sources first, the sink last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobGraph {
    /// The vertices; a [`VertexId`] is a place in here.
    pub vertices: Vec<Vertex>,
    /// The edges; an [`EdgeId`] is a place in here.
    pub edges: Vec<Edge>,
}

/// A vertex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vertex {
    /// By which its state is found again (uid).
    pub uid: &'static str,
    /// What it does.
    pub role: Role,
}

/// What a vertex does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads a topic, makes watermarks, and lets `chain` have the records first, if there is one (a chained map or
    /// filter without state).
    Source {
        /// The topic.
        topic: Topic,
        /// What follows in the same task.
        chain: Option<OperatorKind>,
    },
    /// An operator with its state.
    Operator(OperatorKind),
    /// Writes rows out, as the plan's sink says.
    Sink,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The sender.
    pub from: VertexId,
    /// The receiver.
    pub to: VertexId,
    /// Which of the receiver's inputs it is, from 0.
    pub input: usize,
    /// Which receiver gets a record.
    pub partitioner: Partitioner,
}

impl JobGraph {
    /// The edges that end at a vertex, in the order of its inputs.
    pub fn inputs(&self, vertex: VertexId) -> impl Iterator<Item = (EdgeId, &Edge)> {
        self.numbered().filter(move |(_, edge)| edge.to == vertex)
    }

    /// The edges that begin at a vertex.
    pub fn outputs(&self, vertex: VertexId) -> impl Iterator<Item = (EdgeId, &Edge)> {
        self.numbered().filter(move |(_, edge)| edge.from == vertex)
    }

    /// All channels of an edge at a parallelism, in order.
    pub fn channels(&self, edge: EdgeId, parallelism: u16) -> Vec<ChannelId> {
        let all = (0..parallelism).flat_map(|from| (0..parallelism).map(move |to| ChannelId { edge, from, to }));
        let forward = self.edges[usize::from(edge.0)].partitioner == Partitioner::Forward;
        all.filter(|channel| !forward || channel.from == channel.to).collect()
    }

    pub(super) fn numbered(&self) -> impl Iterator<Item = (EdgeId, &Edge)> {
        self.edges.iter().enumerate().map(|(i, edge)| (EdgeId(i as u16), edge))
    }
}
