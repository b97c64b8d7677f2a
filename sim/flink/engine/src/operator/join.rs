//! Joins that give out each pair as soon as both are there: persons with their auctions, which are never forgotten, and
//! auctions with the bids of their first time, which are.

use std::sync::Arc;

use flink_words::flow::Record;
use flink_words::state::TimeDomain;
use outside_words::data::{EventTime, Field, Input, row};
use serde::{Deserialize, Serialize};

use super::bids::{input, record};
use super::collector::Collector;
use super::keyed::Keyed;
use super::stage::Logic;
use crate::job::KeyBy;

/// Persons with the auctions that they open, by seller. Its rows: name, city, state, the auction's number. Nothing is
/// ever late: nothing is forgotten.
#[derive(Clone, Debug)]
pub(super) struct Sellers;

/// All that is known of a seller.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Seller {
    persons: Vec<[Arc<str>; 3]>,
    auctions: Vec<i64>,
}

impl Logic for Sellers {
    type Value = Seller;

    fn on_record(&mut self, _input: usize, from: &Record, _watermark: EventTime, keyed: &mut Keyed<Seller>, out: &mut Collector) {
        let seller = keyed.entry(&KeyBy::Seller.field(from), 0);
        let mut join = |[name, city, state]: &[Arc<str>; 3], auction: i64| {
            out.records.push(record(from.at, row([name.into(), city.into(), state.into(), auction.into()])));
        };
        match input(from) {
            Input::Person { name, city, state, .. } => {
                let person = [name.clone(), city.clone(), state.clone()];
                seller.auctions.iter().for_each(|auction| join(&person, *auction));
                seller.persons.push(person);
            }
            Input::Auction { id, .. } => {
                seller.persons.iter().for_each(|person| join(person, *id));
                seller.auctions.push(*id);
            }
            Input::Bid { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => panic!("{from:?} must be a person or an auction"),
        }
    }

    fn on_timer(&mut self, at: EventTime, _key: &Field, _space: i64, _keyed: &mut Keyed<Seller>, _out: &mut Collector) {
        panic!("a join that never forgets must not have set a timer at {at}");
    }
}

/// Auctions with the bids of their first time, by auction. Its rows: the auction's number and item, bidder, price, the
/// bid's time.
#[derive(Clone, Debug)]
pub(super) struct Interval {
    within_ms: EventTime,
}

impl Interval {
    pub fn new(within_ms: EventTime) -> Interval {
        Interval { within_ms }
    }
}

/// What may still find its other half: auctions by their opening, bids by their time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Halves {
    auctions: Vec<(EventTime, Arc<str>)>,
    bids: Vec<(EventTime, i64, i64)>,
}

impl Logic for Interval {
    type Value = Halves;

    fn on_record(&mut self, _input: usize, from: &Record, watermark: EventTime, keyed: &mut Keyed<Halves>, out: &mut Collector) {
        if from.at <= watermark {
            out.late.push((from.at, watermark));
            return;
        }
        let key = KeyBy::Auction.field(from);
        let halves = keyed.entry(&key, 0);
        let mut join = |(opened, item): &(EventTime, Arc<str>), (at, bidder, price): (EventTime, i64, i64)| {
            if (*opened..=opened + self.within_ms).contains(&at) {
                out.records.push(record(at, row([key.clone(), item.into(), bidder.into(), price.into(), at.into()])));
            }
        };
        let needed_until = match input(from) {
            Input::Auction { item, at, .. } => {
                let auction = (*at, item.clone());
                halves.bids.iter().for_each(|bid| join(&auction, *bid));
                halves.auctions.push(auction);
                at + self.within_ms
            }
            Input::Bid { bidder, price, at, .. } => {
                let bid = (*at, *bidder, *price);
                halves.auctions.iter().for_each(|auction| join(auction, bid));
                halves.bids.push(bid);
                *at
            }
            Input::Person { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => panic!("{from:?} must be an auction or a bid"),
        };
        keyed.set_timer(TimeDomain::EventTime, needed_until, &key, 0);
    }

    fn on_timer(&mut self, at: EventTime, key: &Field, _space: i64, keyed: &mut Keyed<Halves>, _out: &mut Collector) {
        let halves = keyed.entry(key, 0);
        halves.auctions.retain(|(opened, _)| opened + self.within_ms > at);
        halves.bids.retain(|(bid_at, ..)| *bid_at > at);
        if halves.auctions.is_empty() && halves.bids.is_empty() {
            keyed.take(key, 0);
        }
    }
}
