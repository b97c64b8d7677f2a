//! Determinism across processes: the program's last line is that of the same plan run here. Never a hash written down: behaviour may change, but not from one machine to another.

use crate::program::stormglass;

#[test]
fn another_process_tells_the_same_line() {
    for family in scenarios::family::families() {
        let seed = 5;
        let plan = family.plan(seed);
        let (recording, judgement) = scenarios::run::judged(&plan);
        let here = format!(
            "seed={seed} family={} events={} facts={} hash={} verdict={}",
            family.name,
            recording.events,
            recording.notes.len(),
            recording.hash,
            judgement.verdict.word()
        );
        assert_eq!(stormglass(&["run", "--family", family.name, "--seed", "5"]).last_line(), here);
    }
}
