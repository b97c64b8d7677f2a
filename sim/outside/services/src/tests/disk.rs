//! A disk with one file for tests: a page cache, syncs that come true later, a power failure that keeps what it likes
//! of the rest. It answers in the order of asking.

use std::collections::VecDeque;

use contract::process::{DiskAnswer, DiskError, Effect, Token};
use outside_words::message::Message;

/// A file's content, of which the first bytes are durable.
#[derive(Clone, Debug, Default)]
struct Content {
    number: u64,
    bytes: Vec<u8>,
    durable: usize,
}

#[derive(Clone, Debug)]
enum Asked {
    Read(Token),
    Sync(Token, u64, usize),
    SyncDir(Token, u64),
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    file: Option<Content>,
    /// What a power failure may bring back in its place: the name does not stand for good yet.
    before: Option<Option<Content>>,
    contents: u64,
    asked: VecDeque<Asked>,
}

impl Disk {
    /// Takes an effect, if it is one of a disk.
    pub(super) fn take(&mut self, effect: Effect<Message>) {
        match effect {
            Effect::Append { bytes, .. } => self.file.get_or_insert_default().bytes.extend(bytes),
            Effect::Replace { bytes, .. } => {
                self.contents += 1;
                let content = Content { number: self.contents, durable: bytes.len(), bytes };
                let before = self.file.replace(content);
                self.before.get_or_insert(before);
            }
            Effect::Sync { token, .. } => {
                let file = self.file.as_ref().expect("what is synced is there");
                self.asked.push_back(Asked::Sync(token, file.number, file.bytes.len()));
            }
            Effect::SyncDir { token } => self.asked.push_back(Asked::SyncDir(token, self.contents)),
            Effect::Read { token, .. } => self.asked.push_back(Asked::Read(token)),
            other => panic!("no disk does {other:?}"),
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The next answer; an error, if it is to fail and can.
    pub(super) fn answer(&mut self, fails: bool) -> DiskAnswer {
        let failed = |token| DiskAnswer::Failed { token: Some(token), file: None, error: DiskError::Io };
        match self.asked.pop_front().expect("something is asked") {
            Asked::Read(token) => DiskAnswer::Read { token, bytes: self.file.as_ref().map(|file| file.bytes.clone()) },
            Asked::Sync(token, ..) | Asked::SyncDir(token, _) if fails => failed(token),
            Asked::Sync(token, number, len) => {
                if let Some(file) = self.file.as_mut().filter(|file| file.number == number) {
                    file.durable = file.durable.max(len);
                }
                DiskAnswer::Synced { token }
            }
            Asked::SyncDir(token, contents) => {
                if contents == self.contents {
                    self.before = None;
                }
                DiskAnswer::Synced { token }
            }
        }
    }

    /// The process is gone: nobody waits for an answer.
    pub(super) fn abandon(&mut self) {
        self.asked.clear();
    }

    /// The power fails: of what is not durable so much is kept, in 255ths, and the next bytes are zero; a new name
    /// stands or does not.
    pub(super) fn lose_power(&mut self, kept: u8, torn: bool, name_stands: bool) {
        self.abandon();
        if let Some(before) = self.before.take().filter(|_| !name_stands) {
            self.file = before;
        }
        if let Some(file) = &mut self.file {
            let pending = file.bytes.len() - file.durable;
            let kept = file.durable + pending * usize::from(kept) / 255;
            let end = if torn { file.bytes.len().min(kept + 7) } else { kept };
            file.bytes.truncate(kept);
            file.bytes.resize(end, 0);
            file.durable = end;
        }
    }
}
