//! What is simpler in the engine's own terms, for the shrinking of a plan that fails: fewer machines, less parallelism,
//! fewer records; and what is simpler of the service.

use flink_words::settings::{Settings, StreamPlan};
use zookeeper_scenarios::simpler as service;

/// Simpler settings, those that leave out the most first.
pub(crate) fn simpler(settings: &Settings) -> Vec<Settings> {
    let stream = &settings.stream;
    let with = |change: &dyn Fn(&mut StreamPlan)| {
        let mut simpler = settings.clone();
        change(&mut simpler.stream);
        simpler
    };
    let mut found = vec![
        with(&|stream| (stream.masters, stream.workers, stream.parallelism) = (1, 1, 1)),
        with(&|stream| stream.masters = 1),
        with(&|stream| stream.workers = 1),
        with(&|stream| stream.parallelism = 1),
        with(&|stream| stream.input.partitions = 1),
    ];
    for part in [8, 4, 2] {
        found.push(with(&|stream| (stream.input.records, stream.input.until_ms) = (stream.input.records / part, stream.input.until_ms / u64::from(part))));
        found.push(with(&|stream| stream.input.records /= part));
        found.push(with(&|stream| stream.input.until_ms /= u64::from(part)));
    }
    found.push(with(&|stream| stream.workers = stream.workers.saturating_sub(1)));
    found.push(with(&|stream| stream.input.records -= (stream.input.records / 8).max(1).min(stream.input.records)));
    found.retain(|simpler| simpler.stream != *stream);
    found.extend(service::simpler(&settings.service).into_iter().map(|service| Settings { service, ..settings.clone() }));
    found
}
