//! What a replica keeps of its files: the newest snapshots that can be read, and the logs that the oldest of them needs
//! (PurgeTxnLog, autopurge). Never what a recovery might start from.
//!
//! Unreadable snapshots are not counted (ZOOKEEPER-3231): they are thrown away when they are found, since a whole one
//! was found beside them.

use zookeeper_words::files::FilesFact;
use zookeeper_words::ids::Zxid;
use zookeeper_words::plant::Plant;

use super::{Purpose, Store};
use crate::Out;
use crate::disk::format;
use crate::disk::recovery::LogFile;

impl Store {
    /// Throws away what is needed no more: at a start, and after each snapshot. Newer names go last, so that a crash on
    /// the way leaves a purge that was done in part.
    pub fn purge(&mut self, out: &mut Out) {
        let surplus = self.snapshots.len().saturating_sub(self.retain);
        let snapshots: Vec<Zxid> = self.snapshots.drain(..surplus).collect();
        let needless = self.needless_logs();
        let logs: Vec<LogFile> = self.logs.drain(..needless).collect();
        if snapshots.is_empty() && logs.is_empty() {
            return;
        }
        snapshots.iter().for_each(|zxid| out.remove(&format::snapshot_name(*zxid)));
        logs.iter().for_each(|log| out.remove(&log.name));
        out.note(FilesFact::Purging { snapshots, logs: logs.iter().map(LogFile::first).collect() });
        let token = self.token(Purpose::Purged);
        out.sync_dir(token);
    }

    /// How many of the oldest logs no snapshot needs: what follows them begins at or below the oldest one that is kept.
    /// A log under a snapshot mostly goes on beyond it.
    fn needless_logs(&self) -> usize {
        if self.plants.has(Plant::PurgeTooMuch) {
            let newest = self.snapshots.last().copied().unwrap_or(Zxid::ZERO);
            return self.logs.iter().take(self.logs.len().saturating_sub(1)).take_while(|log| log.first() <= newest).count();
        }
        let oldest = self.snapshots.first().copied().unwrap_or(Zxid::ZERO);
        self.logs.windows(2).take_while(|pair| pair[1].after <= oldest).count()
    }
}
