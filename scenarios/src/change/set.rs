//! One field of a plan, by its path in a plan file, and what it is to be. Never a field that plans do not have.

use std::fmt;

use serde::Deserialize;
use toml::Value;
use vocab::plan::Plan;

use super::{ChangeError, no_stream};

/// A field and its value: `stream.checkpoints.retained=1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    path: Vec<String>,
    value: Value,
    /// As it was written.
    text: String,
}

/// Floats are in no plan, so that equality is one.
impl Eq for Set {}

impl Set {
    /// Reads `path.to.field=value`. The value is TOML, and a text where it is none: `word` and `"word"` are the same.
    pub fn parse(text: &str) -> Result<Set, String> {
        let bad = || "give the field's path in a plan file and its value, as in stream.checkpoints.retained=1".to_string();
        let (path, value) = text.split_once('=').ok_or_else(bad)?;
        let path: Vec<String> = path.trim().split('.').map(ToString::to_string).collect();
        if path.iter().any(String::is_empty) {
            return Err(bad());
        }
        Ok(Set { path, value: toml_value(value.trim()), text: text.into() })
    }

    /// Whether it is a field of the stream engine's part.
    pub(super) fn is_of_stream(&self) -> bool {
        self.path[0] == "stream"
    }

    /// Whether this path lies in the field, or the field in it.
    pub(super) fn touches(&self, place: &str) -> bool {
        let own = self.path.join(".");
        let within = |inner: &str, outer: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        within(place, &own) || within(&own, place)
    }

    /// Sets the field. Whether the plan can still be run is not asked here.
    pub(super) fn apply(&self, plan: &mut Plan) -> Result<(), ChangeError> {
        if self.is_of_stream() && self.path.len() > 1 && plan.stream.is_none() {
            return Err(no_stream(format!("--set {self}")));
        }
        let error = |what: String, remedy: String| ChangeError { flag: format!("--set {self}"), what, remedy };
        let mut whole = Value::try_from(&*plan).expect("a plan has string keys and no value that TOML lacks");
        let (last, way) = self.path.split_last().expect("a path has at least one part");
        let mut here = &mut whole;
        for (depth, step) in way.iter().enumerate() {
            let place = if depth == 0 { "a plan".to_string() } else { self.path[..depth].join(".") };
            here = inside(here, step).map_err(|known| error(format!("there is no {step:?} in {place}"), format!("there are {known}")))?;
        }
        match here {
            Value::Table(table) => {
                table.insert(last.clone(), self.value.clone());
            }
            other => {
                let place = way.join(".");
                *inside(other, last).map_err(|known| error(format!("there is no {last:?} in {place}"), format!("there are {known}")))? = self.value.clone();
            }
        }
        // What a plan says in whole numbers only, and which fields there are, its reader knows best.
        *plan = Plan::deserialize(whole).map_err(|told| {
            error(told.message().replace('\n', " "), "ARCHITECTURE.md lists the fields of a plan; `stormglass run … --save FILE` writes one".into())
        })?;
        Ok(())
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What stands at `step` in a table or an array, or what does stand there.
fn inside<'v>(value: &'v mut Value, step: &str) -> Result<&'v mut Value, String> {
    match value {
        Value::Table(table) => {
            let known = table.keys().cloned().collect::<Vec<_>>().join(", ");
            table.get_mut(step).ok_or(known)
        }
        Value::Array(items) => match step.parse::<usize>() {
            Ok(i) if i < items.len() => Ok(&mut items[i]),
            Ok(_) | Err(_) => Err(if items.is_empty() { "none".into() } else { format!("0 to {}", items.len() - 1) }),
        },
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => Err("no fields: it is a value".into()),
    }
}

/// A value of TOML, or the text itself.
fn toml_value(text: &str) -> Value {
    let table = format!("value = {text}").parse::<toml::Table>().ok().filter(|table| table.len() == 1);
    table.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.into()))
}
