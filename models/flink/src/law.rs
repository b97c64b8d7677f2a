//! The law of the stream engine: which evidence its rules look at, and where in it the evidence of the contained
//! systems is. Never the rules themselves.

use judging::{Contains, Law};
use outside_models::Outside;
use zookeeper_models::Zookeeper;

use crate::evidence::Evidence;

/// The law of the stream engine with the coordination service and the outside within.
pub struct Flink;

/// A rule on the engine itself.
pub(crate) type Rule = judging::Rule<Flink>;

impl Law for Flink {
    type Evidence<'r> = Evidence<'r>;

    fn is_lossy(evidence: &Evidence<'_>) -> bool {
        Zookeeper::is_lossy(&evidence.service)
    }
}

impl Contains<Zookeeper> for Flink {
    fn part<'e, 'r>(evidence: &'e Evidence<'r>) -> &'e zookeeper_models::Evidence<'r>
    where
        'r: 'e,
    {
        &evidence.service
    }
}

impl Contains<Outside> for Flink {
    fn part<'e, 'r>(evidence: &'e Evidence<'r>) -> &'e outside_models::Evidence<'r>
    where
        'r: 'e,
    {
        &evidence.outside
    }
}
