//! A run in one line, or one JSON object: what two runs must have in common to be the same run. Never anything that
//! depends on the machine.

use std::collections::BTreeMap;

use contract::verdict::{Tally, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{failure, one_run};
use crate::case::Compared;
use crate::strikes::Strikes;
use crate::systems::Report;

/// `seed=7 family=crashes events=… facts=… hash=… verdict=holds`, with its newline.
pub fn line(report: &Report) -> String {
    let Report { seed, family, events, facts, hash, judgement, .. } = report;
    format!("seed={seed} family={} events={events} facts={facts} hash={hash} verdict={}\n", word(family), judgement.verdict.word())
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
    facts: u64,
    hash: &'a str,
    verdict: &'static str,
    /// How it compares with what its case expects.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'static str>,
    /// What became of the plan's faults.
    faults: &'a Strikes,
    /// How much each rule judged that judged or waived anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<&'a str, Tally>,
    /// What the system tells of the run, under a name of its own.
    #[serde(flatten)]
    account: Map<String, Value>,
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
pub fn json(report: &Report, compared: Option<Compared>, reproduce: &str) -> String {
    let verdict = &report.judgement.verdict;
    let (rule, place, witness) = failure::parts(verdict);
    let object = Object {
        seed: report.seed,
        family: &report.family,
        events: report.events,
        facts: report.facts,
        hash: &report.hash,
        verdict: verdict.word(),
        case: compared.map(Compared::text),
        faults: &report.strikes,
        rules: one_run::judged(&report.judgement).collect(),
        account: report.account.data.iter().map(|(name, data)| ((*name).to_string(), data.clone())).collect(),
        rule,
        witness,
        place,
        reproduce: (*verdict != Verdict::Holds).then_some(reproduce),
    };
    serde_json::to_string(&object).expect("strings and numbers are JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use contract::recording::Ending;
    use contract::verdict::Judgement;
    use judging::Hits;

    use super::*;
    use crate::strikes::Strikes;
    use crate::system::Account;

    fn report(family: &str, verdict: Verdict, tallies: BTreeMap<String, Tally>) -> Report {
        Report {
            seed: 7,
            family: family.into(),
            planned: String::new(),
            ending: Ending::Finished,
            events: 31_007,
            facts: 0,
            end_ns: 1,
            hash: "0123456789abcdef0123456789abcdef".into(),
            judgement: Judgement { verdict, tallies },
            strikes: Strikes::default(),
            hits: Hits::default(),
            account: Account::default(),
        }
    }

    #[test]
    fn the_line_is_one_line_of_fields_whatever_an_edited_plan_says() {
        let check = |family: &str, word: &str| {
            let line = format!("seed=7 family={word} events=31007 facts=0 hash=0123456789abcdef0123456789abcdef verdict=holds\n");
            assert_eq!(super::line(&report(family, Verdict::Holds, BTreeMap::new())), line);
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
            let report = report("calm", verdict.clone(), BTreeMap::new());
            let (word, rest) = rest.split_at(rest[1..].find('"').expect("a word is quoted") + 2);
            let faults = r#""faults":{"struck":0,"never":[],"spared":[]}"#;
            assert_eq!(json(&report, None, "stormglass replay a"), format!("{{{fields}:{word},{faults}{rest}}}\n"));
        };
        let idle = ("zab.quorum".to_string(), Tally::default());
        let busy = ("zab.integrity".to_string(), Tally { judged: 7, waived: 1 });
        let busy = json(&report("calm", Verdict::Holds, [idle, busy].into()), None, "");
        assert!(busy.contains(r#""rules":{"zab.integrity":{"judged":7,"waived":1}}"#));
        let account = Account { text: String::new(), data: Some(("stream", serde_json::json!({ "job": "q3" }))) };
        let told = json(&Report { account, ..report("calm", Verdict::Holds, BTreeMap::new()) }, None, "");
        assert!(told.contains(r#""stream":{"job":"q3"}"#), "{told}");
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
