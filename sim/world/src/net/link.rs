//! Links: the latency, loss and duplication of each directed pair of machines, drawn from the pair's own dice, and how
//! many faults cut or slow it now. Never what is on its way.

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::plan::{LinkWeather, Weather};
use contract::time::{MICROSECOND, MILLISECOND};

use crate::queue::LATEST_NS;

/// What the weather does to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transit {
    /// How long it takes.
    pub(crate) latency_ns: u64,
    /// It is lost once.
    pub(crate) lost: bool,
    /// Faults cut the link now.
    pub(crate) is_cut: bool,
    /// It arrives a second time, so much later.
    pub(crate) again_ns: Option<u64>,
    /// What a loss costs a stream on top of a second latency: the longest tail.
    resend_ns: u64,
}

impl Transit {
    /// How long it takes on a stream, where a loss costs a retransmission.
    pub(crate) fn stream_ns(self) -> u64 {
        if self.lost { 2 * self.latency_ns + self.resend_ns } else { self.latency_ns }
    }
}

/// The most that faults add to a latency: the time that a run can last. What is later than that never arrives, however
/// much later; and sums with it stay within 64 bits.
const EXTRA_NS_MAX: u64 = LATEST_NS;

/// One directed link.
#[derive(Clone, Debug, Default)]
struct Link {
    /// Faults that cut it now.
    cuts: u32,
    /// The sum of what faults add to each latency now, in ms. Exact, so that each takes away what it added: 2^28 faults
    /// of 2^32 ms stay within 60 bits.
    slowed_ms: u64,
    /// The same as it is added, in ns: [`EXTRA_NS_MAX`] at most.
    extra_ns: u64,
    /// Drawn from when it first carries something.
    dice: Option<Box<Dice>>,
    /// Its own weather, where it is not that of all.
    weather: Option<Box<Scaled>>,
}

impl Link {
    fn settle(&mut self) {
        self.extra_ns = self.slowed_ms.saturating_mul(MILLISECOND).min(EXTRA_NS_MAX);
    }
}

/// All links.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    seed: u64,
    weather: Scaled,
    /// Links with a weather of their own.
    own: Vec<contract::plan::OneLink>,
    /// By sender; each row is only as long as its links in use.
    rows: Vec<Vec<Link>>,
    /// Cuts of all links together: mostly there are none, and then none needs to be looked for.
    cuts: u32,
}

impl Links {
    pub(crate) fn new(seed: u64, weather: &Weather) -> Links {
        Links { seed, weather: Scaled::new(weather.link), own: weather.links.clone(), rows: Vec::new(), cuts: 0 }
    }

    /// Adds a machine.
    pub(crate) fn add(&mut self) {
        let from = MachineId(self.rows.len() as u16);
        self.rows.push(Vec::new());
        for own in self.own.iter().filter(|own| own.from == from) {
            link(&mut self.rows, own.from, own.to).weather = Some(Box::new(Scaled::new(own.weather)));
        }
    }

    /// Draws from other dice from here on.
    pub(crate) fn redice(&mut self, seed: u64) {
        self.seed = seed;
        self.rows.iter_mut().flatten().for_each(|link| link.dice = None);
    }

    /// Draws the fate of a message: two words, whatever comes of them.
    #[inline(always)]
    pub(crate) fn draw(&mut self, from: MachineId, to: MachineId) -> Transit {
        let seed = self.seed;
        let link = link(&mut self.rows, from, to);
        let dice = link.dice.get_or_insert_with(|| Box::new(Dice::named(seed, "link", u64::from(from.0), u64::from(to.0))));
        link.weather.as_deref().unwrap_or(&self.weather).transit(dice.between(0, u64::MAX), link.extra_ns, link.cuts > 0)
    }

    /// A latency for what the faults themselves send; it draws nothing, so that the link's own messages keep their
    /// fate.
    pub(crate) fn plain_ns(&self, from: MachineId, to: MachineId) -> u64 {
        let link = self.get(from, to);
        let weather = link.and_then(|link| link.weather.as_deref()).unwrap_or(&self.weather);
        weather.base_ns + link.map_or(0, |link| link.extra_ns)
    }

    /// Whether nothing passes.
    #[inline(always)]
    pub(crate) fn is_cut(&self, from: MachineId, to: MachineId) -> bool {
        self.cuts > 0 && self.get(from, to).is_some_and(|link| link.cuts > 0)
    }

    /// A fault cuts a link, one way.
    pub(crate) fn cut(&mut self, from: MachineId, to: MachineId) {
        link(&mut self.rows, from, to).cuts += 1;
        self.cuts += 1;
    }

