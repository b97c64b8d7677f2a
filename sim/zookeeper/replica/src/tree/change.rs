//! The ways in which a tree's state changes: a node put, taken or changed, a session opened or closed. What is kept
//! beside the nodes (digest, owners, undo) follows here and nowhere else.

use zookeeper_words::digest;
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Acls, Path};
use zookeeper_words::txn::NodeKind;

use super::node::Node;
use super::{Slot, Tree};

impl Tree {
    pub(super) fn put(&mut self, path: Path, node: Node) {
        let sum = if self.digesting { node.sum(&path, &mut self.buffer) } else { 0 };
        self.digest = self.digest.wrapping_add(sum);
        let (kind, owner) = (node.kind, node.owner);
        let before = self.nodes.insert(path.clone(), Slot { node, sum });
        if let Some(slot) = &before {
            self.digest = self.digest.wrapping_sub(slot.sum);
            self.unlist(&path, &slot.node);
        }
        match kind {
            NodeKind::Persistent => {}
            NodeKind::Ephemeral => {
                self.ephemerals.entry(owner).or_default().insert(path.clone());
            }
            NodeKind::Container | NodeKind::Ttl(_) => {
                self.mortal.insert(path.clone());
            }
        }
        if let Some(undo) = &mut self.undo {
            undo.push((path, before.map(|slot| slot.node)));
        }
    }

    /// Takes a node away; its access control list is what is left of it.
    pub(super) fn take(&mut self, path: &str) -> Option<Acls> {
        let (path, before) = self.nodes.remove_entry(path)?;
        let acl = before.node.acl.clone();
        self.digest = self.digest.wrapping_sub(before.sum);
        self.unlist(&path, &before.node);
        if let Some(undo) = &mut self.undo {
            undo.push((path, Some(before.node)));
        }
        Some(acl)
    }

    fn unlist(&mut self, path: &str, node: &Node) {
        match node.kind {
            NodeKind::Persistent => {}
            NodeKind::Ephemeral => self.disown(node.owner, path),
            NodeKind::Container | NodeKind::Ttl(_) => {
                self.mortal.remove(path);
            }
        }
    }

    fn disown(&mut self, owner: SessionId, path: &str) {
        if let Some(paths) = self.ephemerals.get_mut(&owner) {
            paths.remove(path);
            if paths.is_empty() {
                self.ephemerals.remove(&owner);
            }
        }
    }

    /// Changes a node's own fields; never its kind or owner.
    pub(super) fn change<T>(&mut self, path: &str, change: impl FnOnce(&mut Node) -> T) -> Option<T> {
        let slot = self.nodes.get_mut(path)?;
        if let Some(undo) = &mut self.undo {
            undo.push((path.into(), Some(slot.node.clone())));
        }
        let result = change(&mut slot.node);
        if self.digesting {
            let sum = slot.node.sum(path, &mut self.buffer);
            self.digest = self.digest.wrapping_sub(slot.sum).wrapping_add(sum);
            slot.sum = sum;
        }
        Some(result)
    }

    pub(super) fn open_session(&mut self, session: SessionId, timeout_ms: u32) {
        let before = self.sessions.insert(session, timeout_ms);
        if let Some(before) = before {
            self.digest = self.digest.wrapping_sub(digest::session(session, before));
        }
        self.digest = self.digest.wrapping_add(digest::session(session, timeout_ms));
    }

    pub(super) fn close_session(&mut self, session: SessionId) {
        if let Some(timeout_ms) = self.sessions.remove(&session) {
            self.digest = self.digest.wrapping_sub(digest::session(session, timeout_ms));
        }
    }
}
