//! The configurations that a replica knows of: what its tree holds, what waits in its log, what it heard in votes. From
//! them follows which one is in force and which is to come. Never a decision to change one.
//!
//! ZooKeeper keeps the last committed and the last proposed configuration in files of their own. Here both follow from
//! the log: a leader proposes a configuration only once the one before it is committed, so of those that wait in a log
//! all but the last are committed, whoever knows it.

use std::collections::VecDeque;
use std::sync::Arc;

use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::service::Data;

use super::{Config, Joint, Replicas, text};

/// The configurations of one replica.
#[derive(Clone, Debug)]
pub struct Succession {
    first: Arc<Config>,
    /// The servers that exist.
    pub known: Replicas,
    /// What the tree holds.
    applied: Arc<Config>,
    /// In the log, not applied; in order.
    waiting: VecDeque<Arc<Config>>,
    /// The newest that was heard of as committed.
    heard: Option<Arc<Config>>,
    joint: Joint,
}

impl Succession {
    /// Nothing but the first configuration, which comes with the program as ZooKeeper's comes with its files.
    pub fn new(first: Ensemble) -> Succession {
        let known = first.voters.union(&first.observers).copied().collect();
        let first = Arc::new(Config::of(first));
        let joint = Joint { active: first.clone(), proposed: None };
        Succession { applied: first.clone(), first, known, waiting: VecDeque::new(), heard: None, joint }
    }

    /// The first configuration.
    pub fn first(&self) -> &Config {
        &self.first
    }

    /// What decides now.
    pub fn joint(&self) -> &Joint {
        &self.joint
    }

    fn config(&self, data: &Data) -> Arc<Config> {
        let text = data.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).filter(|text| !text.is_empty());
        let Some(text) = text else { return self.first.clone() };
        let ensemble = text::read(text, &self.known).expect("only a leader writes the configuration, and what it has read itself");
        Arc::new(Config::of(ensemble))
    }

    /// Tree and log are others now. What was known to be committed stays so, whatever was cut off.
    pub fn restart<'a>(&mut self, applied: &Data, waiting: impl Iterator<Item = &'a Data>) {
        self.heard = Some(self.joint.active.clone());
        self.applied = self.config(applied);
        self.waiting = waiting.map(|data| self.config(data)).collect();
        self.settle();
    }

    /// A reconfig went into the log.
    pub fn log(&mut self, data: &Data) {
        self.waiting.push_back(self.config(data));
        self.settle();
    }

    /// The first reconfig that waited is applied.
    pub fn apply(&mut self) {
        self.applied = self.waiting.pop_front().expect("a reconfig is applied from the log");
        self.settle();
    }

    /// Another replica says that this one is committed. Says whether it is news: then what was counted before is void.
    pub fn hear(&mut self, ensemble: &Ensemble) -> bool {
        let is_news = ensemble.version > self.joint.active.version();
        if is_news {
            self.heard = Some(Arc::new(Config::of(ensemble.clone())));
            self.settle();
        }
        is_news
    }

    fn settle(&mut self) {
        let in_log = self.waiting.len().checked_sub(2).map_or(&self.applied, |last_but_one| &self.waiting[last_but_one]);
        let active = self.heard.as_ref().filter(|heard| heard.version() > in_log.version()).unwrap_or(in_log).clone();
        let proposed = self.waiting.back().filter(|last| last.version() > active.version()).cloned();
        self.joint = Joint { active, proposed };
    }
}

#[cfg(test)]
mod tests {
    use contract::ids::MachineId;
    use zookeeper_words::ids::Zxid;

    use super::*;

    fn ensemble(version: u64) -> Ensemble {
        Ensemble { version: Zxid(version), voters: [0, 1, 2].map(MachineId).into(), ..Ensemble::default() }
    }

    fn data(version: u64) -> Data {
        Some(Arc::from(text::write(&ensemble(version)).as_bytes()))
    }

    fn versions(succession: &Succession) -> (u64, Option<u64>) {
        (succession.joint().active.version().0, succession.joint().proposed.as_ref().map(|config| config.version().0))
    }

    #[test]
    fn of_those_that_wait_in_a_log_only_the_last_is_in_doubt() {
        let check = |applied: Data, waiting: &[u64], expected: (u64, Option<u64>)| {
            let mut succession = Succession::new(ensemble(0));
            let waiting: Vec<Data> = waiting.iter().map(|version| data(*version)).collect();
            succession.restart(&applied, waiting.iter());
            assert_eq!(versions(&succession), expected, "{waiting:?}");
        };
        check(Some(Arc::from([])), &[], (0, None));
        check(data(4), &[], (4, None));
        check(data(4), &[6], (4, Some(6)));
        check(data(4), &[6, 9], (6, Some(9)));
        check(data(0), &[4, 6, 9], (6, Some(9)));
    }

    #[test]
    fn a_commit_ends_the_doubt_and_so_does_hearing_of_it() {
        let mut succession = Succession::new(ensemble(0));
        succession.log(&data(4));
        assert_eq!(versions(&succession), (0, Some(4)));
        assert!(succession.hear(&ensemble(4)) && !succession.hear(&ensemble(4)));
        assert_eq!(versions(&succession), (4, None));
        succession.apply();
        succession.log(&data(6));
        assert_eq!(versions(&succession), (4, Some(6)));
        succession.apply();
        assert_eq!(versions(&succession), (6, None));
        assert!(!succession.hear(&ensemble(4)));
        assert!(succession.hear(&ensemble(9)));
        assert_eq!(versions(&succession), (9, None));
    }
}
