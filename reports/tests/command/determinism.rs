//! Determinism across processes: the program's last line is that of the same plan run here. Never a hash written down:
//! behaviour may change, but not from one machine to another.

use harness::command::text::last_line;
use harness::run::Wanted;

use crate::program::stormglass;

#[test]
fn another_process_tells_the_same_line() {
    let systems = zookeeper_scenarios::opened().with(flink_scenarios::opened());
    for system in systems.iter() {
        for family in system.families() {
            let (plan, _) = system.draw(family.name, 5, &Default::default()).expect("nothing is changed");
            let here = last_line::line(&plan.run(Wanted::VERDICT));
            assert_eq!(stormglass(&["run", "--family", family.name, "--seed", "5"]).last_line(), here.trim_end());
        }
    }
}
