//! The tree of histories: every log that a replica ever had is the path from the root to one of its nodes, so that "is a prefix of" is "is an ancestor of". It holds what was said, never a judgement of it.

use std::collections::BTreeMap;

use zookeeper_words::fact::Mark;
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::Transaction;

/// A history: the path from the root to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct History(u32);

impl History {
    /// The empty history.
    pub const EMPTY: History = History(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// The last transaction of a history.
struct Node<'r> {
    zxid: Zxid,
    mark: Mark,
    /// The first history that ended with the same transaction.
    first: History,
    parent: History,
    /// An ancestor further up, so that any ancestor is found in logarithmic steps (Myers, "An applicative random-access stack").
    jump: History,
    length: u32,
    first_child: Option<History>,
    next_sibling: Option<History>,
    /// Who proposed it, and in which note.
    proposed: Option<(&'r Transaction, u32)>,
    /// The configuration that its last reconfig made.
    config: u32,
}

/// All histories of a run.
pub struct Histories<'r> {
    nodes: Vec<Node<'r>>,
    /// All nodes but the root, for those who know only a zxid.
    by_zxid: BTreeMap<Zxid, Vec<History>>,
}

impl<'r> Histories<'r> {
    /// Only the empty one.
    pub fn new() -> Histories<'r> {
        let root = Node {
            zxid: Zxid::ZERO,
            mark: Mark(0),
            first: History::EMPTY,
            parent: History::EMPTY,
            jump: History::EMPTY,
            length: 0,
            first_child: None,
            next_sibling: None,
            proposed: None,
            config: 0,
        };
        Histories { nodes: vec![root], by_zxid: BTreeMap::new() }
    }

