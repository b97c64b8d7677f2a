//! The jobs that count: words in windows, and ticks by key under limits. By sorting and grouping.

use outside_words::data::{EventTime, Field, Input, Row};

use super::{DELTA, grouped};

/// For each window of 5 s: how often each word stands in its lines. A word is a run of letters and digits, in lower
/// case. end, count, word.
pub fn word_count(inputs: &[&Input]) -> Vec<Row> {
    let mut words: Vec<(EventTime, String)> = Vec::new();
    for input in inputs {
        let Input::Line { text, at } = *input else { continue };
        let end = (at.div_euclid(5_000) + 1) * 5_000;
        let mut word = String::new();
        // A blank at the end closes the last word.
        for c in text.chars().chain([' ']) {
            if c.is_alphanumeric() {
                word.push(c);
            } else if !word.is_empty() {
                words.push((end, std::mem::take(&mut word).to_lowercase()));
            }
        }
    }
    words.sort();
    let runs = words.chunk_by(|a, b| a == b);
    runs.map(|run| [run[0].0.into(), (run.len() as i64).into(), Field::from(&*run[0].1)].into()).collect()
}

/// For each key and each second in which it has ticks: key, second, the sum of all its values up to the second's end,
/// and 1 if that is over the limit that holds then, the latest one up to the second's last millisecond, of several of
/// the same time the greatest. And for each key: key, `delta`, how many ticks it has, twice.
pub fn counters(inputs: &[&Input]) -> Vec<Row> {
    let mut limits: Vec<(EventTime, i64)> = Vec::new();
    let mut ticks: Vec<(i64, EventTime, i64)> = Vec::new();
    for input in inputs {
        match **input {
            Input::Limit { limit, at } => limits.push((at, limit)),
            Input::Tick { key, value, at } => ticks.push((key, at, value)),
            Input::Person { .. } | Input::Auction { .. } | Input::Bid { .. } | Input::Line { .. } => {}
        }
    }
    limits.sort_unstable();
    ticks.sort_unstable();
    let mut rows = Vec::new();
    for (key, ticks) in grouped(ticks, |(key, ..)| *key) {
        let mut total = 0;
        for second in ticks.chunk_by(|(_, a, _), (_, b, _)| a.div_euclid(1_000) == b.div_euclid(1_000)) {
            total += second.iter().map(|(_, _, value)| value).sum::<i64>();
            let number = second[0].1.div_euclid(1_000);
            let limit = limits[..limits.partition_point(|(at, _)| at.div_euclid(1_000) <= number)].last();
            let is_over = limit.is_some_and(|(_, limit)| total > *limit);
            rows.push([key, number, total, i64::from(is_over)].map(Field::Int).into());
        }
        let count = Field::Int(ticks.len() as i64);
        rows.push([key.into(), DELTA.into(), count.clone(), count].into());
    }
    rows
}
