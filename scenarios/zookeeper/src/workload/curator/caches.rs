//! Curator's cache of a small tree which all its clients change: at its beginning, after each round, and at the end, it says what it shows. Never what it should show.

use std::collections::BTreeSet;

use contract::dice::Dice;
use zookeeper_client::curator::cache::{Cache, Scope};
use zookeeper_client::curator::create::{Creation, Parents, Spec};
use zookeeper_client::curator::{CallId, Notice};
use zookeeper_words::fact::{Mirror, RecipeFact};
use zookeeper_words::service::{CreateMode, Data, Op, Path};

use super::super::round::Progress;
use super::context::CuratorContext;

const ROOT: &str = "/curator/tree";
/// Three levels, so that what is below a node that comes and goes comes and goes as well.
const NODES: [&str; 6] = ["a", "b", "a/x", "a/y", "b/x", "b/x/p"];
/// How many changes a round makes at most.
const CHANGES_MAX: u64 = 3;
/// How often in a million rounds the cache is closed, so that the next round begins another.
const CLOSE_PPM: u32 = 50_000;
/// How often in a million a cache is one of a single node.
const SINGLE_PPM: u32 = 200_000;

/// The recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Caches {
    cache: Option<Cache>,
    is_at_work: bool,
    calls: BTreeSet<CallId>,
    creations: Vec<Creation>,
}

impl Caches {
    pub fn is_settled(&self) -> bool {
        self.cache.as_ref().is_none_or(Cache::is_settled)
    }

    pub fn begin(&mut self, context: &mut CuratorContext) -> Progress {
        let is_single = context.round.dice.chance(SINGLE_PPM);
        let closes = context.round.dice.chance(CLOSE_PPM);
        if let Some(mut cache) = self.cache.take_if(|_| closes) {
            cache.close(&mut context.curator);
        } else if self.cache.is_none() {
            let (root, scope) = if is_single { (format!("{ROOT}/a"), Scope::Node) } else { (ROOT.to_owned(), Scope::Tree) };
            self.cache.insert(Cache::new(root.into(), scope)).start(&mut context.curator);
            self.show(false, context); // Nothing: it is another one's copy from here on.
        }
        self.is_at_work = true;
        for _ in 0..context.round.dice.between(1, CHANGES_MAX) {
            self.change(context);
        }
        self.go_on(context)
    }

    pub fn on(&mut self, notice: &Notice, context: &mut CuratorContext) -> Progress {
        if let Some(cache) = &mut self.cache {
            cache.on(notice, &mut context.curator);
        }
        if let Notice::Done { call, .. } = notice {
            self.calls.remove(call);
        }
        self.creations.retain_mut(|creation| creation.on(notice, &mut context.curator).is_none());
        self.go_on(context)
    }

    fn go_on(&mut self, context: &mut CuratorContext) -> Progress {
        if !self.is_at_work || !self.calls.is_empty() || !self.creations.is_empty() {
            return Progress::Going;
        }
        self.is_at_work = false;
        self.show(false, context);
        Progress::Done
    }

    fn change(&mut self, context: &mut CuratorContext) {
        let dice = &mut context.round.dice;
        let path: Path = format!("{ROOT}/{}", dice.pick(&NODES)).into();
        let data = data(dice);
        let (kind, is_ephemeral) = (dice.below(10), dice.chance(200_000));
        let op = match kind {
            0..=3 => {
                // Parents are containers, which the leader takes away when they are empty.
                let mode = if is_ephemeral { CreateMode::Ephemeral } else { CreateMode::Persistent };
                let spec = Spec { path, data, mode, protection: None, parents: Parents::Containers };
                return self.creations.push(Creation::start(spec, &mut context.curator));
            }
            4..=6 => Op::SetData { path, data, version: -1 },
            _ => Op::Delete { path, version: -1 },
        };
        self.calls.insert(context.curator.call(op));
    }

    /// Says what the cache shows, if there is one.
    pub fn show(&mut self, settled: bool, context: &mut CuratorContext) {
        if let Some(cache) = &self.cache {
            let nodes = cache.entries().iter().map(|(path, entry)| (path.to_string(), entry.stat.mzxid)).collect();
            context.curator.note(RecipeFact::Mirrored(Mirror { root: cache.root().to_string(), tree: cache.scope() == Scope::Tree, nodes, settled }));
        }
    }
}

fn data(dice: &mut Dice) -> Data {
    Some(dice.between(0, u64::MAX).to_le_bytes().into())
}
