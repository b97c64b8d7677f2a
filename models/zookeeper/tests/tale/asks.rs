//! Requests by short names, for tales. Never a recording.

use std::sync::Arc;

use zookeeper_words::service::{Acl, AddWatchMode, CreateMode, Op, Perms, Reply, WatcherType};

use super::Outcome;

pub fn create(path: &str, mode: CreateMode) -> Op {
    Op::create(path.into(), Some(Arc::from(*b"x")), mode)
}

pub fn get_acl(path: &str) -> Op {
    Op::GetAcl { path: path.into() }
}

pub fn set_acl(path: &str, acl: &[(i32, &str, &str)]) -> Op {
    Op::SetAcl { path: path.into(), acl: list(acl), version: -1 }
}

/// A create of a persistent node with a list of its own: perms, scheme, id.
pub fn create_for(path: &str, acl: &[(i32, &str, &str)]) -> Op {
    Op::Create { path: path.into(), data: None, mode: CreateMode::Persistent, acl: list(acl), stat: false }
}

fn list(acl: &[(i32, &str, &str)]) -> Arc<[Acl]> {
    acl.iter().map(|(perms, scheme, id)| Acl::new(Perms(*perms), scheme, id)).collect()
}

pub fn auth(secret: &str) -> Op {
    Op::Auth { scheme: "digest".into(), auth: secret.into() }
}

pub fn add_watch(path: &str, mode: AddWatchMode) -> Op {
    Op::AddWatch { path: path.into(), mode }
}

pub fn remove_watches(path: &str, kind: WatcherType) -> Op {
    Op::RemoveWatches { path: path.into(), kind, only_ask: false }
}

pub fn set(path: &str, data: u64, version: i32) -> Op {
    Op::SetData { path: path.into(), data: Some(data.to_be_bytes().into()), version }
}

pub fn delete(path: &str) -> Op {
    Op::Delete { path: path.into(), version: -1 }
}

pub fn get(path: &str, watch: bool) -> Op {
    Op::GetData { path: path.into(), watch }
}

pub fn exists(path: &str, watch: bool) -> Op {
    Op::Exists { path: path.into(), watch }
}

pub fn children(path: &str, watch: bool) -> Op {
    Op::GetChildren { path: path.into(), watch, stat: false }
}

pub fn created(outcome: Outcome) -> String {
    match outcome {
        Ok(Reply::Created { path, .. }) => path.to_string(),
        other => panic!("not a creation: {other:?}"),
    }
}
