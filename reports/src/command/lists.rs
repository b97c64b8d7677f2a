//! `families`, `jobs`, `rules`, `probes`: what there is. Never a run.

use vocab::stream::job::JobKind;

use crate::out;
use crate::text::lists::columns;

/// `stormglass families`.
pub fn families() -> u8 {
    let rows: Vec<_> = scenarios::family::families().iter().map(|family| (family.name.to_string(), family.about.to_string())).collect();
    out::say(&columns(&rows));
    0
}

/// `stormglass jobs`.
pub fn jobs() -> u8 {
    let rows: Vec<_> = JobKind::ALL.iter().map(|job| (job.name().to_string(), job.about().to_string())).collect();
    out::say(&columns(&rows));
    0
}

/// `stormglass rules`.
pub fn rules() -> u8 {
    let rows: Vec<_> = models::RULES.iter().map(|rule| (rule.id.to_string(), format!("{} ({})", rule.law, rule.source))).collect();
    out::say(&columns(&rows));
    0
}

/// `stormglass probes`.
pub fn probes() -> u8 {
    let required = |required| if required { "" } else { " [not required]" };
    let rows: Vec<_> =
        scenarios::probes::probes().iter().map(|probe| (probe.name.to_string(), format!("{}{}", probe.about, required(probe.required)))).collect();
    out::say(&columns(&rows));
    0
}
