//! A blob store, as S3 is one: names and contents, each name written once. A name that was deleted is not written
//! again, so that a put that comes late cannot bring back what was thrown away; never a content in the place of
//! another.

use std::collections::BTreeMap;
use std::sync::Arc;

use outside_words::fact::{Author, OutsideFact};
use outside_words::ids::BlobName;
use outside_words::message::{Answer, Ask};
use serde::{Deserialize, Serialize};

use crate::codec::digest;
use crate::core::{Core, Decision};
use crate::service::Service;

/// The blob store as a process.
pub type BlobProcess = Service<Blobs>;

impl BlobProcess {
    /// A store in which nothing is.
    pub fn new() -> BlobProcess {
        Service::of(Blobs::default())
    }
}

impl Default for BlobProcess {
    fn default() -> Self {
        BlobProcess::new()
    }
}

/// The store's state: contents by name, `None` for a name that is used up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blobs(BTreeMap<BlobName, Option<Arc<[u8]>>>);

/// A change of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A content gets a name.
    Put {
        /// The name.
        name: BlobName,
        /// The content.
        bytes: Arc<[u8]>,
        /// Who asks.
        by: Author,
    },
    /// A name is used up, and what was there is gone.
    Delete {
        /// The name.
        name: BlobName,
        /// Who asks.
        by: Author,
    },
}

impl Blobs {
    /// All blobs that there are, in the order of their names.
    pub fn all(&self) -> impl Iterator<Item = (&BlobName, &Arc<[u8]>)> {
        self.0.iter().filter_map(|(name, bytes)| bytes.as_ref().map(|bytes| (name, bytes)))
    }

    fn names(&self, prefix: &BlobName) -> Vec<BlobName> {
        let from = self.0.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&**prefix));
        from.filter(|(_, bytes)| bytes.is_some()).map(|(name, _)| name.clone()).collect()
    }
}

impl Core for Blobs {
    type Command = Command;

    const FILE: &'static str = "blobs.wal";

    fn decide(&self, ask: &Ask, _: u64) -> Decision<Command> {
        match ask {
            Ask::Put { name, bytes, by } => match self.0.get(name) {
                None => Decision::Change(Command::Put { name: name.clone(), bytes: bytes.clone(), by: *by }),
                Some(Some(there)) if there == bytes => Decision::Answer(Answer::Done, vec![]),
                Some(_) => Decision::Answer(Answer::Conflict, vec![]),
            },
            Ask::Get { name, by } => {
                let bytes = self.0.get(name).cloned().flatten();
                let fact = OutsideFact::BlobRead { name: name.clone(), digest: bytes.as_deref().map(digest), by: *by };
                Decision::Answer(Answer::Blob(bytes), vec![fact])
            }
            Ask::Delete { name, by } => match self.0.get(name) {
                Some(None) => Decision::Answer(Answer::Done, vec![]),
                Some(Some(_)) | None => Decision::Change(Command::Delete { name: name.clone(), by: *by }),
            },
            Ask::List { prefix } => Decision::Answer(Answer::Names(self.names(prefix)), vec![]),
            Ask::Fetch { .. } | Ask::InitProducer { .. } | Ask::Write { .. } | Ask::Commit { .. } | Ask::Rollback { .. } | Ask::Upsert { .. } => {
                panic!("the blob store was asked to {}", ask.kind())
            }
        }
    }

    fn apply(&mut self, command: Command) -> (Vec<OutsideFact>, Answer) {
        let facts = match command {
            Command::Put { name, bytes, by } => {
                let fact = OutsideFact::BlobPut { name: name.clone(), bytes: bytes.len() as u32, digest: digest(&bytes), by };
                self.0.insert(name, Some(bytes));
                vec![fact]
            }
            Command::Delete { name, by } => {
                let before = self.0.insert(name.clone(), None).flatten();
                before.map(|_| OutsideFact::BlobDeleted { name, by }).into_iter().collect()
            }
        };
        (facts, Answer::Done)
    }

    fn due(&self, _: u64) -> Option<Command> {
        None
    }

    fn due_ms(&self) -> Option<u64> {
        None
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        let bytes: usize = self.all().map(|(_, bytes)| bytes.len()).sum();
        vec![("blobs", format!("{} of {bytes} bytes, {} names used up", self.all().count(), self.0.len() - self.all().count()))]
    }
}
