//! Putting something into a store: the content into the blob store, then the handle into the coordination service
//! (ZooKeeperStateHandleStore.addAndLock). Never the handle before the content.

use std::sync::Arc;

use outside::{AskId, Lost};
use outside_words::ids::{BlobName, LeaderId};
use outside_words::message::Answer;
use zookeeper_client::curator::Notice;
use zookeeper_client::curator::store::{AddAndLock, Added, StateHandleStore};

use super::super::context::{MasterContext, PUT_TRIES};

/// What the owner learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) enum Kept {
    /// The content is durable; the handle follows.
    Content,
    /// It is not, and nothing follows.
    NoContent,
    /// Another content is there under that name, or was; nothing follows.
    Conflict,
    /// The addition of the handle ended.
    Handle(Added),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Putting(AskId),
    Adding(Box<AddAndLock>),
    Over,
}

/// The operation at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Keep {
    store: Option<StateHandleStore>,
    node: String,
    blob: BlobName,
    step: Step,
}

impl Keep {
    /// Begins. Without a store the content is all that is kept.
    pub fn start(store: Option<StateHandleStore>, node: String, blob: BlobName, content: Arc<[u8]>, leader: LeaderId, context: &mut MasterContext) -> Keep {
        let ask = context.put(&blob, content, leader, PUT_TRIES);
        Keep { store, node, blob, step: Step::Putting(ask) }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) -> Option<Kept> {
        if self.step != Step::Putting(id) {
            return None;
        }
        if *result != Ok(Answer::Done) {
            self.step = Step::Over;
            return Some(if *result == Ok(Answer::Conflict) { Kept::Conflict } else { Kept::NoContent });
        }
        self.step = match &self.store {
            Some(store) => {
                let handle = Some(super::bytes(&self.blob));
                Step::Adding(Box::new(context.recipe(|recipe| AddAndLock::start(store, &self.node, handle, recipe))))
            }
            None => Step::Over,
        };
        Some(Kept::Content)
    }

    /// Takes a notice of Curator's.
    pub fn on_notice(&mut self, notice: &Notice, context: &mut MasterContext) -> Option<Kept> {
        let Step::Adding(add) = &mut self.step else { return None };
        let added = context.recipe(|recipe| add.on(notice, recipe))?;
        self.step = Step::Over;
        Some(Kept::Handle(added))
    }
}
