//! A run in one line, or one JSON object: what two runs must have in common to be the same run. Never anything that depends on the machine.

use std::collections::BTreeMap;

use serde::Serialize;
use vocab::recording::Recording;
use vocab::verdict::{Judgement, Tally, Verdict};

use super::streams::Streams;
use super::{failure, one_run};

/// `seed=7 family=crashes events=… facts=… hash=… verdict=holds`, with its newline.
pub fn line(recording: &Recording, verdict: &Verdict) -> String {
    let plan = &recording.plan;
    format!(
        "seed={} family={} events={} facts={} hash={} verdict={}\n",
        plan.seed.0,
        word(&plan.family),
        recording.events,
        recording.notes.len(),
        recording.hash,
        verdict.word()
    )
}

/// A family's name as one word: whoever edits a plan may have written anything there.
fn word(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if plain { name.into() } else { format!("{name:?}").replace(' ', "_") }
}

/// The same as one JSON object, with the failure's words if there is one.
#[derive(Serialize)]
struct Object<'a> {
    seed: u64,
    family: &'a str,
    events: u64,
    facts: usize,
    hash: &'a str,
    verdict: &'static str,
    /// How much each rule judged that judged or waived anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<&'a str, Tally>,
    /// What the stream engine did, if one took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<Streams>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reproduce: Option<&'a str>,
}

/// The run as one JSON object on a line.
pub fn json(recording: &Recording, judgement: &Judgement, reproduce: &str) -> String {
    let verdict = &judgement.verdict;
    let (rule, place, witness) = failure::parts(verdict);
    let object = Object {
        seed: recording.plan.seed.0,
        family: &recording.plan.family,
        events: recording.events,
        facts: recording.notes.len(),
        hash: &recording.hash,
        verdict: verdict.word(),
        rules: one_run::judged(judgement).collect(),
        stream: Streams::of(recording),
        rule,
        witness,
        place,
        reproduce: (*verdict != Verdict::Holds).then_some(reproduce),
    };
    serde_json::to_string(&object).expect("strings and numbers are JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use vocab::plan::Plan;
    use vocab::recording::{Ending, RECORDING_FORMAT};

    use super::*;

    fn recording(family: &str) -> Recording {
        let mut plan: Plan = scenarios::family::plan("calm", 7).expect("the family exists");
        plan.family = family.into();
        let hash = "0123456789abcdef0123456789abcdef".into();
        Recording { format: RECORDING_FORMAT, plan, notes: Vec::new(), ending: Ending::Finished, events: 31_007, end_ns: 1, hash }
    }

    #[test]
    fn the_line_is_one_line_of_fields_whatever_an_edited_plan_says() {
        let check = |family: &str, word: &str| {
            let line = format!("seed=7 family={word} events=31007 facts=0 hash=0123456789abcdef0123456789abcdef verdict=holds\n");
            assert_eq!(super::line(&recording(family), &Verdict::Holds), line);
        };
        check("calm", "calm");
        check("catch-up", "catch-up");
        check("", "\"\"");
        check("my own\nstorm", "\"my_own\\nstorm\"");
    }

    #[test]
    fn the_object_says_the_same_and_what_failed() {
        let fields = r#""seed":7,"family":"calm","events":31007,"facts":0,"hash":"0123456789abcdef0123456789abcdef","verdict""#;
        let check = |verdict: &Verdict, rest: &str| {
            let judgement = Judgement { verdict: verdict.clone(), tallies: BTreeMap::new() };
            assert_eq!(json(&recording("calm"), &judgement, "stormglass replay a"), format!("{{{fields}:{rest}}}\n"));
        };
        let idle = ("zab.quorum".to_string(), Tally::default());
        let busy = ("zab.integrity".to_string(), Tally { judged: 7, waived: 1 });
        let judgement = Judgement { verdict: Verdict::Holds, tallies: [idle, busy].into() };
        assert!(json(&recording("calm"), &judgement, "").contains(r#""rules":{"zab.integrity":{"judged":7,"waived":1}}"#));
        check(&Verdict::Holds, r#""holds""#);
        check(
            &Verdict::Broken { rule: "zab.integrity".into(), witness: "a\nb".into() },
            r#""broken","rule":"zab.integrity","witness":"a\nb","reproduce":"stormglass replay a""#,
        );
        check(
            &Verdict::Crashed { place: "here".into(), message: "why".into() },
            r#""crashed","witness":"why","place":"here","reproduce":"stormglass replay a""#,
        );
    }
}
