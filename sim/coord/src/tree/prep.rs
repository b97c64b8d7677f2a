//! What a leader makes of a write: the transaction that it will be, or its error, decided on the tree that all earlier proposals have already changed (PrepRequestProcessor). Never a zxid or a clock of its own.

use vocab::ids::SessionId;
use vocab::service::{CreateMode, Data, ErrorCode, Op, Path, Request};

use super::{Tree, path};
use crate::codec::seal;
use crate::txn::{Body, Head, NodeKind, Txn};

/// Paths that no client may delete (ZooKeeper's isSpecialPath).
const SPECIAL: [&str; 4] = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"];
/// The longest time to live, in ms (EphemeralType.TTL).
const TTL_MAX_MS: i64 = (1 << 40) - 1;

impl Tree {
    /// Decides on `request`, applies the decision to this tree, which runs ahead, and returns it.
    pub fn propose(&mut self, head: Head, request: &Request) -> Txn {
        let body = match request {
            Request::CreateSession { timeout_ms } => Body::CreateSession { timeout_ms: *timeout_ms },
            // Only within a multi (ZOOKEEPER-2623; 3.9 says so to whoever tries).
            Request::Op(Op::Check { .. }) => Body::Error(ErrorCode::Unimplemented),
            Request::Op(Op::Multi(ops)) => match self.multi(&head, ops) {
                Ok(bodies) => Body::Multi(bodies),
                Err(code) => Body::Error(code),
            },
            Request::Op(op) => self.resolve(head.session, op).unwrap_or_else(Body::Error),
        };
        let txn = seal(head, body);
        if !matches!(txn.body, Body::Multi(_)) {
            self.apply_body(&txn.head, &txn.body, false, &mut Vec::new());
        }
        self.last = txn.head.zxid;
        txn
    }

    /// A multi is decided operation by operation, each on what the ones before it left; the first error undoes them all.
    fn multi(&mut self, head: &Head, ops: &[Op]) -> Result<Vec<Body>, ErrorCode> {
        let permitted = |op: &Op| matches!(op, Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. });
        if !ops.iter().all(permitted) {
            return Err(ErrorCode::MarshallingError);
        }
        self.begin();
        let mut bodies = Vec::with_capacity(ops.len());
        for (i, op) in ops.iter().enumerate() {
            match self.resolve(head.session, op) {
                Ok(mut body) => {
                    if let Body::Create { stat, kind: NodeKind::Persistent | NodeKind::Ephemeral, .. } = &mut body {
                        *stat = false; // ZooKeeper 3.8 answers a create2 within a multi like a create.
                    }
                    self.apply_body(head, &body, false, &mut Vec::new());
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

    fn resolve(&self, session: SessionId, op: &Op) -> Result<Body, ErrorCode> {
        match op {
            Op::Create { path, data, mode, stat } => self.resolve_create(session, path, data, *mode, *stat),
            Op::Delete { path, version } => {
                self.in_session(session)?;
                let above = path::parent(path).filter(|_| !path.contains('\0') && !SPECIAL.contains(&&**path)).ok_or(ErrorCode::BadArguments)?;
                self.node(above).ok_or(ErrorCode::NoNode)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                expect_version(node.version, *version)?;
                if !node.children.is_empty() {
                    return Err(ErrorCode::NotEmpty);
                }
                Ok(Body::Delete { path: path.clone() })
            }
            Op::SetData { path, data, version } => {
                self.in_session(session)?;
                path::validate(path)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                expect_version(node.version, *version)?;
                Ok(Body::SetData { path: path.clone(), data: data.clone(), version: version_after(node.version) })
            }
            Op::Check { path, version } => {
                self.in_session(session)?;
                path::validate(path)?;
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                expect_version(node.version, *version)?;
                Ok(Body::Check)
            }
            Op::CloseSession => {
                self.in_session(session)?;
                Ok(Body::CloseSession { paths: self.ephemerals(session).cloned().collect() })
            }
            Op::Multi(_) | Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::Sync { .. } | Op::SetWatches { .. } => {
                Err(ErrorCode::MarshallingError)
            }
        }
    }

    fn resolve_create(&self, session: SessionId, path: &Path, data: &Data, mode: CreateMode, stat: bool) -> Result<Body, ErrorCode> {
        let kind = match mode {
            CreateMode::Persistent | CreateMode::PersistentSequential => NodeKind::Persistent,
            CreateMode::Ephemeral | CreateMode::EphemeralSequential => NodeKind::Ephemeral,
            CreateMode::Container => NodeKind::Container,
            CreateMode::PersistentWithTtl(ms) | CreateMode::PersistentSequentialWithTtl(ms) if (1..=TTL_MAX_MS).contains(&ms) => NodeKind::Ttl(ms),
            CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_) => return Err(ErrorCode::BadArguments),
        };
        self.in_session(session)?;
        let slash = path.rfind('/').filter(|_| !path.contains('\0')).ok_or(ErrorCode::BadArguments)?;
        let parent = self.node(&path[..slash]).ok_or(ErrorCode::NoNode)?;
        let path = if mode.is_sequential() { path::sequential(path, parent.creates) } else { path.clone() };
        path::validate(&path)?;
        if self.node(&path).is_some() {
            return Err(ErrorCode::NodeExists);
        }
        if parent.kind == NodeKind::Ephemeral {
            return Err(ErrorCode::NoChildrenForEphemerals);
        }
        // createContainer and createTTL answer with a stat, as create2 does.
        let stat = stat || matches!(kind, NodeKind::Container | NodeKind::Ttl(_));
        Ok(Body::Create { path, data: data.clone(), kind, parent_creates: parent.creates.wrapping_add(1), stat })
    }

    fn in_session(&self, session: SessionId) -> Result<(), ErrorCode> {
        if self.sessions.contains_key(&session) { Ok(()) } else { Err(ErrorCode::SessionExpired) }
    }
}

fn expect_version(current: i32, expected: i32) -> Result<(), ErrorCode> {
    if expected == -1 || expected == current { Ok(()) } else { Err(ErrorCode::BadVersion) }
}

/// The version after `current`. It wraps, and leaves -1 out, which would match any (ZOOKEEPER-4743).
fn version_after(current: i32) -> i32 {
    match current.wrapping_add(1) {
        -1 => 0,
        next => next,
    }
}
