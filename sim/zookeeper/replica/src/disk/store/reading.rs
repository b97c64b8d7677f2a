//! Reading the disk: after a start, and after the log was cut back. What is torn is mended and what is left made
//! durable before anything is built on it; never more is kept than recovery says.

use std::collections::BTreeMap;

use contract::process::{Exit, FileName};
use zookeeper_words::files::Roll;
use zookeeper_words::ids::Zxid;

use super::{Done, Purpose, Store, UNWATCHED};
use crate::Out;
use crate::disk::{format, recovery};

impl Store {
    /// Reads everything; answered by [`Done::Recovered`].
    pub fn read_all(&mut self, out: &mut Out) {
        self.reading = Some(BTreeMap::new());
        let token = self.token(Purpose::List);
        out.list(token);
    }

    /// Cuts the log back to the last transaction not after `to`, and reads all again; answered by [`Done::Recovered`].
    pub fn truncate(&mut self, to: Zxid, out: &mut Out) {
        assert!(self.is_idle(), "a log is cut at rest");
        self.abandon_snapshot(out);
        for zxid in self.snapshots.iter().filter(|zxid| **zxid > to) {
            out.remove(&format::snapshot_name(*zxid));
        }
        // From the newest back, and the names before the one that is cut, so that a crash on the way leaves a log
        // without a gap.
        for log in self.logs.iter().rev().take_while(|log| log.last() > to) {
            if log.entries.first().is_none_or(|entry| entry.zxid > to) {
                out.remove(&log.name);
            }
        }
        self.reading = Some(BTreeMap::new());
        let token = self.token(Purpose::CutNames(to));
        out.sync_dir(token);
    }

    /// Only logs that begin before the cut are left: the one that goes beyond it is shortened.
    pub(super) fn shorten(&mut self, to: Zxid, out: &mut Out) {
        let Some((log, entry)) = self.logs.iter().rev().find_map(|log| Some((log, log.entries.iter().take_while(|entry| entry.zxid <= to).last()?))) else {
            self.read_all(out);
            return;
        };
        let (name, len) = (log.name.clone(), entry.end);
        out.truncate(&name, len);
        let token = self.token(Purpose::Cut);
        out.sync(&name, token);
    }

    pub(super) fn on_list(&mut self, files: Vec<FileName>, out: &mut Out) -> Option<Done> {
        self.awaited = files.len();
        for file in &files {
            let token = self.token(Purpose::File(file.clone()));
            out.read(file, token);
        }
        if files.is_empty() { self.mend(out) } else { None }
    }

    pub(super) fn on_file(&mut self, name: FileName, content: Option<Vec<u8>>, out: &mut Out) -> Option<Done> {
        let reading = self.reading.as_mut()?;
        if let Some(bytes) = content {
            reading.insert(name, bytes);
        }
        self.awaited -= 1;
        if self.awaited == 0 { self.mend(out) } else { None }
    }

    /// All files are read: take over what they amount to, cut what is torn, and make all of it durable, for a process
    /// that only died may have left it in the page cache.
    fn mend(&mut self, out: &mut Out) -> Option<Done> {
        let files = self.reading.as_ref().expect("files are being read");
        let recovered = match recovery::recover(files) {
            Ok(recovered) => recovered,
            Err(why) => return Some(Done::Leave(Exit::Damaged(why))),
        };
        (self.accepted, self.current) = (recovered.accepted, recovered.current);
        self.last = recovered.last();
        self.durable = self.last;
        self.logs = recovered.logs.clone();
        self.snapshots = recovered.snapshots.clone();
        // A log that ends before the snapshot it lies under cannot be appended to: what follows goes into a new one.
        self.roll = self.logs.last().is_some_and(|log| log.last() != self.last).then_some(Roll::First);
        self.snapshot_bytes = recovered.snapshot_bytes;
        self.name_is_new = false;
        // A snapshot that is about to get its name is still a draft.
        let finishing = self.finishing.map(|(zxid, _)| format::draft_name(zxid));
        for file in recovered.useless.iter().filter(|file| Some(*file) != finishing.as_ref()) {
            out.remove(file);
        }
        if let Some((file, len)) = &recovered.cut {
            out.truncate(file, *len);
        }
        if let Some(log) = self.logs.last() {
            out.sync(&log.name, UNWATCHED);
        }
        self.mended = Some(Box::new(recovered));
        let token = self.token(Purpose::Ready);
        out.sync_dir(token);
        None
    }
}
