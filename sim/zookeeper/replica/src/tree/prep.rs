//! What a leader makes of a write: the transaction that it will be, or its error, decided on the tree that all earlier
//! proposals have already changed (PrepRequestProcessor). Never a zxid or a clock of its own.
//!
//! Where several things are wrong with a request, the first that ZooKeeper looks at is its error; the order of the
//! checks here is that order.

use std::collections::BTreeMap;

use contract::plant::Plants;
use zookeeper_words::ids::SessionId;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{Acls, CreateMode, Data, ErrorCode, Id, Op, Path, Perms, Request};
use zookeeper_words::settings::{Compat, Coordination};
use zookeeper_words::txn::{Body, Head, NodeKind, Txn};

use super::{CONFIG, Tree, path};
use crate::codec::seal;
use crate::{acl, java};

/// Paths that no client may delete (ZooKeeper's isSpecialPath).
const SPECIAL: [&str; 4] = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"];
/// The longest time to live, in ms (EphemeralType.TTL).
const TTL_MAX_MS: i64 = (1 << 40) - 1;

/// Who asks, and by which settings he is answered.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Who his connection was when it took the request.
    pub ids: &'a [Id],
    /// Whether his session may speak: it lives, and by the replica that it came by.
    pub standing: Result<(), ErrorCode>,
    /// His session is known to the replica alone by which he came, which vouches for it.
    pub is_local: bool,
    /// The settings.
    pub coordination: &'a Coordination,
    /// Known bugs that are switched on.
    pub plants: &'a Plants<Plant>,
}

impl Asker<'_> {
    /// Whether he may speak, in a session of these that all know or in one of his replica's own.
    fn may_speak(&self, session: SessionId, known: &BTreeMap<SessionId, u32>) -> Result<(), ErrorCode> {
        self.standing?;
        if self.is_local || known.contains_key(&session) { Ok(()) } else { Err(ErrorCode::SessionExpired) }
    }
}

/// A create's arguments.
struct Creation<'a> {
    path: &'a Path,
    data: &'a Data,
    mode: CreateMode,
    acl: &'a Acls,
    stat: bool,
}

impl Tree {
    /// Decides on `request`, applies the decision to this tree, which runs ahead, and returns it.
    pub fn propose(&mut self, head: Head, asker: Asker<'_>, request: &Request) -> Txn {
        let body = match request {
            Request::CreateSession { timeout_ms } => Body::CreateSession { timeout_ms: *timeout_ms },
            // Only within a multi (ZOOKEEPER-2623; 3.9 says so to whoever tries).
            Request::Op(Op::Check { .. }) | Request::Local(Op::Check { .. }) => Body::Error(ErrorCode::Unimplemented),
            Request::Op(Op::Multi(ops)) | Request::Local(Op::Multi(ops)) => match self.multi(&head, asker, ops) {
                Ok(bodies) => Body::Multi(bodies),
                Err(code) => Body::Error(code),
            },
            Request::Op(op) | Request::Local(op) => self.resolve(&head, asker, op).unwrap_or_else(Body::Error),
        };
        let txn = seal(head, body);
        if !matches!(txn.body, Body::Multi(_)) {
            self.apply_body(&txn.head, &txn.body, false, &mut None);
        }
        self.last = txn.head.zxid;
        txn
    }

    /// Like [`Tree::propose`], for a reconfig: `decide` says what it comes to, between the look at the session and the
    /// look at the ACL.
    pub fn propose_reconfig(&mut self, head: Head, asker: Asker<'_>, decide: impl FnOnce() -> Result<String, ErrorCode>) -> Txn {
        let decided = || {
            if !asker.coordination.reconfig_enabled {
                return Err(ErrorCode::ReconfigDisabled);
            }
            asker.may_speak(head.session, &self.sessions)?;
            let text = decide()?;
            if !asker.coordination.skip_reconfig_acl {
                acl::check(&self.node(CONFIG).ok_or(ErrorCode::NoNode)?.acl, Perms::WRITE, asker.ids)?;
            }
            Ok(Body::Reconfig { data: Some(text.into_bytes().into()) })
        };
        let txn = seal(head, decided().unwrap_or_else(Body::Error));
        self.apply(&txn, false, None);
        txn
    }

