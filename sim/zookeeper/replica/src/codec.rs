//! Bytes: how transactions and znodes are written to a log, a snapshot or a SNAP packet. Big-endian and
//! length-prefixed, as jute is; never panics on what a disk gives back.

use xxhash_rust::xxh3::xxh3_64;
use zookeeper_words::fact::Mark;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{Acl, Acls, Data, ErrorCode, Id, Path, Perms};
use zookeeper_words::txn::{Body, Head, NodeKind, Txn};

use crate::acl;

/// What a reconfig's body begins with.
const CODE_RECONFIG: u8 = 16;
/// Room for most transactions.
pub const TXN_BYTES: usize = 96;
/// Multis do not nest: a body within a multi is decoded at depth 1, and no deeper.
const DEPTH_MAX: u32 = 1;

/// Puts numbers, strings and buffers into bytes.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    /// One byte.
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }
    /// Four bytes.
    pub fn int(&mut self, value: i32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }
    /// Eight bytes.
    pub fn long(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }
    /// A length and a string.
    pub fn string(&mut self, value: &str) {
        self.int(value.len() as i32);
        self.0.extend_from_slice(value.as_bytes());
    }
    /// A length, -1 for null, and bytes.
    pub fn data(&mut self, value: &Data) {
        match value {
            None => self.int(-1),
            Some(bytes) => {
                self.int(bytes.len() as i32);
                self.0.extend_from_slice(bytes);
            }
        }
    }
    /// An access control list: a count, -1 for the open one, which most nodes have, and its entries.
    pub fn acl(&mut self, acl: &Acls) {
        if acl::is_open(acl) {
            return self.int(-1);
        }
        self.int(acl.len() as i32);
        for Acl { perms, id } in acl.iter() {
            self.int(perms.0);
            self.string(&id.scheme);
            self.string(&id.id);
        }
    }
    /// A node's kind: a byte, and the time to live of the kind that has one.
    pub fn kind(&mut self, kind: NodeKind) {
        match kind {
            NodeKind::Persistent => self.byte(0),
            NodeKind::Ephemeral => self.byte(1),
            NodeKind::Container => self.byte(2),
            NodeKind::Ttl(ms) => {
                self.byte(3);
                self.long(ms);
            }
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::CreateSession { timeout_ms } => {
                self.byte(1);
                self.int(*timeout_ms as i32);
            }
            Body::CloseSession { paths } => {
                self.byte(2);
                self.int(paths.len() as i32);
                paths.iter().for_each(|path| self.string(path));
            }
            Body::Create { path, data, acl, kind, parent_creates, stat } => {
                self.byte(3);
                self.string(path);
                self.data(data);
                self.acl(acl);
                self.kind(*kind);
                self.int(*parent_creates);
                self.byte(u8::from(*stat));
            }
            Body::Delete { path } => {
                self.byte(4);
                self.string(path);
            }
            Body::SetData { path, data, version } => {
                self.byte(5);
                self.string(path);
                self.data(data);
                self.int(*version);
            }
            Body::Check => self.byte(6),
            Body::Multi(bodies) => {
                self.byte(7);
                self.int(bodies.len() as i32);
                bodies.iter().for_each(|body| self.body(body));
            }
            Body::Error(code) => {
                self.byte(8);
                self.int(code.code());
            }
            Body::SetAcl { path, acl, version } => {
                self.byte(9);
                self.string(path);
                self.acl(acl);
                self.int(*version);
            }
            Body::Reconfig { data } => {
                self.byte(CODE_RECONFIG);
                self.data(data);
            }
        }
    }
}

