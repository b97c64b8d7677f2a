//! The job comes to its end. What it waited for otherwise, the driver of the run says.

use vocab::stream::MasterFact;

use super::is_over;
use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.job",
    law: "At the end of the healing phase a master has said that all that the plan wants of the job is done.",
    source: "issue 4, item 5: L rows in the healing phase",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    if !is_over(case) {
        finding.waive();
        return;
    }
    let is_done = stream.spoken.iter().any(|spoken| matches!(spoken.said, Said::Master(MasterFact::Done { .. })));
    finding.judge(is_done, || "no master has said that the job is done".into());
}