    /// A fault that cut a link is over.
    pub(crate) fn mend(&mut self, from: MachineId, to: MachineId) {
        let link = link(&mut self.rows, from, to);
        assert!(link.cuts > 0, "a link from {from} to {to} is mended that no fault had cut");
        link.cuts -= 1;
        self.cuts -= 1;
    }

    /// A fault slows a link, one way.
    pub(crate) fn slow(&mut self, from: MachineId, to: MachineId, extra_ms: u32) {
        let link = link(&mut self.rows, from, to);
        link.slowed_ms += u64::from(extra_ms);
        link.settle();
    }

    /// A fault that slowed a link is over.
    pub(crate) fn hurry(&mut self, from: MachineId, to: MachineId, extra_ms: u32) {
        let link = link(&mut self.rows, from, to);
        assert!(link.slowed_ms >= u64::from(extra_ms), "a link from {from} to {to} is hurried more than it was slowed");
        link.slowed_ms -= u64::from(extra_ms);
        link.settle();
    }

    /// All ways that are cut.
    pub(crate) fn cut_ways(&self) -> Vec<(MachineId, MachineId)> {
        let row = |(from, row): (usize, &Vec<Link>)| {
            let cut = row.iter().enumerate().filter(|(_, link)| link.cuts > 0);
            cut.map(|(to, _)| (MachineId(from as u16), MachineId(to as u16))).collect::<Vec<_>>()
        };
        self.rows.iter().enumerate().flat_map(row).collect()
    }

    fn get(&self, from: MachineId, to: MachineId) -> Option<&Link> {
        self.rows[from.index()].get(to.index())
    }
}

/// The link from a machine to another, made when it is first needed.
fn link(rows: &mut [Vec<Link>], from: MachineId, to: MachineId) -> &mut Link {
    let row = &mut rows[from.index()];
    if row.len() <= to.index() {
        row.resize_with(to.index() + 1, Link::default);
    }
    &mut row[to.index()]
}

/// The weather in ns, its chances scaled to [`CHANCE_BITS`].
#[derive(Clone, Copy, Debug)]
struct Scaled {
    base_ns: u64,
    jitter_ns: u64,
    tail_ns: u64,
    tail_below: u64,
    lost_below: u64,
    again_below: u64,
}

/// A chance is as fine as one in a million.
const CHANCE_BITS: u32 = 20;
/// A jitter has so many steps, what 64 bits leave after two chances: 1 ns each up to 16 ms.
const JITTER_BITS: u32 = 24;

impl Scaled {
    fn new(weather: LinkWeather) -> Scaled {
        let below = |ppm: u32| (u64::from(ppm) << CHANCE_BITS).div_ceil(1_000_000);
        Scaled {
            base_ns: u64::from(weather.latency_us) * MICROSECOND,
            jitter_ns: u64::from(weather.jitter_us) * MICROSECOND,
            tail_ns: u64::from(weather.tail_us) * MICROSECOND,
            tail_below: below(weather.tail_ppm),
            lost_below: below(weather.loss_ppm),
            again_below: below(weather.duplicate_ppm),
        }
    }

    /// What 64 random bits make of a message: 24 are its jitter, 20 say whether it takes the tail, 20 whether it is
    /// lost or doubled.
    #[inline(always)]
    fn transit(&self, bits: u64, extra_ns: u64, is_cut: bool) -> Transit {
        let chance = |bits: u64| bits & ((1 << CHANCE_BITS) - 1);
        let (jitter, tail, fate) = (bits >> (64 - JITTER_BITS), chance(bits >> CHANCE_BITS), chance(bits));
        let mut latency_ns = self.base_ns + extra_ns + share(jitter, self.jitter_ns);
        if tail < self.tail_below {
            latency_ns += share(blend(bits), self.tail_ns);
        }
        // One number for both: what is lost cannot arrive twice.
        let lost = fate < self.lost_below;
        let again = !lost && fate < self.lost_below + self.again_below;
        let again_ns = again.then(|| self.base_ns + extra_ns + share(blend(!bits), self.jitter_ns + self.tail_ns));
        Transit { latency_ns, lost, is_cut, again_ns, resend_ns: self.tail_ns }
    }
}

/// A number of [`JITTER_BITS`] from all bits of another, for what is needed so seldom that no word is drawn for it
/// (Fibonacci hashing).
fn blend(bits: u64) -> u64 {
    bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - JITTER_BITS)
}

/// The share of a span of ns that a number of [`JITTER_BITS`] stands for.
#[inline(always)]
fn share(number: u64, span_ns: u64) -> u64 {
    ((u128::from(number) * u128::from(span_ns + 1)) >> JITTER_BITS) as u64
}

