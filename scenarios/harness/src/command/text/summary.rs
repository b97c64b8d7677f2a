//! The end of a fuzz: what ran, what was judged, which probes were hit, how fast. Never a failure's witness: that was
//! told when it was found.

use super::lists::table;
use super::{counted, grouped, span};
use crate::fuzz::{Count, End, FailedRun, Summary};

/// The summary.
pub fn text(summary: &Summary) -> String {
    let mut parts = vec![families(summary), rules(&summary.total), hits(summary)];
    parts.extend((!summary.failures.is_empty()).then(|| failures(&summary.failures, summary.total.failed)));
    parts.extend((!summary.complaints.is_empty()).then(|| complaints(summary)));
    // Last, where a terminal still shows it.
    parts.push(total(summary));
    parts.join("\n")
}

fn total(summary: &Summary) -> String {
    let total = &summary.total;
    let end = match summary.end {
        End::Done => "",
        End::Failure => "; stopped at the first failure",
        End::Time => "; the time was over",
        End::Cancelled => "; stopped before the end",
    };
    let found = match total.failed {
        0 => "all hold".to_string(),
        failed => format!("{} failed", grouped(failed)),
    };
    let cpu_s = summary.cpu.as_secs_f64();
    let rate = |amount: f64| if cpu_s > 0.0 { grouped((amount / cpu_s) as u64) } else { "?".into() };
    format!(
        "{}, {}: {}, {found}{end}\n{} of virtual time, {} events, {} facts\n{} struck, {} never did, {} were spared by the fault budget\n{:.1} CPU s in {:.1} s: {} events and {} virtual seconds a CPU second\n",
        counted(summary.seeds, "seed", "seeds"),
        counted(summary.families.len() as u64, "family", "families"),
        counted(total.runs, "run", "runs"),
        span(total.virtual_ns),
        grouped(total.events),
        grouped(total.facts),
        counted(total.struck, "fault", "faults"),
        grouped(total.never),
        grouped(total.spared),
        cpu_s,
        summary.wall.as_secs_f64(),
        rate(total.events as f64),
        rate(total.virtual_ns as f64 / 1e9),
    )
}

fn families(summary: &Summary) -> String {
    let rows = summary.families.iter().map(|family| {
        let count = &family.count;
        [family.name.into(), grouped(count.runs), grouped(count.failed), grouped(count.events), span(count.virtual_ns)]
    });
    table(["family", "runs", "failed", "events", "virtual time"], rows)
}

fn rules(total: &Count) -> String {
    table(["rule", "judged", "waived"], total.rules.iter().map(|(rule, tally)| [rule.clone(), grouped(tally.judged), grouped(tally.waived)]))
}

fn hits(summary: &Summary) -> String {
    table(["probe", "runs that hit it"], summary.probes.iter().map(|(probe, hits)| [probe.name.into(), grouped(*hits)]))
}

fn failures(failures: &[FailedRun], failed: u64) -> String {
    let rows = failures.iter().map(|failure| {
        let (rule, place, _) = super::failure::parts(&failure.verdict);
        format!("{} {}: family {}, seed {}\n", failure.verdict.word(), rule.or(place).unwrap_or_default(), failure.family, failure.seed)
    });
    let more = failed.saturating_sub(failures.len() as u64);
    let rest = if more > 0 { format!("and {} more\n", grouped(more)) } else { String::new() };
    format!("failures\n{}{rest}", rows.collect::<String>())
}

fn complaints(summary: &Summary) -> String {
    let rows = summary.complaints.iter().map(|complaint| format!("{complaint}\n"));
    format!("every run may hold, but this fuzz does not show enough:\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use contract::verdict::{Tally, Verdict};
    use judging::Probe;

    use super::*;
    use crate::fuzz::{Complaint, FamilySummary};

    fn count(runs: u64, failed: u64) -> Count {
        let tally = |judged, waived| Tally { judged, waived };
        let rules = [("service.read", tally(runs * 400, 0)), ("zab.committed-durable", tally(runs * 1_234, runs)), ("zab.idle", tally(0, 0))];
        let rules: BTreeMap<String, Tally> = rules.into_iter().map(|(rule, tally)| (rule.into(), tally)).collect();
        Count {
            runs,
            failed,
            events: runs * 31_007,
            facts: runs * 9_001,
            virtual_ns: u128::from(runs) * 61_500_000_000,
            struck: 9 * runs,
            never: runs,
            spared: 2,
            rules,
        }
    }

    fn summary(probes: &[(&'static str, u64)]) -> Summary {
        let family = |name| FamilySummary { system: "zookeeper", name, count: count(200, 0) };
        let probes = probes.iter().map(|(name, hits)| (Probe { name, about: "", required: true }, *hits)).collect();
        Summary::for_test(count(400, 0), vec![family("calm"), family("catch-up")], probes, Duration::from_millis(41_300), Duration::from_millis(21_000))
    }

    #[test]
    fn a_good_night() {
        insta::assert_snapshot!(text(&summary(&[("election-tie", 17), ("election-by-log", 1_203), ("election-twice", 0)])));
    }

    #[test]
    fn a_bad_night() {
        let broken = Verdict::Broken { rule: "service.read".into(), witness: "told when it was found".into() };
        let crashed = Verdict::Crashed { place: "machine 1, sim/coord/src/server.rs:7:5".into(), message: "told too".into() };
        let failure = |seed, family, verdict| FailedRun { seed, system: "zookeeper", family, verdict, flags: String::new(), events: 0, hash: String::new() };
        let mut summary = summary(&[("election-tie", 17)]);
        summary.end = End::Cancelled;
        summary.total = count(400, 4);
        summary.failures = vec![failure(7, "calm", broken), failure(9, "catch-up", crashed)];
        summary.complaints = vec![Complaint::Idle { family: "catch-up", rule: "zab.idle".into(), runs: 200 }];
        insta::assert_snapshot!(text(&summary));
    }

    #[test]
    fn a_night_without_time_has_no_rate() {
        let mut none = summary(&[]);
        none.cpu = Duration::ZERO;
        assert!(text(&none).ends_with("0.0 CPU s in 21.0 s: ? events and ? virtual seconds a CPU second\n"));
    }
}
