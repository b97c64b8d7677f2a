//! Putting something into a store: the content into the blob store, then the handle into the coordination service (ZooKeeperStateHandleStore.addAndLock). Never the handle before the content.

use std::sync::Arc;

use coord::curator::Told;
use coord::curator::store::{AddAndLock, Added, StateHandleStore};
use vocab::stream::ids::{BlobName, LeaderId};

use super::super::desk::Desk;
use crate::message::Answer;
use crate::outside::{AskId, Lost};

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
    pub fn start(store: Option<StateHandleStore>, node: String, blob: BlobName, content: Arc<[u8]>, leader: LeaderId, desk: &mut Desk) -> Keep {
        let ask = desk.put(&blob, content, leader, crate::master::PUT_TRIES);
        Keep { store, node, blob, step: Step::Putting(ask) }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, desk: &mut Desk) -> Option<Kept> {
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
                Step::Adding(Box::new(desk.turn(|turn| AddAndLock::start(store, &self.node, handle, turn))))
            }
            None => Step::Over,
        };
        Some(Kept::Content)
    }

    /// Takes what Curator told.
    pub fn on_told(&mut self, told: &Told, desk: &mut Desk) -> Option<Kept> {
        let Step::Adding(add) = &mut self.step else { return None };
        let added = desk.turn(|turn| add.on(told, turn))?;
        self.step = Step::Over;
        Some(Kept::Handle(added))
    }
}
