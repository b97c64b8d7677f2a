//! Writing snapshots: a fuzzy one while transactions go on, some znodes at a time, or a leader's whole state. A file
//! gets its name only when it is durable; never earlier.

use contract::process::{FileName, Token};
use zookeeper_words::ids::Zxid;

use super::format;
use crate::Out;
use crate::tree::Tree;
use crate::tree::state::{self, Cursor};

/// A fuzzy snapshot on its way.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name: all transactions up to here are in it.
    pub zxid: Zxid,
    /// How long it is so far.
    pub bytes: u64,
    file: FileName,
    cursor: Cursor,
    parts: u32,
    /// Set when all nodes are written: the last transaction that can be in it in part. The log must be durable up to
    /// here before the snapshot counts.
    pub until: Option<Zxid>,
    /// The head and all parts, under a plant that writes the head anew at the end.
    kept: Option<(Vec<u8>, Vec<u8>)>,
}

impl Draft {
    /// Begins at the tree's last transaction: sessions now, nodes from now on. A plant names it by its end.
    pub fn begin(tree: &Tree, is_named_ahead: bool, token: Token, out: &mut Out) -> Draft {
        let head = state::head(tree);
        let mut draft = Draft {
            zxid: tree.last,
            bytes: 0,
            file: format::draft_name(tree.last),
            cursor: Cursor::Start,
            parts: 0,
            until: None,
            kept: is_named_ahead.then(|| (head.clone(), Vec::new())),
        };
        draft.append(format::snapshot_start(&head), token, out);
        draft
    }

    fn append(&mut self, bytes: Vec<u8>, token: Token, out: &mut Out) {
        self.bytes += bytes.len() as u64;
        out.append(&self.file, bytes);
        out.sync(&self.file, token);
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
        let part = format::snapshot_part(self.parts, &nodes);
        if let Some((_, parts)) = &mut self.kept {
            parts.extend_from_slice(&part);
        }
        self.append(part, token, out);
    }

    /// Ends the file. The log must be durable up to `until`.
    pub fn finish(&mut self, token: Token, out: &mut Out) {
        let until = self.until.expect("only a draft with all its nodes is finished");
        let end = format::snapshot_end(self.parts, until);
        let Some((mut head, parts)) = self.kept.take() else {
            self.append(end, token, out);
            return;
        };
        head[..8].copy_from_slice(&until.0.to_be_bytes());
        let bytes = [format::snapshot_start(&head), parts, end].concat();
        out.replace(&self.file, bytes);
        out.sync(&self.file, token);
    }

    /// Drops the file.
    pub fn abandon(&self, out: &mut Out) {
        out.remove(&self.file);
    }
}

/// Writes a whole state at once.
pub fn write(zxid: Zxid, whole: &[u8], token: Token, out: &mut Out) {
    let file = format::draft_name(zxid);
    let mut bytes = format::snapshot_start(whole);
    bytes.extend(format::snapshot_end(0, zxid));
    out.remove(&file);
    out.append(&file, bytes);
    out.sync(&file, token);
}

/// Gives the draft of `zxid` its name. Its content must be durable, or a crash could leave the name without it.
pub fn publish(zxid: Zxid, name: Zxid, token: Token, out: &mut Out) {
    out.rename(&format::draft_name(zxid), &format::snapshot_name(name));
    out.sync_dir(token);
}
