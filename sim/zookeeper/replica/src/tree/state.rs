//! A tree as bytes: what a snapshot file and a SNAP packet hold. Written whole at once, or node by node while the tree
//! goes on changing (fuzzy); read back with every doubt checked.

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::Path;
use zookeeper_words::txn::NodeKind;

use super::{Tree, path};
use crate::codec::{Reader, Writer};
use crate::tree::node::Node;

/// A place between two nodes of a tree, in path order, where a fuzzy writer goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Before the first node.
    Start,
    /// After this path, whether or not its node is still there.
    After(Path),
    /// All nodes are written.
    End,
}

/// The head of a state: sessions and zxid, taken at one instant.
pub fn head(tree: &Tree) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.long(tree.last.0 as i64);
    writer.int(tree.sessions.len() as i32);
    for (session, timeout_ms) in &tree.sessions {
        writer.long(session.0);
        writer.int(*timeout_ms as i32);
    }
    writer.0
}

/// Up to `count` nodes from `cursor` on, as they are now, and where to go on.
pub fn nodes(tree: &Tree, cursor: &Cursor, count: usize) -> (Vec<u8>, Cursor) {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = match cursor {
        Cursor::Start => Unbounded,
        Cursor::After(path) => Excluded(path.clone()),
        Cursor::End => return (Vec::new(), Cursor::End),
    };
    let mut writer = Writer::default();
    let mut last = None;
    for (path, slot) in tree.nodes.range((from, Unbounded)).take(count) {
        write_node(&mut writer, path, &slot.node);
        last = Some(path);
    }
    let next = last.map_or(Cursor::End, |path| Cursor::After(path.clone()));
    (writer.0, next)
}

/// A whole state at one instant.
pub fn whole(tree: &Tree) -> Vec<u8> {
    let mut bytes = head(tree);
    bytes.extend(nodes(tree, &Cursor::Start, usize::MAX).0);
    bytes
}

/// The tree that `bytes` hold. A node without its parent is left out: both were made while a fuzzy writer was between
/// them, so both are in the log after the state's zxid.
pub fn read(bytes: &[u8]) -> Option<Tree> {
    let mut reader = Reader(bytes);
    let mut tree = Tree::empty();
    tree.last = Zxid(reader.long()? as u64);
    for _ in 0..reader.count(12)? {
        let session = SessionId(reader.long()?);
        tree.open_session(session, u32::try_from(reader.int()?).ok()?);
    }
    while !reader.0.is_empty() {
        let (path, node) = read_node(&mut reader)?;
        let Some(above) = path::parent(&path) else {
            tree.put(path, node);
            continue;
        };
        let found = tree.change(above, |parent| {
            parent.children.insert(path::name(&path).into());
        });
        if found.is_some() {
            tree.put(path, node);
        }
    }
    tree.node("/").is_some().then_some(tree)
}

fn write_node(writer: &mut Writer, path: &str, node: &Node) {
    writer.string(path);
    writer.data(&node.data);
    writer.acl(&node.acl);
    writer.kind(node.kind);
    for number in [node.owner.0, node.czxid.0 as i64, node.mzxid.0 as i64, node.pzxid.0 as i64, node.ctime_ms, node.mtime_ms] {
        writer.long(number);
    }
    for number in [node.version, node.aversion, node.creates] {
        writer.int(number);
    }
}

fn read_node(reader: &mut Reader<'_>) -> Option<(Path, Node)> {
    let path = reader.string()?;
    let data = reader.data()?;
    let acl = reader.acl()?;
    let kind: NodeKind = reader.kind()?;
    let node = Node {
        data,
        acl,
        kind,
        owner: SessionId(reader.long()?),
        czxid: Zxid(reader.long()? as u64),
        mzxid: Zxid(reader.long()? as u64),
        pzxid: Zxid(reader.long()? as u64),
        ctime_ms: reader.long()?,
        mtime_ms: reader.long()?,
        version: reader.int()?,
        aversion: reader.int()?,
        creates: reader.int()?,
        children: Default::default(),
    };
    Some((path, node))
}
