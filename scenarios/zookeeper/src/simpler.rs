//! What is simpler in the service's own terms, for the shrinking of a plan that fails: fewer requests, fewer replicas.
//! A round that is left out leaves the dice of the others alone.

use zookeeper_words::settings::{ClientPlan, Settings};

/// Simpler settings, those that leave out the most first.
pub fn simpler(settings: &Settings) -> Vec<Settings> {
    let cluster = &settings.cluster;
    let replicas = [1, 3].into_iter().filter(|fewer| *fewer < cluster.replicas).map(|replicas| {
        let mut simpler = settings.clone();
        (simpler.cluster.replicas, simpler.cluster.observers) = (replicas, 0);
        simpler
    });
    let plain = (cluster.observers > 0).then(|| {
        let mut simpler = settings.clone();
        simpler.cluster.observers = 0;
        simpler
    });
    let mut fewer: Vec<(usize, Settings)> = vec![];
    for (place, client) in settings.clients.iter().enumerate() {
        fewer.extend(with_fewer_rounds(client).into_iter().map(|(left_out, client)| {
            let mut simpler = settings.clone();
            simpler.clients[place] = client;
            (left_out, simpler)
        }));
    }
    // Sorting is stable: of equal parts that of the first client comes first.
    fewer.sort_by_key(|(left_out, _)| std::cmp::Reverse(*left_out));
    replicas.chain(plain).chain(fewer.into_iter().map(|(_, simpler)| simpler)).collect()
}

/// The client without a part of its rounds: all, each half, each quarter, down to each round, with how many are left
/// out.
fn with_fewer_rounds(client: &ClientPlan) -> Vec<(usize, ClientPlan)> {
    let kept: Vec<u32> = (0..client.rounds).filter(|round| !client.skip.contains(round)).collect();
    let mut found = vec![];
    let mut size = kept.len();
    while size > 0 {
        found.extend((0..kept.len()).step_by(size).map(|first| {
            let end = (first + size).min(kept.len());
            (end - first, with_rounds(client, &[&kept[..first], &kept[end..]].concat()))
        }));
        size /= 2;
    }
    found
}

/// The client with these rounds alone, which are sorted.
fn with_rounds(client: &ClientPlan, kept: &[u32]) -> ClientPlan {
    let rounds = kept.last().map_or(0, |last| last + 1);
    ClientPlan { rounds, skip: (0..rounds).filter(|round| kept.binary_search(round).is_err()).collect(), ..client.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zookeeper;
    use harness::System;

    #[test]
    fn rounds_are_left_out_in_halves_and_never_come_back() {
        let mut settings = Zookeeper::families()[0].plan(1).settings;
        settings.clients.truncate(1);
        settings.clients[0].rounds = 5;
        settings.clients[0].skip = vec![1];
        let rounds = |settings: &Settings| {
            let client = &settings.clients[0];
            (0..client.rounds).filter(|round| !client.skip.contains(round)).collect::<Vec<_>>()
        };
        let of_clients = simpler(&settings).into_iter().filter(|simpler| simpler.cluster == settings.cluster);
        let found: Vec<_> = of_clients.map(|simpler| rounds(&simpler)).collect();
        assert_eq!(found, [&[][..], &[3, 4], &[0, 2], &[2, 3, 4], &[0, 3, 4], &[0, 2, 4], &[0, 2, 3]].map(<[u32]>::to_vec));
        assert!(simpler(&settings)[0].cluster.replicas < settings.cluster.replicas, "machines go first");
    }
}
