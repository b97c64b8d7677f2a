//! The catalogue: which vertices and edges each job consists of, and by which key its rows are replaced. Names and
//! numbers; never how an operator works.

use flink_words::job::JobKind;
use flink_words::settings::StreamPlan;
use outside_words::data::{EventTime, Row, Topic};
use outside_words::ids::VertexId;

use super::graph::{Edge, JobGraph, Role, Vertex};
use super::operators::{BidMap, OperatorKind, Over, Window};
use super::partition::{KeyBy, Partitioner};

/// q2 keeps the bids for auctions whose number this divides. Nexmark's own 123 hits nothing where there are only a few
/// auctions.
const Q2_EVERY: i64 = 5;
/// The windows of q5: 10 s every 2 s.
const SLIDING: Window = Window { size_ms: 10_000, slide_ms: 2_000 };
/// What the second stage of q5 gathers: the last slide of each window, in which the counts of that window have their
/// time.
const SLIDE: Window = Window { size_ms: 2_000, slide_ms: 2_000 };
/// The windows of q7 and q8: 10 s.
const TUMBLING: Window = Window { size_ms: 10_000, slide_ms: 10_000 };
/// The windows of word-count: 5 s.
const SHORT: Window = Window { size_ms: 5_000, slide_ms: 5_000 };
/// The gap that ends a session of q11, in ms.
const GAP_MS: EventTime = 10_000;
/// How long after an auction's opening the interval join takes bids, in ms, itself included.
const WITHIN_MS: EventTime = 5_000;
/// How many lines word-count gathers before it splits them.
const LINES_MAX: usize = 4;

impl JobGraph {
    /// The graph of a job. All its vertices have the job's parallelism.
    pub fn of(kind: JobKind, plan: &StreamPlan) -> JobGraph {
        let _ = plan; // No job depends on a setting so far.
        let bids = |map| Building::default().source("bids", Topic::Bids, Some(OperatorKind::Bids(map))).sink(Partitioner::Forward);
        let auctions_and_bids = || Building::default().source("auctions", Topic::Auctions, None).source("bids", Topic::Bids, None);
        let winners = || auctions_and_bids().operator("winners", OperatorKind::Winners, &[Partitioner::Hash(KeyBy::Auction); 2]);
        let on = |column| [Partitioner::Hash(KeyBy::Column(column))];
        match kind {
            JobKind::Q0 => bids(BidMap::Same),
            JobKind::Q1 => bids(BidMap::Euro),
            JobKind::Q2 => bids(BidMap::Every(Q2_EVERY)),
            JobKind::Q3 => Building::default()
                .source("persons", Topic::Persons, Some(OperatorKind::WantedSellers))
                .source("auctions", Topic::Auctions, Some(OperatorKind::WantedSellers))
                .operator("sellers", OperatorKind::Sellers, &[Partitioner::Hash(KeyBy::Seller); 2])
                .sink(Partitioner::Forward),
            JobKind::Q4 => winners().operator("averages", OperatorKind::Averages(Over::All), &on(2)).sink(Partitioner::Forward),
            JobKind::Q5 => Building::default()
                .source("bids", Topic::Bids, None)
                .operator("counts", OperatorKind::Counts { by: KeyBy::Auction, window: SLIDING }, &[Partitioner::Hash(KeyBy::Auction)])
                .operator("best", OperatorKind::Best { by: KeyBy::Column(0), window: SLIDE }, &on(0))
                .sink(Partitioner::Rebalance),
            JobKind::Q6 => winners().operator("averages", OperatorKind::Averages(Over::LastTen), &on(3)).sink(Partitioner::Forward),
            JobKind::Q7 => Building::default()
                .source("bids", Topic::Bids, None)
                .operator("best-of-auction", OperatorKind::Best { by: KeyBy::Auction, window: TUMBLING }, &[Partitioner::Hash(KeyBy::Auction)])
                .operator("best", OperatorKind::Best { by: KeyBy::Column(0), window: TUMBLING }, &on(0))
                .sink(Partitioner::Rebalance),
            JobKind::Q8 => Building::default()
                .source("persons", Topic::Persons, None)
                .source("auctions", Topic::Auctions, None)
                .operator("newcomers", OperatorKind::Newcomers { window: TUMBLING }, &[Partitioner::Hash(KeyBy::Seller); 2])
                .sink(Partitioner::Forward),
            JobKind::Q11 => Building::default()
                .source("bids", Topic::Bids, None)
                .operator("sessions", OperatorKind::Sessions { gap_ms: GAP_MS }, &[Partitioner::Hash(KeyBy::Bidder)])
                .sink(Partitioner::Forward),
            JobKind::WordCount => Building::default()
                .source("lines", Topic::Lines, None)
                .operator("words", OperatorKind::Words { lines_max: LINES_MAX }, &[Partitioner::Rebalance])
                .operator("counts", OperatorKind::Counts { by: KeyBy::Column(0), window: SHORT }, &on(0))
                .sink(Partitioner::Forward),
            JobKind::Counters => Building::default()
                .source("ticks", Topic::Ticks, None)
                .source("limits", Topic::Limits, None)
                .operator("counters", OperatorKind::Counters, &[Partitioner::Hash(KeyBy::Key), Partitioner::Broadcast])
                .sink(Partitioner::Forward),
            JobKind::IntervalJoin => auctions_and_bids()
                .operator("join", OperatorKind::Interval { within_ms: WITHIN_MS }, &[Partitioner::Hash(KeyBy::Auction); 2])
                .sink(Partitioner::Forward),
        }
    }
}

