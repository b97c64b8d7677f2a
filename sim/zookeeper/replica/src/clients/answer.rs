//! The answer to a request whose turn has come and that is no write, with the watches that it leaves or takes away
//! (FinalRequestProcessor, DataTree.setWatches). Never the order of requests.

use contract::ids::ConnId;
use contract::plant::Plants;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::message::Message;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{AddWatchMode, ErrorCode, Id, Op, Path, Reply, WatchEvent};
use zookeeper_words::settings::Compat;

use super::View;
use crate::Out;
use crate::tree::read::{Awaited, Reader};
use crate::watch::{WatchKind, Watches};

/// A request whose turn has come: by whom, and from what it is answered.
#[derive(Clone, Copy)]
pub(super) struct RequestContext<'a> {
    pub conn: ConnId,
    pub session: SessionId,
    pub ids: &'a [Id],
    pub view: View<'a>,
    pub compat: Compat,
    pub plants: &'a Plants<Plant>,
}

impl RequestContext<'_> {
    pub fn answer(&self, op: &Op, watches: &mut Watches, out: &mut Out) -> Result<Reply, ErrorCode> {
        match op {
            Op::Sync { path } => Ok(Reply::Synced { path: path.clone() }),
            Op::SetWatches { relative, data, exist, child, persistent, recursive } => {
                self.catch_up(*relative, Awaited::Data, data, watches, out);
                self.catch_up(*relative, Awaited::Existence, exist, watches, out);
                self.catch_up(*relative, Awaited::Children, child, watches, out);
                // What these missed is lost.
                persistent.iter().for_each(|path| watches.add_lasting(AddWatchMode::Persistent, path, self.conn));
                recursive.iter().for_each(|path| watches.add_lasting(AddWatchMode::PersistentRecursive, path, self.conn));
                Ok(Reply::Done)
            }
            Op::AddWatch { path, mode } => {
                watches.add_lasting(*mode, path, self.conn);
                Ok(Reply::Done)
            }
            Op::RemoveWatches { path, kind, only_ask } => watches.remove(path, *kind, *only_ask, self.conn).map(|()| Reply::Done),
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::GetAcl { .. } | Op::WhoAmI => self.read(op, watches),
            Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::MultiRead(_) => self.read(op, watches),
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::SetAcl { .. } | Op::Check { .. } | Op::Multi(_) => not_a_turn(op),
            Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession | Op::Auth { .. } => not_a_turn(op),
        }
    }

    fn read(&self, op: &Op, watches: &mut Watches) -> Result<Reply, ErrorCode> {
        let result = self.view.content.read(op, Reader { session: self.session, ids: self.ids, compat: self.compat });
        match (op, &result) {
            (Op::MultiRead(ops), Ok(Reply::Multi(results))) => ops.iter().zip(results).for_each(|(op, result)| self.leave(op, result, watches)),
            _ => self.leave(op, &result, watches),
        }
        result
    }

    /// Leaves the watch that a read asks for, where its outcome allows one: exists watches what is not there too.
    fn leave(&self, op: &Op, result: &Result<Reply, ErrorCode>, watches: &mut Watches) {
        match (op, result) {
            (Op::Exists { path, watch: true }, Ok(_) | Err(ErrorCode::NoNode)) => watches.add(WatchKind::Data, path, self.conn),
            (Op::GetData { path, watch: true }, Ok(_)) => watches.add(WatchKind::Data, path, self.conn),
            (Op::GetChildren { path, watch: true, .. }, Ok(_)) => watches.add(WatchKind::Child, path, self.conn),
            (_, Ok(_) | Err(_)) => {}
        }
    }

    /// Tells a client that is back what its watches missed; those that missed nothing are armed again. ZooKeeper asks
    /// no ACL here.
    fn catch_up(&self, relative: Zxid, awaited: Awaited, paths: &[Path], watches: &mut Watches, out: &mut Out) {
        let kind = match awaited {
            Awaited::Data | Awaited::Existence => WatchKind::Data,
            Awaited::Children => WatchKind::Child,
        };
        for path in paths {
            match self.view.tree.missed(relative, awaited, path) {
                Some(_) if self.plants.has(Plant::MissedWatchesLost) => watches.add(kind, path, self.conn),
                Some(kind) => out.send(self.conn, Message::Event { zxid: self.view.tree.last, event: WatchEvent { kind, path: path.clone() } }),
                None => watches.add(kind, path, self.conn),
            }
        }
    }
}

fn not_a_turn(op: &Op) -> ! {
    unreachable!("{} never waits for its turn as a read does", op.name())
}
