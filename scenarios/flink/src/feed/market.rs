//! Nexmark's market: persons, auctions and bids with its names, its hot sellers, auctions and bidders, and its prices.
//! Numbers of persons and auctions go on although a job may not read them; never a float.

use contract::dice::Dice;
use outside_words::data::{EventTime, Input};

/// Nexmark's names, cities and states.
const FIRST_NAMES: [&str; 11] = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES: [&str; 9] = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CITIES: [&str; 10] = ["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"];
const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];
/// What is sold: of this sort and that kind.
const SORTS: [&str; 8] = ["old", "new", "rare", "broken", "blue", "brass", "signed", "unopened"];
const THINGS: [&str; 10] = ["barometer", "sextant", "lamp", "chair", "map", "piano", "clock", "ledger", "bicycle", "kite"];

/// FIRST_PERSON_ID of Nexmark.
const FIRST_PERSON: i64 = 1_000;
/// Nexmark begins at 1000; here shortly before a multiple of 123, so that q2 finds its auctions in a short run too.
const FIRST_AUCTION: i64 = 1_100;
/// FIRST_CATEGORY_ID and NUM_CATEGORIES of Nexmark.
const FIRST_CATEGORY: u64 = 10;
const CATEGORIES: u64 = 5;
/// Sellers and bidders are among so many of the latest persons, bids are for so many of the latest auctions; fewer than
/// Nexmark's 1000 and 100, since a run is short and joins should match.
const ACTIVE_PERSONS: i64 = 12;
const ACTIVE_AUCTIONS: i64 = 12;
/// Every so manieth person or auction is hot (Nexmark: 100).
const HOT_STRIDE: i64 = 5;
/// Of so many auctions one is not of a hot seller, of so many bids one is not for a hot auction, or not by a hot bidder
/// (hotSellersRatio, hotAuctionRatio, hotBiddersRatio).
const HOT_SELLERS_RATIO: u64 = 4;
const HOT_AUCTIONS_RATIO: u64 = 2;
const HOT_BIDDERS_RATIO: u64 = 4;
/// A person to three auctions to 46 bids.
const AUCTIONS_A_PERSON: i64 = 3;
const BIDS_A_PERSON: i64 = 46;

/// How far the market has come.
pub(super) struct Market {
    persons: i64,
    auctions: i64,
    bids: i64,
    /// The longest auction.
    auction_ms: u64,
}

impl Market {
    /// An empty market. Auctions last up to a quarter of the time, so that most of them close.
    pub(super) fn new(until_ms: u64) -> Market {
        Market { persons: 0, auctions: 0, bids: 0, auction_ms: (until_ms / 4).max(1_000) }
    }

    /// The next person.
    pub(super) fn person(&mut self, at: EventTime, dice: &mut Dice) -> Input {
        let id = FIRST_PERSON + self.persons;
        self.persons += 1;
        let name = format!("{} {}", dice.pick(&FIRST_NAMES), dice.pick(&LAST_NAMES)).into();
        let (city, state) = (*dice.pick(&CITIES), *dice.pick(&STATES));
        Input::Person { id, name, city: city.into(), state: state.into(), at }
    }

    /// The next auction.
    pub(super) fn auction(&mut self, at: EventTime, dice: &mut Dice) -> Input {
        let id = FIRST_AUCTION + self.auctions;
        self.auctions += 1;
        let persons = self.persons.max(1 + (self.auctions - 1) / AUCTIONS_A_PERSON);
        let seller = FIRST_PERSON + one_of(persons, ACTIVE_PERSONS, HOT_SELLERS_RATIO, dice);
        let item = format!("{} {}", dice.pick(&SORTS), dice.pick(&THINGS)).into();
        let category = (FIRST_CATEGORY + dice.below(CATEGORIES)) as i64;
        let (initial_bid, more) = (price(dice), price(dice));
        let expires = at + dice.between(1, self.auction_ms) as EventTime;
        Input::Auction { id, item, seller, category, initial_bid, reserve: initial_bid + more, at, expires }
    }

    /// The next bid.
    pub(super) fn bid(&mut self, at: EventTime, dice: &mut Dice) -> Input {
        self.bids += 1;
        let turns = (self.bids - 1) / BIDS_A_PERSON + 1;
        let auctions = self.auctions.max(turns * AUCTIONS_A_PERSON);
        let auction = FIRST_AUCTION + one_of(auctions, ACTIVE_AUCTIONS, HOT_AUCTIONS_RATIO, dice);
        let bidder = FIRST_PERSON + one_of(self.persons.max(turns), ACTIVE_PERSONS, HOT_BIDDERS_RATIO, dice);
        Input::Bid { auction, bidder, price: price(dice), at }
    }
}

/// One of the latest `active` of `count`, by its place; but for one time in `ratio` the latest hot one.
fn one_of(count: i64, active: i64, ratio: u64, dice: &mut Dice) -> i64 {
    let (is_hot, back) = (dice.below(ratio) > 0, dice.below(active.min(count) as u64) as i64);
    if is_hot { (count - 1) / HOT_STRIDE * HOT_STRIDE } else { count - 1 - back }
}

/// A price in cents, of one to a million: every power of ten is as likely as the others (Nexmark: `10^(6x)`).
fn price(dice: &mut Dice) -> i64 {
    let least = 100 * 10u64.pow(dice.below(6) as u32);
    dice.between(least, 10 * least - 1) as i64
}
