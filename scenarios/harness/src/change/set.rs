//! One field of a plan, by its path in a plan file, and what it is to be. Never a field that plans do not have.

use std::fmt;

use serde_json::Value;

use crate::mistake::Mistake;
use crate::plan::{plain, typed};
use crate::system::{Plan, System};

/// A field and its value: `heal.bound_ms=60000`, `settings.replicas=5`. A field of the settings can be named without
/// `settings`.
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
        let bad = || "give the field's path in a plan file and its value, as in heal.bound_ms=60000".to_string();
        let (path, value) = text.split_once('=').ok_or_else(bad)?;
        let path: Vec<String> = path.trim().split('.').map(ToString::to_string).collect();
        if path.iter().any(String::is_empty) {
            return Err(bad());
        }
        Ok(Set { path, value: toml_value(value.trim()), text: text.into() })
    }

    /// Whether this place lies in the field, or the field in it.
    pub(super) fn touches(&self, place: &str) -> bool {
        let within = |inner: &str, outer: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        let own = self.path.join(".");
        [format!("settings.{own}"), own].iter().any(|own| within(place, own) || within(own, place))
    }

    /// Whether plans like this one have the part that the field is in. Whether the part has the field is not asked
    /// here.
    pub(crate) fn is_in<S: System>(&self, plan: &Plan<S>) -> bool {
        let whole = plain(plan);
        let part = self.path.iter().find(|step| *step != "settings");
        part.is_none_or(|part| part == "plants" || whole.get(part).is_some() || whole["settings"].get(part).is_some())
    }

    /// Sets the field. Whether the plan can still be run is not asked here.
    pub(super) fn apply<S: System>(&self, plan: &mut Plan<S>) -> Result<(), Mistake> {
        let mistake = |what: String, remedy: String| Mistake::new(format!("--set {self}"), what, remedy);
        let mut whole = plain(plan);
        let is_shared = whole.get(&self.path[0]).is_some() || self.path[0] == "plants";
        let path: Vec<&str> = if is_shared { vec![] } else { vec!["settings"] }.into_iter().chain(self.path.iter().map(String::as_str)).collect();
        let (last, way) = path.split_last().expect("a path has at least one part");
        let mut here = &mut whole;
        for (depth, step) in way.iter().enumerate() {
            let place = if depth == 0 { "a plan".to_string() } else { path[..depth].join(".") };
            here = inside(here, step).map_err(|known| mistake(format!("there is no {step:?} in {place}"), format!("there are {known}")))?;
        }
        match here {
            Value::Object(table) => {
                table.insert((*last).to_string(), self.value.clone());
            }
            other => {
                let place = way.join(".");
                *inside(other, last).map_err(|known| mistake(format!("there is no {last:?} in {place}"), format!("there are {known}")))? = self.value.clone();
            }
        }
        // What a plan says in whole numbers only, and which fields there are, its reader knows best.
        *plan = typed(whole).map_err(|(_, what)| mistake(what, "docs/plan-files.md lists the fields of a plan; `run … --save FILE` writes one".into()))?;
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
        Value::Object(table) => {
            let known = table.keys().cloned().collect::<Vec<_>>().join(", ");
            table.get_mut(step).ok_or(known)
        }
        Value::Array(items) => match step.parse::<usize>() {
            Ok(i) if i < items.len() => Ok(&mut items[i]),
            Ok(_) | Err(_) => Err(if items.is_empty() { "none".into() } else { format!("0 to {}", items.len() - 1) }),
        },
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => Err("no fields: it is a value".into()),
    }
}

/// A value of TOML, or the text itself.
fn toml_value(text: &str) -> Value {
    let table = toml::from_str::<serde_json::Map<String, Value>>(&format!("value = {text}")).ok().filter(|table| table.len() == 1);
    table.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.into()))
}