    fn node(&self, history: History) -> &Node<'r> {
        &self.nodes[history.index()]
    }

    /// Where a history ends; zero for the empty one.
    pub fn last(&self, history: History) -> Zxid {
        self.node(history).zxid
    }

    /// The mark of a history's last transaction.
    pub fn mark(&self, history: History) -> Mark {
        self.node(history).mark
    }

    /// The transaction that a history ends with, as a number below [`Histories::count`]: the same one for all histories that end with it.
    pub fn transaction(&self, history: History) -> usize {
        self.node(history).first.index()
    }

    /// How many histories there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// How many transactions a history has.
    pub fn length(&self, history: History) -> u32 {
        self.node(history).length
    }

    /// A history without its last transaction; the empty one stays as it is.
    pub fn parent(&self, history: History) -> History {
        self.node(history).parent
    }

    /// The transaction that a history ends with, if a leader proposed it, and the place of that note.
    pub fn proposal(&self, history: History) -> Option<(&'r Transaction, u32)> {
        self.node(history).proposed
    }

    /// A history with one more transaction.
    pub fn extend(&mut self, history: History, zxid: Zxid, mark: Mark) -> History {
        if let Some(child) = self.child(history, zxid, mark) {
            return child;
        }
        let child = History(u32::try_from(self.nodes.len()).expect("a recording has fewer than 2^32 notes"));
        let parent = self.node(history);
        let (length, jump, config) = (parent.length, parent.jump, parent.config);
        let (jump_length, beyond) = (self.length(jump), self.node(jump).jump);
        let jump = if length - jump_length == jump_length - self.length(beyond) { beyond } else { history };
        let next_sibling = self.nodes[history.index()].first_child.replace(child);
        let namesakes = self.by_zxid.entry(zxid).or_default();
        let first = namesakes.iter().copied().find(|other| self.nodes[other.index()].mark == mark).unwrap_or(child);
        namesakes.push(child);
        self.nodes.push(Node { zxid, mark, first, parent: history, jump, length: length + 1, first_child: None, next_sibling, proposed: None, config });
        child
    }

    /// Says who proposed the last transaction of a history, and in which note; the first time counts.
    pub fn propose(&mut self, history: History, txn: &'r Transaction, note: u32) {
        self.nodes[history.index()].proposed.get_or_insert((txn, note));
    }

    /// The configuration that a history ends with, by its place among all that were made.
    pub fn config(&self, history: History) -> u32 {
        self.node(history).config
    }

    /// Says that a history's last transaction, which nothing follows yet, made a configuration.
    pub fn configure(&mut self, history: History, config: u32) {
        self.nodes[history.index()].config = config;
    }

    /// A history's continuation by this transaction, if anybody ever had it.
    pub fn child(&self, history: History, zxid: Zxid, mark: Mark) -> Option<History> {
        let mut next = self.node(history).first_child;
        while let Some(child) = next {
            let node = self.node(child);
            if node.zxid == zxid && node.mark == mark {
                return Some(child);
            }
            next = node.next_sibling;
        }
        None
    }

    /// The prefix of this length; the history itself if it is no longer than that.
    pub fn prefix(&self, mut history: History, length: u32) -> History {
        while self.length(history) > length {
            let node = self.node(history);
            history = if self.length(node.jump) >= length { node.jump } else { node.parent };
        }
        history
    }

    /// Whether `short` is a prefix of `long`, or `long` itself.
    pub fn is_prefix(&self, short: History, long: History) -> bool {
        self.prefix(long, self.length(short)) == short
    }

    /// Whether one of the two is a prefix of the other.
    pub fn are_comparable(&self, a: History, b: History) -> bool {
        self.is_prefix(a, b) || self.is_prefix(b, a)
    }

    /// The longest prefix that ends at or before a zxid. Right for histories whose zxids rise, which a rule checks.
    pub fn up_to(&self, mut history: History, zxid: Zxid) -> History {
        while history != History::EMPTY && self.last(history) > zxid {
            let node = self.node(history);
            history = if self.last(node.jump) >= zxid { node.jump } else { node.parent };
        }
        history
    }

    /// The prefix that ends with exactly this zxid.
    pub fn at(&self, history: History, zxid: Zxid) -> Option<History> {
        let found = self.up_to(history, zxid);
        (self.last(found) == zxid).then_some(found)
    }

    /// All histories that end with this zxid, in the order in which they were first heard of. The empty one for zero.
    pub fn ending(&self, zxid: Zxid) -> &[History] {
        const EMPTY: &[History] = &[History::EMPTY];
        if zxid == Zxid::ZERO { EMPTY } else { self.by_zxid.get(&zxid).map_or(&[], Vec::as_slice) }
    }

    /// The longest history that is a prefix of both.
    pub fn fork(&self, a: History, b: History) -> History {
        let shorter = self.length(a).min(self.length(b));
        let (mut a, mut b) = (self.prefix(a, shorter), self.prefix(b, shorter));
        while a != b {
            // Histories of equal length have jumps of equal length.
            let (a_jump, b_jump) = (self.node(a).jump, self.node(b).jump);
            (a, b) = if a_jump == b_jump { (self.parent(a), self.parent(b)) } else { (a_jump, b_jump) };
        }
        a
    }

    /// A history as a witness names it: its end and its mark.
    pub fn name(&self, history: History) -> String {
        if history == History::EMPTY {
            "nothing".into()
        } else {
            format!("{} (mark {:x}, {} long)", self.last(history), self.mark(history).0, self.length(history))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A random tree: the n-th node hangs on an earlier one.
    fn tree(parents: &[usize]) -> (Histories<'static>, Vec<History>, Vec<Vec<usize>>) {
        let mut histories = Histories::new();
        let (mut all, mut paths) = (vec![History::EMPTY], vec![vec![]]);
        for (at, parent) in parents.iter().enumerate() {
            let parent = parent % all.len();
            let mut path: Vec<usize> = paths[parent].clone();
            path.push(at + 1);
            all.push(histories.extend(all[parent], Zxid(at as u64 + 1), Mark(7)));
            paths.push(path);
        }
        (histories, all, paths)
    }

    proptest! {
        #[test]
        fn ancestors_are_prefixes(parents in prop::collection::vec(0usize..200, 1..120), picks in prop::collection::vec((0usize..120, 0usize..120), 40)) {
            let (histories, all, paths) = tree(&parents);
            for (a, b) in picks {
                let (a, b) = (a % all.len(), b % all.len());
                prop_assert_eq!(histories.is_prefix(all[a], all[b]), paths[b].starts_with(&paths[a]));
                let common = paths[a].iter().zip(&paths[b]).take_while(|(x, y)| x == y).count();
                prop_assert_eq!(histories.length(histories.fork(all[a], all[b])) as usize, common);
                let up_to = histories.up_to(all[a], Zxid(b as u64));
                prop_assert_eq!(histories.length(up_to) as usize, paths[a].iter().filter(|node| **node <= b).count());
            }
        }

        #[test]
        fn extending_twice_is_extending_once(parents in prop::collection::vec(0usize..50, 1..50)) {
            let (mut histories, all, paths) = tree(&parents);
            for (at, path) in paths.iter().enumerate().skip(1) {
                let parent = histories.parent(all[at]);
                let zxid = Zxid(*path.last().expect("no root") as u64);
                prop_assert_eq!(histories.extend(parent, zxid, Mark(7)), all[at]);
                prop_assert_ne!(histories.extend(parent, zxid, Mark(8)), all[at]);
            }
        }
    }
}
