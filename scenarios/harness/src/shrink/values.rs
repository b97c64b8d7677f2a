//! Smaller values: a shorter storm, shorter spells, calmer weather. Only numbers whose unit says that less is calmer:
//! times of faults and of the storm's end, and all of the weather. The bound after the heal stays, since a run that has
//! less time is no better understood; so do the settings, of which the system knows what is simpler.

use serde_json::Value;

use super::Progress;
use super::tried::Tried;

/// Makes each number as small as it goes.
pub(super) fn pass(tried: &mut Tried<'_>, mut least: Value, progress: &mut dyn Progress) -> Value {
    let calm = calmest(&least);
    if tried.first_that_fails(std::slice::from_ref(&calm)).is_some() && calm != least {
        least = calm;
        progress.smaller(&tried.step(&least));
    }
    for pointer in pointers(&least) {
        least = lower(tried, least, &pointer, progress);
    }
    least
}

/// The plan without rough links and disks.
fn calmest(plan: &Value) -> Value {
    let mut calm = plan.clone();
    for pointer in pointers(plan).iter().filter(|pointer| pointer.starts_with("/weather/")) {
        if let Some(number) = calm.pointer_mut(pointer).filter(|_| !pointer.ends_with("latency_us") && !pointer.ends_with("sync_us")) {
            *number = 0.into();
        }
    }
    calm
}

/// Where numbers stand that may be smaller.
fn pointers(plan: &Value) -> Vec<String> {
    let mut found = vec!["/heal/at_ms".to_string()];
    for part in ["faults", "weather"] {
        walk(&plan[part], &format!("/{part}"), &mut found);
    }
    found
}

fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) if ["_ms", "_us", "_ppm", "/ms"].iter().any(|unit| at.ends_with(unit)) => found.push(at.into()),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| walk(item, &format!("{at}/{i}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, &format!("{at}/{key}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Tries nothing at all, and then ever more of the number.
fn lower(tried: &mut Tried<'_>, least: Value, pointer: &str, progress: &mut dyn Progress) -> Value {
    let Some(number) = least.pointer(pointer).and_then(Value::as_i64).filter(|number| *number != 0) else { return least };
    let smaller: Vec<i64> = [0, number / 8, number / 4, number / 2, number - number / 4].into_iter().filter(|less| *less != number).collect();
    let candidates: Vec<Value> = smaller.iter().map(|less| with(&least, pointer, *less)).collect();
    match tried.first_that_fails(&candidates) {
        Some(place) => {
            let smaller = candidates.into_iter().nth(place).expect("it is one of them");
            progress.smaller(&tried.step(&smaller));
            smaller
        }
        None => least,
    }
}

fn with(plan: &Value, pointer: &str, number: i64) -> Value {
    let mut plan = plan.clone();
    if let Some(value) = plan.pointer_mut(pointer) {
        *value = number.into();
    }
    plan
}
