//! The jobs that join persons or bids with auctions: q3, q4, q6, q8 of Nexmark, and the interval join. By looking each
//! one's partners up, and by sorting.

use std::collections::BTreeSet;
use std::sync::Arc;

use outside_words::data::{EventTime, Field, Input, Row};

use super::{Bid, bids_of, grouped};

struct Auction {
    id: i64,
    item: Arc<str>,
    seller: i64,
    category: i64,
    at: EventTime,
    expires: EventTime,
}

struct Person {
    id: i64,
    name: Arc<str>,
    city: Arc<str>,
    state: Arc<str>,
    at: EventTime,
}

fn auctions_of(inputs: &[&Input]) -> Vec<Auction> {
    let auctions = inputs.iter().filter_map(|input| match *input {
        Input::Auction { id, item, seller, category, at, expires, .. } => {
            Some(Auction { id: *id, item: item.clone(), seller: *seller, category: *category, at: *at, expires: *expires })
        }
        Input::Person { .. } | Input::Bid { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => None,
    });
    auctions.collect()
}

fn persons_of(inputs: &[&Input]) -> Vec<Person> {
    let persons = inputs.iter().filter_map(|input| match *input {
        Input::Person { id, name, city, state, at } => Some(Person { id: *id, name: name.clone(), city: city.clone(), state: state.clone(), at: *at }),
        Input::Auction { .. } | Input::Bid { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => None,
    });
    persons.collect()
}

/// Persons of Oregon, Idaho and California with their auctions of category 10. name, city, state, auction.
pub fn q3(inputs: &[&Input]) -> Vec<Row> {
    let by_seller = grouped(auctions_of(inputs).into_iter().filter(|auction| auction.category == 10), |auction| auction.seller);
    let mut rows = Vec::new();
    for person in persons_of(inputs).iter().filter(|person| matches!(&*person.state, "OR" | "ID" | "CA")) {
        for auction in by_seller.get(&person.id).into_iter().flatten() {
            rows.push([Field::from(&person.name), Field::from(&person.city), Field::from(&person.state), Field::Int(auction.id)].into());
        }
    }
    rows
}

/// The auctions that were sold, each with its highest price among the bids between its opening and its expiry, both
/// included; by expiry, then by number.
fn sales(inputs: &[&Input]) -> Vec<(Auction, i64)> {
    let bids = grouped(bids_of(inputs), |bid| bid.auction);
    let price_of = |auction: &Auction| {
        let of_it = bids.get(&auction.id)?.iter();
        of_it.filter(|bid| auction.at <= bid.at && bid.at <= auction.expires).map(|bid| bid.price).max()
    };
    let mut sales: Vec<(Auction, i64)> = auctions_of(inputs).into_iter().filter_map(|auction| price_of(&auction).map(|price| (auction, price))).collect();
    sales.sort_by_key(|(auction, _)| (auction.expires, auction.id));
    sales
}

/// The average of the winning prices of each category, after each auction that was sold. category, count, sum, average.
pub fn q4(inputs: &[&Input]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (category, sales) in grouped(sales(inputs), |(auction, _)| auction.category) {
        for count in 1..=sales.len() {
            let sum: i64 = sales[..count].iter().map(|(_, price)| price).sum();
            rows.push([category, count as i64, sum, sum / count as i64].map(Field::Int).into());
        }
    }
    rows
}

/// The average of the last ten winning prices of each seller, after each auction that was sold. seller, auction, its
/// expiry, average.
pub fn q6(inputs: &[&Input]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (seller, sales) in grouped(sales(inputs), |(auction, _)| auction.seller) {
        for (i, (auction, _)) in sales.iter().enumerate() {
            let last = &sales[(i + 1).saturating_sub(10)..=i];
            let average = last.iter().map(|(_, price)| price).sum::<i64>() / last.len() as i64;
            rows.push([seller, auction.id, auction.expires, average].map(Field::Int).into());
        }
    }
    rows
}

/// Persons who registered and opened an auction in the same window of 10 s. number, name, the window's beginning.
pub fn q8(inputs: &[&Input]) -> Vec<Row> {
    let window = |at: EventTime| at.div_euclid(10_000) * 10_000;
    let opened: BTreeSet<(i64, EventTime)> = auctions_of(inputs).iter().map(|auction| (auction.seller, window(auction.at))).collect();
    let came = persons_of(inputs).into_iter().map(|person| (person.id, person.name, window(person.at))).collect::<BTreeSet<_>>();
    let both = came.into_iter().filter(|(id, _, window)| opened.contains(&(*id, *window)));
    both.map(|(id, name, window)| [Field::Int(id), Field::Text(name), Field::Int(window)].into()).collect()
}

/// Auctions with the bids from their opening to 5 s later, both included. auction, item, bidder, price, the bid's time.
pub fn interval_join(inputs: &[&Input]) -> Vec<Row> {
    let bids = grouped(bids_of(inputs), |bid| bid.auction);
    let mut rows = Vec::new();
    for auction in auctions_of(inputs) {
        let early = |bid: &&Bid| (0..=5_000).contains(&(bid.at - auction.at));
        for bid in bids.get(&auction.id).into_iter().flatten().filter(early) {
            rows.push([auction.id.into(), Field::from(&auction.item), bid.bidder.into(), bid.price.into(), bid.at.into()].into());
        }
    }
    rows
}