#[cfg(test)]
mod tests {
    use contract::plan::{DiskWeather, OneLink};

    use super::*;

    const WEATHER: LinkWeather = LinkWeather { latency_us: 100, jitter_us: 50, tail_ppm: 10_000, tail_us: 2_000, loss_ppm: 100_000, duplicate_ppm: 50_000 };

    fn weather(links: Vec<OneLink>) -> Weather {
        let disk = DiskWeather { sync_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 0 };
        Weather { link: WEATHER, links, disk, clocks: vec![] }
    }

    #[test]
    fn a_link_may_have_a_weather_of_its_own_one_way() {
        let (a, b) = (MachineId(0), MachineId(1));
        let far = LinkWeather { latency_us: 50_000, loss_ppm: 0, ..WEATHER };
        let mut plain = Links::new(7, &weather(vec![]));
        let mut links = Links::new(7, &weather(vec![OneLink { from: a, to: b, weather: far }]));
        for links in [&mut plain, &mut links] {
            (0..2).for_each(|_| links.add());
        }
        assert_eq!(links.draw(a, b).latency_ns, plain.draw(a, b).latency_ns + 49_900_000);
        assert_eq!(links.draw(b, a), plain.draw(b, a));
        assert_eq!((links.plain_ns(a, b), links.plain_ns(b, a)), (50_000_000, 100_000));
    }

    #[test]
    fn chances_and_spans_are_those_of_the_weather() {
        let mut links = Links::new(7, &weather(vec![]));
        (0..2).for_each(|_| links.add());
        let drawn: Vec<Transit> = (0..100_000).map(|_| links.draw(MachineId(0), MachineId(1))).collect();
        let count = |is: fn(&Transit) -> bool| drawn.iter().filter(|transit| is(transit)).count();
        assert!((9_500..10_500).contains(&count(|transit| transit.lost)));
        assert!((4_600..5_400).contains(&count(|transit| transit.again_ns.is_some())));
        assert!((850..1_150).contains(&count(|transit| transit.latency_ns > 150_000)));
        assert_eq!(count(|transit| transit.lost && transit.again_ns.is_some()), 0);
        assert!(drawn.iter().all(|transit| (100_000..=2_150_000).contains(&transit.latency_ns)));
        assert!(drawn.iter().any(|transit| transit.latency_ns < 101_000) && drawn.iter().any(|transit| transit.latency_ns > 2_000_000));
    }

    #[test]
    fn cuts_of_several_faults_count_and_each_way_is_its_own() {
        let mut links = Links::new(7, &weather(vec![]));
        (0..3).for_each(|_| links.add());
        let (a, b) = (MachineId(0), MachineId(2));
        links.cut(a, b);
        links.cut(a, b);
        links.mend(a, b);
        assert!(links.is_cut(a, b) && !links.is_cut(b, a));
        assert_eq!(links.cut_ways(), [(a, b)]);
        links.mend(a, b);
        assert!(!links.is_cut(a, b));
    }

    #[test]
    fn a_slow_link_is_slower_by_that_much_and_draws_the_same_words() {
        let mut plain = Links::new(7, &weather(vec![]));
        (0..2).for_each(|_| plain.add());
        let mut slow = plain.clone();
        let (a, b) = (MachineId(0), MachineId(1));
        slow.slow(a, b, 30);
        assert_eq!(slow.draw(a, b).latency_ns, plain.draw(a, b).latency_ns + 30 * MILLISECOND);
        slow.hurry(a, b, 30);
        assert_eq!(slow.draw(a, b), plain.draw(a, b));
    }

    #[test]
    fn any_number_of_faults_slow_a_link_and_each_takes_away_what_it_added() {
        const FAULTS: usize = 10_000;
        let mut plain = Links::new(7, &weather(vec![]));
        (0..2).for_each(|_| plain.add());
        let mut slow = plain.clone();
        let (a, b) = (MachineId(0), MachineId(1));
        slow.slow(a, b, 30);
        (0..FAULTS).for_each(|_| slow.slow(a, b, u32::MAX));
        let bounded = slow.draw(a, b);
        assert_eq!(bounded.latency_ns, plain.draw(a, b).latency_ns + EXTRA_NS_MAX);
        assert!(LATEST_NS.checked_add(Transit { lost: true, ..bounded }.stream_ns()).is_some(), "the sum of the latest time and the longest latency overflows");
        (0..FAULTS).for_each(|_| slow.hurry(a, b, u32::MAX));
        assert_eq!(slow.draw(a, b).latency_ns, plain.draw(a, b).latency_ns + 30 * MILLISECOND);
        slow.hurry(a, b, 30);
        assert_eq!(slow.draw(a, b), plain.draw(a, b));
    }
}
