//! Writing snapshots: a fuzzy one while transactions go on, some znodes at a time, or a leader's whole state. A file gets its name only when it is durable; never earlier.

use vocab::fact::Fact;
use vocab::ids::Zxid;
use vocab::process::{Effects, FileName, Token};

use super::format;
use crate::message::Message;
use crate::tree::Tree;
use crate::tree::state::{self, Cursor};

type Out = Effects<Message, Fact>;

/// A fuzzy snapshot on its way.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name: all transactions up to here are in it.
    pub zxid: Zxid,
    file: FileName,
    cursor: Cursor,
    parts: u32,
    /// Set when all nodes are written: the last transaction that can be in it in part. The log must be durable up to here before the snapshot counts.
    pub until: Option<Zxid>,
}

impl Draft {
    /// Begins at the tree's last transaction: sessions now, nodes from now on.
    pub fn begin(tree: &Tree, token: Token, out: &mut Out) -> Draft {
        let draft = Draft { zxid: tree.last, file: format::draft_name(tree.last), cursor: Cursor::Start, parts: 0, until: None };
        out.append(&draft.file, format::snapshot_start(&state::head(tree)));
        out.sync(&draft.file, token);
        draft
    }

    /// Writes the next `count` nodes.
    pub fn go_on(&mut self, tree: &Tree, count: usize, token: Token, out: &mut Out) {
        assert!(self.until.is_none(), "all nodes are written already");
        let (nodes, next) = state::nodes(tree, &self.cursor, count);
        self.cursor = next;
        if self.cursor == Cursor::End {
            self.until = Some(tree.last);
            return;
        }
        self.parts += 1;
        out.append(&self.file, format::snapshot_part(self.parts, &nodes));
        out.sync(&self.file, token);
    }

    /// Ends the file. The log must be durable up to `until`.
    pub fn finish(&self, token: Token, out: &mut Out) {
        let until = self.until.expect("only a draft with all its nodes is finished");
        out.append(&self.file, format::snapshot_end(self.parts, until));
        out.sync(&self.file, token);
    }

    /// Drops the file.
    pub fn abandon(&self, out: &mut Out) {
        out.list.push(vocab::process::Effect::Remove { file: self.file.clone() });
    }
}

/// Writes a whole state at once.
pub fn write(zxid: Zxid, whole: &[u8], token: Token, out: &mut Out) {
    let file = format::draft_name(zxid);
    let mut bytes = format::snapshot_start(whole);
    bytes.extend(format::snapshot_end(0, zxid));
    out.list.push(vocab::process::Effect::Remove { file: file.clone() });
    out.append(&file, bytes);
    out.sync(&file, token);
}

/// Gives a draft its name. Its content must be durable, or a crash could leave the name without it.
pub fn publish(zxid: Zxid, token: Token, out: &mut Out) {
    out.list.push(vocab::process::Effect::Rename { from: format::draft_name(zxid), to: format::snapshot_name(zxid) });
    out.list.push(vocab::process::Effect::SyncDir { token });
}