/// A graph on its way: what comes next is fed by the vertices of the stage before.
#[derive(Default)]
struct Building {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
    /// The vertices that nothing reads yet.
    open: Vec<VertexId>,
}

impl Building {
    fn source(mut self, uid: &'static str, topic: Topic, chain: Option<OperatorKind>) -> Building {
        self.open.push(VertexId(self.vertices.len() as u16));
        self.vertices.push(Vertex { uid, role: Role::Source { topic, chain } });
        self
    }

    /// An operator that reads all that is open, an input each.
    fn operator(self, uid: &'static str, kind: OperatorKind, partitioners: &[Partitioner]) -> Building {
        self.vertex(Vertex { uid, role: Role::Operator(kind) }, partitioners)
    }

    fn sink(self, partitioner: Partitioner) -> JobGraph {
        let done = self.vertex(Vertex { uid: "sink", role: Role::Sink }, &[partitioner]);
        JobGraph { vertices: done.vertices, edges: done.edges }
    }

    fn vertex(mut self, vertex: Vertex, partitioners: &[Partitioner]) -> Building {
        assert_eq!(self.open.len(), partitioners.len(), "{} must have a partitioner for each input", vertex.uid);
        let to = VertexId(self.vertices.len() as u16);
        let ends = self.open.iter().zip(partitioners).enumerate();
        self.edges.extend(ends.map(|(input, (from, partitioner))| Edge { from: *from, to, input, partitioner: *partitioner }));
        self.vertices.push(vertex);
        self.open = vec![to];
        self
    }
}

/// The key under which an idempotent sink writes a row: what is computed again after a restore replaces what was
/// written before it.
///
/// Where a row is what it is once and for all, the whole row is the key.
pub fn row_key(kind: JobKind, row: &Row) -> Row {
    let columns = |columns: &[usize]| columns.iter().map(|column| row[*column].clone()).collect();
    match kind {
        JobKind::Q0 | JobKind::Q1 | JobKind::Q2 | JobKind::Q3 | JobKind::Q7 | JobKind::Q8 | JobKind::IntervalJoin => row.clone(),
        // Of counters: a total by key and second; of a key's deltas the last one, which knows their sum.
        JobKind::Q4 | JobKind::Q6 | JobKind::Counters => columns(&[0, 1]),
        JobKind::Q5 | JobKind::Q11 | JobKind::WordCount => columns(&[0, 2]),
    }
}

#[cfg(test)]
mod tests {
    use outside_words::ids::Subtask;

    use super::*;

    fn graph(kind: JobKind) -> JobGraph {
        JobGraph::of(kind, &crate::operator::tests::plan(kind))
    }

    #[test]
    fn sources_come_first_and_read_the_topics_of_the_job() {
        for kind in JobKind::ALL {
            let graph = graph(kind);
            let topics = graph.vertices.iter().filter_map(|vertex| match &vertex.role {
                Role::Source { topic, .. } => Some(*topic),
                Role::Operator(_) | Role::Sink => None,
            });
            assert_eq!(topics.collect::<Vec<_>>(), kind.topics(), "{}", kind.name());
            let is_source = |vertex: &Vertex| matches!(vertex.role, Role::Source { .. });
            assert!(graph.vertices.iter().take(kind.topics().len()).all(is_source), "{}", kind.name());
            assert_eq!(graph.vertices.iter().filter(|vertex| vertex.role == Role::Sink).count(), 1);
            assert_eq!(graph.vertices.last().map(|vertex| &vertex.role), Some(&Role::Sink));
            let mut uids: Vec<_> = graph.vertices.iter().map(|vertex| vertex.uid).collect();
            uids.sort_unstable();
            uids.dedup();
            assert_eq!(uids.len(), graph.vertices.len(), "state is found by its uid");
        }
    }

    #[test]
    fn regions_follow_the_channels() {
        let check = |kind, regions: usize| assert_eq!(graph(kind).regions(3).len(), regions, "{}", kind.name());
        check(JobKind::Q0, 3); // Forward edges alone: a region a subtask.
        check(JobKind::Q2, 3);
        check(JobKind::Q3, 1);
        check(JobKind::Counters, 1);
        let second = Subtask { vertex: VertexId(0), index: 1 };
        assert_eq!(graph(JobKind::Q1).region_of(second, 3), [second, Subtask { vertex: VertexId(1), index: 1 }].into());
    }
}
