//! The roster: which roles a system has, and how many machines of each. Machines are numbered role by role; faults,
//! checks and reports speak of `replica 2` or `worker 0`.

use std::ops::Range;

use crate::ids::MachineId;

/// A role, and how many machines play it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name of one machine in it: `replica`.
    pub name: &'static str,
    /// How many machines play it.
    pub count: u16,
}

/// All machines of a plan, role by role, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    roles: Vec<Role>,
}

impl Roster {
    /// A roster without machines.
    pub fn new() -> Roster {
        Roster::default()
    }

    /// The same roster with `count` machines more, in the role `name`, numbered after those before.
    #[must_use]
    pub fn with(mut self, name: &'static str, count: u16) -> Roster {
        self.roles.push(Role { name, count });
        self
    }

    /// The roles, in the order of their machines.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// How many machines there are, whether or not a plan may have so many.
    pub fn count(&self) -> u32 {
        self.roles.iter().map(|role| u32::from(role.count)).sum()
    }

    /// The machines of a role. Empty if there is no such role.
    pub fn of(&self, name: &str) -> impl Iterator<Item = MachineId> + Clone + use<> {
        self.range(name).map(MachineId)
    }

    fn range(&self, name: &str) -> Range<u16> {
        let mut first = 0;
        for role in &self.roles {
            if role.name == name {
                return first..first + role.count;
            }
            first += role.count;
        }
        0..0
    }

    /// A machine's role, and its place among the machines of that role, from 0.
    pub fn role(&self, machine: MachineId) -> Option<(&'static str, u16)> {
        let mut place = machine.0;
        for role in &self.roles {
            match place.checked_sub(role.count) {
                None => return Some((role.name, place)),
                Some(rest) => place = rest,
            }
        }
        None
    }

    /// A machine's name for people: `replica 2`.
    pub fn name(&self, machine: MachineId) -> String {
        self.role(machine).map_or_else(|| machine.to_string(), |(role, place)| format!("{role} {place}"))
    }
}

/// `3 replicas, then 1 client`: roles without machines are left out.
impl std::fmt::Display for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let roles: Vec<String> = self
            .roles
            .iter()
            .filter(|role| role.count > 0)
            .map(|Role { name, count }| format!("{count} {name}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        f.write_str(&roles.join(", then "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_numbered_role_by_role() {
        let roster = Roster::new().with("replica", 3).with("observer", 0).with("client", 1);
        let check = |machine, name: &str| assert_eq!(roster.name(MachineId(machine)), name);
        check(0, "replica 0");
        check(2, "replica 2");
        check(3, "client 0");
        check(4, "machine 4"); // There is none.
        assert_eq!(roster.count(), 4);
        assert_eq!(roster.of("client").collect::<Vec<_>>(), [MachineId(3)]);
        assert_eq!((roster.of("observer").count(), roster.of("worker").count()), (0, 0));
        assert_eq!(roster.to_string(), "3 replicas, then 1 client");
    }
}
