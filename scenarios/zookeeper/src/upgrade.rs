//! Plans of format 1, in which the service's settings stood beside what all systems share, are made ones of the present
//! format. Fields are moved; whether they make sense is asked afterwards.

use contract::plan::PLAN_FORMAT;
use harness::System;
use harness::system::Upgraded;
use serde_json::{Map, Value};

use crate::Zookeeper;

/// The service's own parts, then and now.
const PARTS: [&str; 3] = ["cluster", "coordination", "clients"];
/// Parts that plans have now and had not then: one of these names was a mistake.
const UNKNOWN: [&str; 4] = ["system", "plants", "supervisor_ms", "settings"];

/// The fields of a plan of the service, of those of format 1; `None` if a stream engine takes part too, or if it is of
/// another format.
pub fn upgraded(format: u64, fields: &Map<String, Value>) -> Option<Upgraded> {
    if format != 1 || fields.get("stream").is_some_and(|stream| !stream.is_null()) {
        return None;
    }
    let mut fields = fields.clone();
    fields.remove("stream");
    let settings = take_service(&mut fields);
    fields.insert("system".into(), Zookeeper::NAME.into());
    fields.insert("settings".into(), settings.into());
    let moved = vec![("settings", ""), ("supervisor_ms", "cluster.supervisor_ms"), ("plants", "coordination.plant")];
    Some(Upgraded { fields, moved })
}

/// Takes the service's settings out of the fields of a plan of format 1. What is left has the present format's number,
/// and its `supervisor_ms` and `plants`; whoever calls gives it `system` and `settings`.
///
/// `clients` and `faults` could be left out then, each for an empty list. A file without both was cut off before it
/// came to them: they stay away, so that whoever reads the plan says so.
pub fn take_service(fields: &mut Map<String, Value>) -> Map<String, Value> {
    let mut settings = Map::new();
    // They go where no field of these names is known either, and are told from there.
    for name in UNKNOWN {
        settings.extend(fields.remove_entry(name));
    }
    if fields.contains_key("clients") || fields.contains_key("faults") {
        for name in ["clients", "faults"] {
            fields.entry(name).or_insert_with(|| Value::Array(vec![]));
        }
    }
    for name in PARTS {
        settings.extend(fields.remove_entry(name));
    }
    let mut taken = |part: &str, field: &str| settings.get_mut(part).and_then(Value::as_object_mut).and_then(|part| part.remove(field));
    if let Some(supervisor_ms) = taken("cluster", "supervisor_ms") {
        fields.insert("supervisor_ms".into(), supervisor_ms);
    }
    if let Some(plant) = taken("coordination", "plant").filter(|plant| !plant.is_null()) {
        fields.insert("plants".into(), Value::Array(vec![plant]));
    }
    fields.insert("format".into(), PLAN_FORMAT.into());
    settings
}
