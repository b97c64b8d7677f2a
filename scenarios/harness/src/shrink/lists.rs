//! Shorter lists: faults, and every list in the settings and the weather, by delta debugging (Zeller, Hildebrandt 2002,
//! "Simplifying and isolating failure-inducing input", algorithm ddmin with complements alone).

use serde_json::Value;

use super::Progress;
use super::tried::Tried;

/// Shortens each list of the plan as far as it goes.
pub(super) fn pass(tried: &mut Tried<'_>, mut least: Value, progress: &mut dyn Progress) -> Value {
    for pointer in pointers(&least) {
        least = shorten(tried, least, &pointer, progress);
    }
    least
}

/// Where lists stand, faults first. Lists within a fault go with it, and what the plan is a plan of stays.
fn pointers(plan: &Value) -> Vec<String> {
    let mut found = vec!["/faults".to_string()];
    for part in ["settings", "weather", "heal"] {
        walk(&plan[part], &format!("/{part}"), &mut found);
    }
    found
}

fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            found.push(at.into());
            // The last ones first, so that a list which gets shorter does not move those that are still to come.
            for (i, item) in items.iter().enumerate().rev() {
                walk(item, &format!("{at}/{i}"), found);
            }
        }
        Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Leaves out ever smaller parts of a list, as long as what stays still fails.
fn shorten(tried: &mut Tried<'_>, mut least: Value, pointer: &str, progress: &mut dyn Progress) -> Value {
    let len = |plan: &Value| plan.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
    let mut size = len(&least);
    while size > 0 && !tried.is_over() {
        let candidates: Vec<Value> = (0..len(&least).div_ceil(size)).map(|part| without(&least, pointer, part * size, size)).collect();
        match tried.first_that_fails(&candidates) {
            Some(place) => {
                least = candidates.into_iter().nth(place).expect("it is one of them");
                progress.smaller(&tried.step(&least));
                size = size.min(len(&least));
            }
            None => size /= 2,
        }
    }
    least
}

fn without(plan: &Value, pointer: &str, first: usize, count: usize) -> Value {
    let mut plan = plan.clone();
    if let Some(items) = plan.pointer_mut(pointer).and_then(Value::as_array_mut) {
        items.drain(first..(first + count).min(items.len()));
    }
    plan
}
