//! What may delay a service that is otherwise at work: what the world did, and changes of leaders. Moments; never what came of them.

use contract::happening::Happening;
use zookeeper_words::fact::ReplicaFact;

/// All of it, by the world's time in ns.
#[derive(Debug, Default)]
pub struct Disturbances {
    /// When something happened, in order.
    pub at_ns: Vec<u64>,
    /// When the first fault struck.
    pub struck_ns: Option<u64>,
    /// When the storm was over.
    pub healed_ns: Option<u64>,
}

impl Disturbances {
    /// The world did something.
    pub(super) fn happened(&mut self, at_ns: u64, happening: &Happening) {
        match happening {
            Happening::Healed => {
                self.healed_ns = Some(at_ns);
                return;
            }
            Happening::Struck { .. } => self.struck_ns = self.struck_ns.or(Some(at_ns)),
            Happening::Spared { .. }
            | Happening::Ended { .. }
            | Happening::Booted { .. }
            | Happening::Crashed { .. }
            | Happening::Exited { .. }
            | Happening::Wiped
            | Happening::Paused
            | Happening::Resumed { .. }
            | Happening::ClockStepped { .. }
            | Happening::Rotted { .. }
            | Happening::LeftOut { .. } => {}
        }
        self.at_ns.push(at_ns);
    }

    /// A replica said something.
    pub(super) fn said(&mut self, at_ns: u64, fact: &ReplicaFact) {
        if let ReplicaFact::Looking { .. } | ReplicaFact::StepDown { .. } | ReplicaFact::Established { .. } = fact {
            self.at_ns.push(at_ns);
        }
    }

    /// Whether nothing happened from `from_ns` to `until_ns`, both included.
    pub fn is_calm(&self, from_ns: u64, until_ns: u64) -> bool {
        let next = self.at_ns.partition_point(|at_ns| *at_ns < from_ns);
        self.at_ns.get(next).is_none_or(|at_ns| *at_ns > until_ns)
    }
}

#[cfg(test)]
mod tests {
    use zookeeper_words::ids::Zxid;

    use super::*;

    #[test]
    fn it_is_calm_between_two_disturbances() {
        let mut disturbances = Disturbances::default();
        disturbances.happened(10, &Happening::Struck { fault: 0, kind: "crash".into() });
        disturbances.said(20, &ReplicaFact::Looking { round: 1, last: Zxid::ZERO });
        disturbances.happened(25, &Happening::Healed);
        disturbances.happened(30, &Happening::Paused);
        assert_eq!((disturbances.struck_ns, disturbances.healed_ns), (Some(10), Some(25)));
        let check = |from_ns, until_ns, calm: bool| assert_eq!(disturbances.is_calm(from_ns, until_ns), calm, "{from_ns} to {until_ns}");
        check(0, 9, true);
        check(0, 10, false);
        check(10, 19, false);
        check(11, 19, true);
        check(21, 29, true); // The heal itself disturbs nothing.
        check(31, 99, true);
    }
}
