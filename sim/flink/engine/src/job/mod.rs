//! A job as a graph of vertices, each a chain of operators that runs in parallel, and of edges that say who sends what
//! to whom. Never a running task.

pub mod partition;
mod operators;
mod graph;
mod region;
mod catalogue;

pub use catalogue::row_key;
pub use graph::{Edge, JobGraph, Role, Vertex};
pub use operators::{BidMap, OperatorKind, Over, Window};
pub use partition::{KeyBy, Partitioner, Placement};
