//! Plans in files: read in the present format or an older one, checked, written. Every error names the file, the line
//! and the remedy; never a panic, never a guess.

mod file;
mod save;

#[cfg(test)]
mod tests;

use contract::plan::{Flaw, PLAN_FORMAT, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::mistake::Mistake;
use crate::system::{Plan, System, Upgraded};

pub use file::{Document, Format};
pub use save::save;

/// What to compare a file with whose fields are not those of a plan.
const COMPARE: &str = "compare with a plan that `run … --save FILE` writes; docs/plan-files.md lists the fields";

/// A plan as text.
pub fn text<X: Settings>(plan: &contract::plan::Plan<X>, format: Format) -> String {
    match format {
        Format::Toml => toml::to_string(plan).expect("a plan has string keys and no value that TOML lacks"),
        Format::Json => serde_json::to_string_pretty(plan).expect("a plan has string keys") + "\n",
    }
}

/// The fields of the plan within a document, and the number of their format. `within` is the way to it: `plan` in a
/// case, nothing in a plan's own file.
pub fn fields<'d>(document: &'d Document, within: &[&str]) -> Result<(u64, &'d Map<String, Value>), Mistake> {
    let place = |steps: &[&str]| within.iter().chain(steps).map(ToString::to_string).collect::<Vec<_>>();
    let whole = within.iter().try_fold(&document.value, |value, step| value.get(step));
    let Some(fields) = whole.and_then(Value::as_object) else {
        return Err(document.mistake(&place(&[]), "there is no plan here", format!("a plan is a table that begins with `format = {PLAN_FORMAT}`")));
    };
    match fields.get("format").and_then(Value::as_u64) {
        None => Err(document.mistake(&place(&[]), "no format number: this is no plan", format!("a plan begins with `format = {PLAN_FORMAT}`"))),
        Some(newer) if newer > u64::from(PLAN_FORMAT) => {
            let remedy = format!("this build reads formats up to {PLAN_FORMAT}; use the build that wrote the file, or a newer one");
            Err(document.mistake(&place(&["format"]), format!("a plan of format {newer}"), remedy))
        }
        Some(format) => Ok((format, fields)),
    }
}

/// Reads the plan of a system within a document, and checks it.
pub fn read<S: System>(document: &Document, within: &[&str]) -> Result<Plan<S>, Mistake> {
    let (format, fields) = fields(document, within)?;
    let upgraded = if format == u64::from(PLAN_FORMAT) { Some(Upgraded { fields: fields.clone(), moved: vec![] }) } else { S::upgraded(format, fields) };
    let place = |at: &[String], moved: &[(&str, &str)]| within.iter().map(ToString::to_string).chain(stood(at, moved)).collect::<Vec<_>>();
    let Some(Upgraded { fields, moved }) = upgraded else {
        let remedy = format!("this build reads format {PLAN_FORMAT}; draw the plan again from its family and seed");
        return Err(document.mistake(&place(&["format".into()], &[]), format!("a plan of format {format} of another system"), remedy));
    };
    let plan: Plan<S> = typed(Value::Object(fields)).map_err(|(at, what)| document.mistake(&place(&at, &moved), what, COMPARE))?;
    if plan.system != S::NAME {
        return Err(document.mistake(&place(&["system".into()], &moved), format!("a plan of the system {:?}", plan.system), format!("this is {}", S::NAME)));
    }
    check::<S>(&plan).map_err(|Flaw { at, what, remedy }| {
        let at = place(&at, &moved);
        document.mistake(&at, format!("{}: {what}", at.join(".")), remedy)
    })?;
    Ok(plan)
}

/// Says what cannot be run of a plan, its plants included.
pub fn check<S: System>(plan: &Plan<S>) -> Result<(), Flaw> {
    let known: Vec<&str> = S::plants().iter().map(|plant| plant.name).collect();
    if let Some((i, plant)) = plan.plants.iter().enumerate().find(|(_, plant)| !known.contains(&plant.as_str())) {
        let remedy = if known.is_empty() { "leave it out: this system has no plants".into() } else { format!("give one of: {}", known.join(", ")) };
        return Err(Flaw::new(&["plants", &i.to_string()], format!("there is no plant {plant:?}"), remedy));
    }
    plan.check()
}

/// Plain data as a value of a type; or where it is not of that type, and why.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, (Vec<String>, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let steps = error.path().iter().filter_map(|step| match step {
            serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
            serde_path_to_error::Segment::Map { key } => Some(key.clone()),
            serde_path_to_error::Segment::Enum { variant } => Some(variant.clone()),
            serde_path_to_error::Segment::Unknown => None,
        });
        (steps.collect(), error.inner().to_string().replace('\n', " "))
    })
}

/// A value as plain data.
pub fn plain<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("plans and cases have string keys")
}

/// Where a place of the present format stood in the file.
fn stood(at: &[String], moved: &[(&str, &str)]) -> Vec<String> {
    let now = at.join(".");
    let is_within = |part: &str| now == part || now.strip_prefix(part).is_some_and(|rest| rest.starts_with('.'));
    let Some((part, before)) = moved.iter().filter(|(part, _)| is_within(part)).max_by_key(|(part, _)| part.len()) else { return at.to_vec() };
    let rest = &at[part.split('.').count()..];
    before.split('.').filter(|step| !step.is_empty()).map(ToString::to_string).chain(rest.iter().cloned()).collect()
}
