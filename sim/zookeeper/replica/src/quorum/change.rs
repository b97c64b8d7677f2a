//! What a reconfig comes to: the next configuration, or why not (PrepRequestProcessor, case reconfig). The order of the
//! checks is ZooKeeper's; who asks, and whether he may, is looked at before and after.

use contract::ids::MachineId;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::ErrorCode;

use super::{Config, Joint, Replicas, text};

/// The fewest voters of a new configuration (standaloneEnabled is true).
const VOTERS_MIN: usize = 2;

/// A reconfig's arguments.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Servers that join or change their role.
    pub joining: Option<&'a str>,
    /// Numbers of servers that leave.
    pub leaving: Option<&'a str>,
    /// All servers, in place of those that there are.
    pub members: Option<&'a str>,
    /// The version that the present configuration must have; -1 for any.
    pub from: i64,
}

/// The configuration that transaction `zxid` would bring. `known` are the servers that exist, `in_step` those that
/// follow the leader closely, itself among them.
pub fn decide(change: Change<'_>, joint: &Joint, known: &Replicas, in_step: &Replicas, zxid: Zxid) -> Result<Config, ErrorCode> {
    let active = &joint.active;
    if known.len() == 1 {
        // One server alone is a standalone one, which knows no reconfig.
        return Err(ErrorCode::Unimplemented);
    }
    if joint.proposed.is_some() {
        return Err(ErrorCode::ReconfigInProgress);
    }
    if change.from != -1 && change.from != active.version().0 as i64 {
        return Err(ErrorCode::BadVersion);
    }
    let mut next = match change.members {
        Some(members) => text::read(members, known),
        None => step(&active.ensemble, change, known),
    }
    .ok_or(ErrorCode::BadArguments)?;
    next.version = zxid;
    if next.voters.len() < VOTERS_MIN {
        return Err(ErrorCode::BadArguments);
    }
    let next = Config::of(next);
    // Voters that follow count, whether or not they vote now; observers do not, for they acknowledge nothing.
    if next.contains_quorum(in_step) { Ok(next) } else { Err(ErrorCode::NewConfigNoQuorum) }
}

/// Who leaves is gone first, and then who joins has the role that it is given. Only majorities can be changed step by
/// step.
fn step(before: &Ensemble, change: Change<'_>, known: &Replicas) -> Option<Ensemble> {
    if !before.groups.is_empty() {
        return None;
    }
    let mut next = before.clone();
    for leaving in entries(change.leaving) {
        // A number that no server has is no error: nobody leaves.
        if let Ok(machine) = u16::try_from(leaving.parse::<i64>().ok()?) {
            text::leave(&mut next, MachineId(machine));
        }
    }
    for joining in entries(change.joining) {
        text::join(&mut next, text::server(joining, known)?);
    }
    Some(next)
}

fn entries(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.into_iter().flat_map(|list| list.split(',')).map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;

    fn set(machines: &[u16]) -> Replicas {
        machines.iter().copied().map(MachineId).collect()
    }

    fn of(voters: &[u16], observers: &[u16]) -> Ensemble {
        Ensemble { version: Zxid(7), voters: set(voters), observers: set(observers), ..Ensemble::default() }
    }

    fn server(number: u16, role: &str) -> String {
        format!("server.{number}=10.0.0.{number}:2888:3888:{role};2181")
    }

    const NOTHING: Change<'static> = Change { joining: None, leaving: None, members: None, from: -1 };

    #[test]
    fn servers_leave_join_and_change_their_role() {
        let joint = Joint { active: Arc::new(Config::of(of(&[0, 1, 2], &[3]))), proposed: None };
        let check = |leaving: &str, joining: &[String], expected: Result<(&[u16], &[u16]), ErrorCode>| {
            let joining = joining.join(",");
            let change = Change { joining: Some(&joining), leaving: Some(leaving), ..NOTHING };
            let decided = decide(change, &joint, &set(&[0, 1, 2, 3, 4]), &set(&[0, 1, 2, 4]), Zxid(9));
            let expected = expected.map(|(voters, observers)| Config::of(Ensemble { version: Zxid(9), ..of(voters, observers) }));
            assert_eq!(decided, expected, "-{leaving} +{joining}");
        };
        check("", &[], Ok((&[0, 1, 2], &[3]))); // The same again, under a new version.
        check("2", &[], Ok((&[0, 1], &[3])));
        check("2,77", &[], Ok((&[0, 1], &[3]))); // Nobody is 77.
        check("1,2", &[], Err(ErrorCode::BadArguments)); // One voter is too few.
        check("x", &[], Err(ErrorCode::BadArguments));
        check("", &[server(4, "participant")], Ok((&[0, 1, 2, 4], &[3])));
        check("", &[server(2, "observer"), server(3, "participant")], Ok((&[0, 1, 3], &[2])));
        check("2", &[server(2, "participant")], Ok((&[0, 1, 2], &[3]))); // Who leaves and joins stays.
        check("1,2", &[server(3, "participant")], Err(ErrorCode::NewConfigNoQuorum)); // An observer is not in step.
        check("", &[server(5, "participant")], Err(ErrorCode::BadArguments)); // There is no such machine.
    }

    #[test]
    fn the_first_thing_wrong_is_the_error() {
        let known = set(&[0, 1, 2]);
        let plain = Joint { active: Arc::new(Config::of(of(&[0, 1, 2], &[]))), proposed: None };
        let busy = Joint { proposed: Some(plain.active.clone()), ..plain.clone() };
        let grouped = Ensemble { groups: vec![set(&[0, 1, 2])], weights: BTreeMap::from([(MachineId(0), 2)]), ..of(&[0, 1, 2], &[]) };
        let grouped = Joint { active: Arc::new(Config::of(grouped)), proposed: None };
        let members = [server(0, "participant"), server(1, "participant")].join("\n");
        let check = |change: Change<'_>, joint: &Joint, known: &Replicas, error: ErrorCode| {
            assert_eq!(decide(change, joint, known, &set(&[]), Zxid(9)), Err(error), "{change:?}")
        };
        let wrong = Change { leaving: Some("x"), from: 3, ..NOTHING };
        check(wrong, &busy, &set(&[0]), ErrorCode::Unimplemented);
        check(wrong, &busy, &known, ErrorCode::ReconfigInProgress);
        check(wrong, &plain, &known, ErrorCode::BadVersion);
        check(Change { from: 7, ..wrong }, &plain, &known, ErrorCode::BadArguments);
        check(NOTHING, &grouped, &known, ErrorCode::BadArguments); // Groups can only be replaced as a whole.
        check(Change { members: Some(&members), ..NOTHING }, &grouped, &known, ErrorCode::NewConfigNoQuorum);
    }
}