    /// A multi is decided operation by operation, each on what the ones before it left; the first error undoes them
    /// all.
    fn multi(&mut self, head: &Head, asker: Asker<'_>, ops: &[Op]) -> Result<Vec<Body>, ErrorCode> {
        let permitted = |op: &Op| matches!(op, Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. });
        if !ops.iter().all(permitted) {
            return Err(ErrorCode::MarshallingError);
        }
        self.begin();
        let mut bodies = Vec::with_capacity(ops.len());
        for (i, op) in ops.iter().enumerate() {
            match self.resolve(head, asker, op) {
                Ok(mut body) => {
                    if let Body::Create { stat, kind: NodeKind::Persistent | NodeKind::Ephemeral, .. } = &mut body {
                        *stat &= asker.coordination.compat == Compat::V3_9; // 3.8 answers a create2 within a multi like a create.
                    }
                    self.apply_body(head, &body, false, &mut None);
                    bodies.push(body);
                }
                Err(code) => {
                    self.rollback();
                    let fate = |j: usize| match j.cmp(&i) {
                        std::cmp::Ordering::Less => ErrorCode::Ok,
                        std::cmp::Ordering::Equal => code,
                        std::cmp::Ordering::Greater => ErrorCode::RuntimeInconsistency,
                    };
                    return Ok((0..ops.len()).map(|j| Body::Error(fate(j))).collect());
                }
            }
        }
        self.keep();
        Ok(bodies)
    }

    fn resolve(&self, head: &Head, asker: Asker<'_>, op: &Op) -> Result<Body, ErrorCode> {
        let in_session = || asker.may_speak(head.session, &self.sessions);
        match op {
            Op::Create { path, data, mode, acl, stat } => {
                let kind = kind(*mode, asker.coordination.extended_types)?;
                in_session()?;
                if asker.is_local && kind == NodeKind::Ephemeral {
                    return Err(ErrorCode::EphemeralOnLocalSession);
                }
                self.resolve_create(asker, kind, &Creation { path, data, mode: *mode, acl, stat: *stat })
            }
            Op::Delete { path, version } => {
                in_session()?;
                let parent = self.node(deletable(path)?).ok_or(ErrorCode::NoNode)?;
                acl::check(&parent.acl, Perms::DELETE, asker.ids)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                expect_version(node.version, *version)?;
                if !node.children.is_empty() {
                    return Err(ErrorCode::NotEmpty);
                }
                Ok(Body::Delete { path: path.clone() })
            }
            // The leader's own, about a node that was due when it looked; a client's would pass all ACLs by.
            Op::DeleteContainer { path } if head.session == SessionId::NONE => {
                let parent = deletable(path)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                if !node.children.is_empty() {
                    return Err(ErrorCode::NotEmpty);
                }
                if node.kind == NodeKind::Ephemeral {
                    return Err(ErrorCode::BadVersion);
                }
                self.node(parent).ok_or(ErrorCode::NoNode)?;
                Ok(Body::Delete { path: path.clone() })
            }
            Op::DeleteContainer { .. } => Err(ErrorCode::Unimplemented),
            Op::SetData { path, data, version } => {
                in_session()?;
                path::validate(path)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                if !asker.plants.has(Plant::WriteUnasked) {
                    acl::check(&node.acl, Perms::WRITE, asker.ids)?;
                }
                expect_version(node.version, *version)?;
                Ok(Body::SetData { path: path.clone(), data: data.clone(), version: version_after(node.version, asker.coordination.compat) })
            }
            Op::SetAcl { path, acl, version } => {
                in_session()?;
                path::validate(path)?;
                let acl = acl::fixup(acl, asker.ids)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                acl::check(&node.acl, Perms::ADMIN, asker.ids)?;
                expect_version(node.aversion, *version)?;
                Ok(Body::SetAcl { path: path.clone(), acl, version: version_after(node.aversion, asker.coordination.compat) })
            }
            Op::Check { path, version } => {
                in_session()?;
                path::validate(path)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                acl::check(&node.acl, Perms::READ, asker.ids)?;
                expect_version(node.version, *version)?;
                Ok(Body::Check)
            }
            Op::CloseSession => {
                in_session()?;
                Ok(Body::CloseSession { paths: self.dying(head.session) })
            }
            // What it comes to is for the leader to say, who knows the ensemble: `propose_reconfig` takes it.
            Op::Reconfig { .. } => Err(ErrorCode::MarshallingError),
            Op::Multi(_) | Op::MultiRead(_) | Op::Exists { .. } | Op::GetData { .. } | Op::GetAcl { .. } | Op::GetChildren { .. } => {
                Err(ErrorCode::MarshallingError)
            }
            Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::Sync { .. } | Op::SetWatches { .. } => Err(ErrorCode::MarshallingError),
            Op::AddWatch { .. } | Op::RemoveWatches { .. } | Op::Auth { .. } | Op::WhoAmI => Err(ErrorCode::MarshallingError),
        }
    }

    /// A session's ephemerals in the order in which they go when it closes: that of a HashSet into which they came as
    /// they were created.
    fn dying(&self, session: SessionId) -> Vec<Path> {
        let mut paths: Vec<Path> = self.ephemerals(session).cloned().collect();
        if paths.len() > 1 {
            paths.sort_by_key(|path| self.node(path).map(|node| node.czxid));
            java::sort_as_copied(&mut paths, |path| path);
        }
        paths
    }

    fn resolve_create(&self, asker: Asker<'_>, kind: NodeKind, creation: &Creation<'_>) -> Result<Body, ErrorCode> {
        let path = creation.path;
        let slash = path.rfind('/').filter(|_| !path.contains('\0')).ok_or(ErrorCode::BadArguments)?;
        let acl = acl::fixup(creation.acl, asker.ids)?;
        let parent = self.node(&path[..slash]).ok_or(ErrorCode::NoNode)?;
        acl::check(&parent.acl, Perms::CREATE, asker.ids)?;
        let path = if creation.mode.is_sequential() { path::sequential(path, parent.creates) } else { path.clone() };
        path::validate(&path)?;
        if self.node(&path).is_some() {
            return Err(ErrorCode::NodeExists);
        }
        if parent.kind == NodeKind::Ephemeral {
            return Err(ErrorCode::NoChildrenForEphemerals);
        }
        // createContainer and createTTL answer with a stat, as create2 does.
        let stat = creation.stat || matches!(kind, NodeKind::Container | NodeKind::Ttl(_));
        Ok(Body::Create { path, data: creation.data.clone(), acl, kind, parent_creates: parent.creates.wrapping_add(1), stat })
    }
}

