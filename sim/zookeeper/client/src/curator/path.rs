//! Paths of nodes as recipes make them: of a child, of its parent, and what protection puts before a name. Never a look
//! at what is there.

use std::sync::Arc;

use zookeeper_words::service::Path;

use super::Uuid;

/// What protection puts before a name (ProtectedUtils).
pub fn prefix(uuid: Uuid) -> String {
    format!("_c_{uuid}-")
}

/// The node of a UUID among its parent's children.
pub(super) fn own_node(names: &[Arc<str>], parent: &str, uuid: Uuid) -> Option<Path> {
    let prefix = prefix(uuid);
    names.iter().find(|name| name.starts_with(&prefix)).map(|name| join(parent, name))
}

/// A path's parent and name.
pub(super) fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(parts) => parts,
        None => ("/", path),
    }
}

/// The path of a child.
pub(super) fn join(parent: &str, name: &str) -> Path {
    match parent {
        "/" => format!("/{name}").into(),
        parent => format!("{parent}/{name}").into(),
    }
}
