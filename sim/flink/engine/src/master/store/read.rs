//! Reading all of a store: each handle is locked and read, then the blob behind it. Never a part of it: what cannot be
//! read fails the whole, unless a plant skips it (FLINK-22502).

use std::collections::BTreeMap;
use std::sync::Arc;

use outside::{AskId, Lost};
use outside_words::ids::{BlobName, LeaderId};
use outside_words::message::Answer;
use zookeeper_client::curator::Notice;
use zookeeper_client::curator::store::{Everything, GetAllAndLock, StateHandleStore};

use super::super::context::{GET_TRIES, MasterContext};

/// What was found, by node: the blob's name and its content.
pub(in crate::master) type Found = BTreeMap<String, (BlobName, Option<Arc<[u8]>>)>;

/// What becomes of a handle whose blob cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::master) enum Unreadable {
    /// The read fails.
    Fails,
    /// It is as if it were not there.
    Skipped,
    /// It is given without its content: it is to be removed anyway.
    Kept,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Handles(Box<GetAllAndLock>),
    Blobs(BTreeMap<AskId, String>),
}

/// The read at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct ReadAll {
    leader: LeaderId,
    unreadable: Unreadable,
    step: Step,
    found: Found,
}

impl ReadAll {
    /// Begins to read.
    pub fn start(store: &StateHandleStore, unreadable: Unreadable, leader: LeaderId, context: &mut MasterContext) -> ReadAll {
        let step = Step::Handles(Box::new(context.recipe(|recipe| GetAllAndLock::start(store, recipe))));
        ReadAll { leader, unreadable, step, found: BTreeMap::new() }
    }

    /// Takes a notice of Curator's; says what was found, or why nothing.
    pub fn on_notice(&mut self, notice: &Notice, context: &mut MasterContext) -> Option<Result<Found, String>> {
        let Step::Handles(read) = &mut self.step else { return None };
        let all = match context.recipe(|recipe| read.on(notice, recipe))? {
            Everything::All(all) => all,
            Everything::Failed(error) => return Some(Err(format!("the handles cannot be read: {error:?}"))),
        };
        let mut asks = BTreeMap::new();
        for (node, data) in all {
            let name: Option<BlobName> = data.as_deref().and_then(outside::codec::decode);
            let Some(name) = name else {
                // Somebody is removing it, or it is nobody's.
                continue;
            };
            asks.insert(context.get(&name, self.leader, GET_TRIES), node.clone());
            self.found.insert(node, (name, None));
        }
        self.step = Step::Blobs(asks);
        self.finished()
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>) -> Option<Result<Found, String>> {
        let Step::Blobs(asks) = &mut self.step else { return None };
        let node = asks.remove(&id)?;
        match (result, self.unreadable) {
            (Ok(Answer::Blob(Some(bytes))), _) => self.found.get_mut(&node).expect("it was asked for").1 = Some(bytes.clone()),
            (_, Unreadable::Kept) => {}
            (_, Unreadable::Skipped) => {
                self.found.remove(&node);
            }
            (result, Unreadable::Fails) => return Some(Err(format!("the blob of {node} cannot be read: {result:?}"))),
        }
        self.finished()
    }

    fn finished(&mut self) -> Option<Result<Found, String>> {
        matches!(&self.step, Step::Blobs(asks) if asks.is_empty()).then(|| Ok(std::mem::take(&mut self.found)))
    }
}