fn kind(mode: CreateMode, extended_types: bool) -> Result<NodeKind, ErrorCode> {
    match mode {
        CreateMode::Persistent | CreateMode::PersistentSequential => Ok(NodeKind::Persistent),
        CreateMode::Ephemeral | CreateMode::EphemeralSequential => Ok(NodeKind::Ephemeral),
        CreateMode::Container => Ok(NodeKind::Container),
        CreateMode::Unknown(_) => Err(ErrorCode::BadArguments),
        CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_) if !extended_types => Err(ErrorCode::Unimplemented),
        CreateMode::PersistentWithTtl(ms) | CreateMode::PersistentSequentialWithTtl(ms) if (1..=TTL_MAX_MS).contains(&ms) => Ok(NodeKind::Ttl(ms)),
        CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_) => Err(ErrorCode::BadArguments),
    }
}

/// The path above one that may be deleted.
fn deletable(path: &str) -> Result<&str, ErrorCode> {
    let refused = path.contains('\0') || SPECIAL.contains(&path);
    // The parent's path is what stands before the last slash, empty for the root, whatever the rest is like.
    path.rfind('/').filter(|_| !refused).map(|slash| &path[..slash]).ok_or(ErrorCode::BadArguments)
}

fn expect_version(current: i32, expected: i32) -> Result<(), ErrorCode> {
    if expected == -1 || expected == current { Ok(()) } else { Err(ErrorCode::BadVersion) }
}

/// The version after `current`. It wraps; 3.9 leaves -1 out, which would match any (ZOOKEEPER-4743).
fn version_after(current: i32, compat: Compat) -> i32 {
    match (current.wrapping_add(1), compat) {
        (-1, Compat::V3_9) => 0,
        (next, Compat::V3_8 | Compat::V3_9) => next,
    }
}
