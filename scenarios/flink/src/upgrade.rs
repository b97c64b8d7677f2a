//! Plans of format 1, in which the settings of engine and service stood beside what all systems share, are made ones of
//! the present format. Fields are moved; whether they make sense is asked afterwards.

use harness::System;
use harness::system::Upgraded;
use serde_json::{Map, Value};
use zookeeper_scenarios::upgrade::take_service;

use crate::Flink;

/// The fields of a plan of the engine, of those of format 1; `None` if no engine takes part, or if it is of another
/// format.
pub(crate) fn upgraded(format: u64, fields: &Map<String, Value>) -> Option<Upgraded> {
    if format != 1 || fields.get("stream").is_none_or(Value::is_null) {
        return None;
    }
    let mut fields = fields.clone();
    let mut stream = fields.remove("stream")?;
    // Each could be left out, for an empty list.
    for name in ["clients", "faults"] {
        fields.entry(name).or_insert_with(|| Value::Array(vec![]));
    }
    let mut settings = take_service(&mut fields);
    let plant = stream.as_object_mut().and_then(|stream| stream.remove("plant")).filter(|plant| !plant.is_null());
    settings.insert("stream".into(), stream);
    let mut moved = vec![("settings", ""), ("supervisor_ms", "cluster.supervisor_ms")];
    match (fields.get_mut("plants"), plant) {
        (Some(Value::Array(plants)), Some(plant)) => {
            plants.push(plant);
            moved.extend([("plants.0", "coordination.plant"), ("plants.1", "stream.plant")]);
        }
        (Some(_), _) => moved.push(("plants", "coordination.plant")),
        (None, Some(plant)) => {
            fields.insert("plants".into(), Value::Array(vec![plant]));
            moved.push(("plants", "stream.plant"));
        }
        (None, None) => {}
    }
    fields.insert("system".into(), Flink::NAME.into());
    fields.insert("settings".into(), settings.into());
    Some(Upgraded { fields, moved })
}
