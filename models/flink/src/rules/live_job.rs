//! The job comes to its end. What it waited for otherwise, the driver of the run says.

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "live.job",
    law: "At the end of the healing phase a master has said that all that the plan wants of the job is done.",
    source: "ARCHITECTURE.md, Two phases of a run",
    scope: "engine",
    side: Side::Liveness,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    if !evidence.is_over() {
        finding.waive();
        return;
    }
    let is_done = stream.statements.iter().any(|statement| matches!(statement.said, Said::Master(MasterFact::Done { .. })));
    finding.judge(is_done, || "no master has said that the job is done".into());
}
