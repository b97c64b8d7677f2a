//! What a family cannot exercise: rules that may judge nothing in it, and why. Never a rule itself.

use models::is_of_streams;

use super::Family;

/// A rule that a family cannot exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// The rule's id.
    pub rule: &'static str,
    /// Why nothing in the family's plans concerns it.
    pub reason: &'static str,
}

/// Why every rule on local sessions is idle in a family that has none.
const NO_LOCALS: &str = "every session is known to all, and nobody is served without a quorum";

/// Why every rule on streams is idle in a family without a stream engine.
const NO_STREAM: &str = "no stream engine takes part";

impl Family {
    /// Why the rule may judge nothing in the family's plans; `None` if it must judge something.
    pub fn excuse(&self, rule: &str) -> Option<&'static str> {
        match self.idle.iter().find(|idle| idle.rule == rule) {
            Some(idle) => Some(idle.reason),
            None if self.taste.stream.is_none() && is_of_streams(rule) => Some(NO_STREAM),
            None if !self.taste.locals && rule.starts_with("local.") => Some(NO_LOCALS),
            None => None,
        }
    }

    /// Whether a stream engine takes part in the family's plans.
    pub fn has_stream(&self) -> bool {
        self.taste.stream.is_some()
    }
}

#[cfg(test)]
mod tests {
    use crate::family::family;

    #[test]
    fn rules_are_idle_where_there_is_nothing_for_them_and_nowhere_else() {
        let check = |name: &str, rule: &str, idle: bool| {
            assert_eq!(family(name).expect("the family exists").excuse(rule).is_some(), idle, "{rule} in {name}");
        };
        check("calm", "ck.id-unique", true);
        check("calm", "zab.total-order", false);
        check("calm", "config.joint-quorum", true);
        check("stream-failover", "ck.id-unique", false);
        check("stream-failover", "config.joint-quorum", true);
        check("everything", "live.job", false);
        check("crashes", "live.job", true);
        check("crashes", "live.leader", false);
        check("crashes", "local.at-home", true);
        check("local-sessions", "local.at-home", false);
    }
}