/// Takes numbers, strings and buffers out of bytes; `None` where they end or make no sense.
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Option<&[u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }
    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }
    /// Four bytes.
    pub fn int(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }
    /// Eight bytes.
    pub fn long(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_be_bytes)
    }
    /// A length and a string.
    pub fn string(&mut self) -> Option<Path> {
        let len = usize::try_from(self.int()?).ok()?;
        std::str::from_utf8(self.take(len)?).ok().map(Path::from)
    }
    /// A length, -1 for null, and bytes.
    pub fn data(&mut self) -> Option<Data> {
        match self.int()? {
            -1 => Some(None),
            len => Some(Some(self.take(usize::try_from(len).ok()?)?.into())),
        }
    }
    /// A count of things of at least `least` bytes each, so that garbage cannot ask for more memory than there are
    /// bytes.
    pub fn count(&mut self, least: usize) -> Option<usize> {
        let count = usize::try_from(self.int()?).ok()?;
        (count <= self.0.len() / least.max(1)).then_some(count)
    }
    /// An access control list.
    pub fn acl(&mut self) -> Option<Acls> {
        if self.0.starts_with(&(-1i32).to_be_bytes()) {
            self.int()?;
            return Some(zookeeper_words::service::acl::open());
        }
        (0..self.count(12)?).map(|_| Some(Acl { perms: Perms(self.int()?), id: Id { scheme: self.string()?, id: self.string()? } })).collect()
    }
    /// A node's kind.
    pub fn kind(&mut self) -> Option<NodeKind> {
        match self.byte()? {
            0 => Some(NodeKind::Persistent),
            1 => Some(NodeKind::Ephemeral),
            2 => Some(NodeKind::Container),
            3 => Some(NodeKind::Ttl(self.long()?)),
            _ => None,
        }
    }

    fn body(&mut self, depth: u32) -> Option<Body> {
        Some(match self.byte()? {
            1 => Body::CreateSession { timeout_ms: u32::try_from(self.int()?).ok()? },
            2 => Body::CloseSession { paths: (0..self.count(4)?).map(|_| self.string()).collect::<Option<_>>()? },
            3 => Body::Create {
                path: self.string()?,
                data: self.data()?,
                acl: self.acl()?,
                kind: self.kind()?,
                parent_creates: self.int()?,
                stat: self.byte()? != 0,
            },
            4 => Body::Delete { path: self.string()? },
            5 => Body::SetData { path: self.string()?, data: self.data()?, version: self.int()? },
            6 => Body::Check,
            CODE_RECONFIG if depth == 0 => Body::Reconfig { data: self.data()? },
            7 if depth < DEPTH_MAX => Body::Multi((0..self.count(1)?).map(|_| self.body(depth + 1)).collect::<Option<_>>()?),
            8 => {
                let code = self.int()?;
                Body::Error(ErrorCode::ALL.into_iter().find(|error| error.code() == code)?)
            }
            9 => Body::SetAcl { path: self.string()?, acl: self.acl()?, version: self.int()? },
            _ => return None,
        })
    }
}

/// A transaction from its parts, with its mark.
pub fn seal(head: Head, body: Body) -> Txn {
    let mut txn = Txn { head, body, mark: Mark(0) };
    txn.mark = Mark(xxh3_64(&encode(&txn)));
    txn
}

/// A transaction's bytes, without its mark.
pub fn encode(txn: &Txn) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(TXN_BYTES));
    write(txn, &mut writer);
    writer.0
}

/// The same, behind what the writer has.
pub fn write(txn: &Txn, writer: &mut Writer) {
    writer.long(txn.head.session.0);
    writer.int(txn.head.xid.0);
    writer.long(txn.head.zxid.0 as i64);
    writer.long(txn.head.time_ms);
    writer.body(&txn.body);
}

/// The transaction that `bytes` hold, if all of them make sense.
pub fn decode(bytes: &[u8]) -> Option<Txn> {
    let mut reader = Reader(bytes);
    let head = Head { session: SessionId(reader.long()?), xid: Xid(reader.int()?), zxid: Zxid(reader.long()? as u64), time_ms: reader.long()? };
    let body = reader.body(0)?;
    reader.0.is_empty().then(|| Txn { head, body, mark: Mark(xxh3_64(bytes)) })
}
