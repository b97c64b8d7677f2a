//! Laws of the ledger and the blob store over any storm: streams cut, answers lost and late, the service down at any
//! time, with or without its power, its disk failing.

use std::collections::{BTreeMap, BTreeSet};

use contract::process::Process;
use outside_words::data::Row;
use outside_words::fact::OutsideFact;
use outside_words::ids::TxnId;
use outside_words::message::{Answer, Ask, Message};
use proptest::prelude::*;

use super::stage::Stage;
use super::{blobs, ledger};
use crate::{AskId, BlobProcess, LedgerProcess, Tries};

/// Callers of a stage.
const CALLERS: usize = 3;
const ORDERS: [&str; 5] = ["unavailable 1000", "slow 2000", "errors 1", "errors 2", "errors 5"];

/// One fault, or what happens anyway.
#[derive(Clone, Debug)]
enum Fault {
    /// So many things that are on their way go it, each chosen by this number.
    Go(u8, usize),
    Pass(u16),
    Act(usize, u8),
    Cut(usize, bool),
    Crash,
    Blackout(u8, bool, bool),
    DiskError,
    Order(usize),
}

fn storm() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        12 => (1u8..12, any::<usize>()).prop_map(|(count, choice)| Fault::Go(count, choice)),
        4 => (0u16..4_000).prop_map(Fault::Pass),
        8 => (0..CALLERS, any::<u8>()).prop_map(|(caller, what)| Fault::Act(caller, what)),
        2 => (0..CALLERS, any::<bool>()).prop_map(|(caller, silent)| Fault::Cut(caller, silent)),
        1 => Just(Fault::Crash),
        2 => (any::<u8>(), any::<bool>(), any::<bool>()).prop_map(|(kept, torn, stands)| Fault::Blackout(kept, torn, stands)),
        1 => Just(Fault::DiskError),
        1 => (0..ORDERS.len()).prop_map(Fault::Order),
    ];
    proptest::collection::vec(fault, 1..120)
}

/// Plays a storm. After each fault `act` is called: with a caller and a number if it was that one's turn.
fn play<S: Process<Message = Message, Fact = OutsideFact>>(stage: &mut Stage<S>, storm: &[Fault], mut act: impl FnMut(&mut Stage<S>, Option<(usize, u8)>)) {
    for fault in storm {
        let mut turn = None;
        match fault {
            Fault::Go(count, choice) => (0..*count).for_each(|step| {
                stage.go(choice.rotate_right(u32::from(step) * 7));
            }),
            Fault::Pass(ms) => stage.pass(u64::from(*ms)),
            Fault::Act(caller, what) => turn = Some((*caller, *what)),
            Fault::Cut(caller, silent) => stage.cut(*caller, *silent),
            Fault::Crash => stage.crash(None),
            Fault::Blackout(kept, torn, stands) => stage.crash(Some((*kept, *torn, *stands))),
            Fault::DiskError => stage.fails = true,
            Fault::Order(word) => stage.order(ORDERS[*word]),
        }
        act(stage, turn);
    }
    stage.fails = false;
    stage.calm();
    act(stage, None);
}

/// A producer, as a sink is one: it takes an id, writes rows that nobody else writes, and ends the transaction.
#[derive(Default)]
struct Producer {
    under_way: Option<(AskId, Ask)>,
    epoch: Option<u32>,
    rows: i64,
    ended: bool,
    txn: u32,
    number: u32,
}

#[derive(Default)]
struct Sinks {
    producers: Vec<Producer>,
    attempts: u32,
    /// The rows of each transaction whose writing was asked for.
    asked: BTreeMap<(TxnId, u32), Vec<Row>>,
    /// Transactions whose commit was answered.
    committed: BTreeSet<(TxnId, u32)>,
}

impl Sinks {
    fn name(txn: u32) -> String {
        format!("t-{txn}")
    }

    fn act(&mut self, stage: &mut Stage<LedgerProcess>, turn: Option<(usize, u8)>) {
        for (caller, id, outcome) in std::mem::take(&mut stage.outcomes) {
            let producer = &mut self.producers[caller];
            let Some((_, ask)) = producer.under_way.take_if(|(asked, _)| *asked == id) else { continue };
            match (ask, outcome.expect("it is tried for ever")) {
                (Ask::InitProducer { .. }, Answer::Producer { epoch }) => producer.epoch = Some(epoch),
                (Ask::Commit { committable, .. }, Answer::Done) => {
                    let txn = (committable.txn, committable.epoch);
                    assert!(is_committed(stage, &txn), "{txn:?} is answered and was not told");
                    self.committed.insert(txn);
                }
                (_, Answer::Refused(_)) => producer.ended = true,
                (_, Answer::Done) => {}
                (ask, answer) => panic!("{ask:?} is answered by {answer:?}"),
            }
        }
        let Some((caller, what)) = turn else { return };
        if self.producers[caller].under_way.is_some() {
            // One in four gives up, and a later attempt takes its place.
            if what % 4 == 0 {
                self.begin(caller, what);
            }
            return;
        }
        if self.producers[caller].ended {
            self.begin(caller, what);
        }
        let producer = &mut self.producers[caller];
        let name = Sinks::name(producer.txn);
        let ask = match producer.epoch {
            None => ledger::init(&name, producer.number),
            Some(epoch) if producer.rows == 0 || what % 3 == 0 => {
                let (begin, end) = (producer.rows, producer.rows + 1 + i64::from(what % 5));
                producer.rows = end;
                self.asked.entry((name.as_str().into(), epoch)).or_default().extend(ledger::rows(begin..end));
                ledger::write(&name, epoch, begin..end, producer.number)
            }
            Some(epoch) => {
                producer.ended = true;
                let end = if what % 5 == 0 { ledger::rollback } else { ledger::commit };
                end(&name, epoch, producer.number)
            }
        };
        let id = stage.ask(caller, ask.clone(), Tries::Forever);
        self.producers[caller].under_way = Some((id, ask));
    }

    /// A later attempt in the place of a caller's, with an id of a few.
    fn begin(&mut self, caller: usize, what: u8) {
        self.attempts += 1;
        self.producers[caller] = Producer { txn: u32::from(what) % 6, number: self.attempts, ..Producer::default() };
    }
}

/// What the ledger told of each transaction that was committed.
fn commits(stage: &Stage<LedgerProcess>) -> BTreeMap<(TxnId, u32), Vec<&Vec<Row>>> {
    let mut commits: BTreeMap<(TxnId, u32), Vec<&Vec<Row>>> = BTreeMap::new();
    for (_, fact) in &stage.notes {
        if let OutsideFact::TxnCommitted { txn, epoch, rows, .. } = fact {
            commits.entry((txn.clone(), *epoch)).or_default().push(rows);
        }
    }
    commits
}

fn is_committed(stage: &Stage<LedgerProcess>, txn: &(TxnId, u32)) -> bool {
    commits(stage).contains_key(txn)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_committed_was_written_under_its_epoch_and_stays(storm in storm()) {
        let mut stage = Stage::new(LedgerProcess::new(5_000), CALLERS);
        let mut sinks = Sinks { producers: vec![], ..Sinks::default() };
        for caller in 0..CALLERS {
            sinks.producers.push(Producer::default());
            sinks.begin(caller, caller as u8);
        }
        play(&mut stage, &storm, |stage, turn| sinks.act(stage, turn));
        let aborted: BTreeSet<(TxnId, u32)> = stage.notes.iter().filter_map(|(_, fact)| match fact {
            OutsideFact::TxnAborted { txn, epoch, .. } => Some((txn.clone(), *epoch)),
            _ => None,
        }).collect();
        for (txn, told) in commits(&stage) {
            let asked = &sinks.asked[&txn];
            prop_assert!(told.iter().all(|rows| *rows == told[0]), "{txn:?} is committed twice, with other rows");
            prop_assert_eq!(told[0], asked, "{:?} is committed, and other rows were written", &txn);
            prop_assert!(!aborted.contains(&txn), "{txn:?} is committed and aborted");
        }
        // All of it is known for ever, whatever is lost now.
        stage.crash(Some((0, false, false)));
        let committed: Vec<_> = sinks.committed.iter().cloned().collect();
        for (txn, epoch) in committed {
            prop_assert_eq!(stage.answer(0, ledger::commit(&txn, epoch, 1)), Answer::Done);
        }
    }

    #[test]
    fn what_is_told_twice_is_the_end_of_what_was_told(storm in storm()) {
        let mut stage = Stage::new(LedgerProcess::new(5_000), CALLERS);
        let mut sinks = Sinks::default();
        for caller in 0..CALLERS {
            sinks.producers.push(Producer::default());
            sinks.begin(caller, caller as u8);
        }
        play(&mut stage, &storm, |stage, turn| sinks.act(stage, turn));
        let mut told: Vec<&OutsideFact> = vec![];
        let mut repeats: Option<usize> = None;
        let mut life = 0;
        for (told_in, fact) in stage.notes.iter().filter(|(_, fact)| !matches!(fact, OutsideFact::LedgerRefused { .. })) {
            if *told_in != life {
                life = *told_in;
                repeats = told.iter().rposition(|before| *before == fact);
            }
            match repeats {
                Some(place) if place < told.len() => {
                    prop_assert_eq!(told[place], fact, "a life tells again the end of what was told, in its order");
                    repeats = Some(place + 1);
                }
                Some(_) | None => {
                    prop_assert!(!told.contains(&fact), "{:?} is told again, and not at once", fact);
                    told.push(fact);
                    repeats = None;
                }
            }
        }
    }

    #[test]
    fn blobs_never_change_under_a_name(storm in storm()) {
        let mut stage = Stage::new(BlobProcess::new(), CALLERS);
        // With each ask, whether its name was known to have a content when it was made.
        let mut asked: BTreeMap<(usize, AskId), (Ask, bool)> = BTreeMap::new();
        let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let (mut kept, mut gone): (BTreeSet<String>, BTreeSet<String>) = Default::default();
        play(&mut stage, &storm, |stage, turn| {
            for (caller, id, outcome) in std::mem::take(&mut stage.outcomes) {
                let (ask, was_kept) = asked.remove(&(caller, id)).expect("it was asked");
                match (ask, outcome.expect("it is tried for ever")) {
                    (Ask::Put { name, bytes, .. }, Answer::Done) => {
                        let before = contents.entry(name.to_string()).or_insert_with(|| bytes.to_vec());
                        assert_eq!(before[..], bytes[..], "two contents were put under {name}");
                        kept.insert(name.to_string());
                    }
                    (Ask::Put { .. }, Answer::Conflict) => {}
                    (Ask::Get { name, .. }, Answer::Blob(Some(bytes))) => {
                        let before = contents.entry(name.to_string()).or_insert_with(|| bytes.to_vec());
                        assert_eq!(before[..], bytes[..], "{name} has changed");
                        kept.insert(name.to_string());
                    }
                    (Ask::Get { name, .. }, Answer::Blob(None)) => {
                        let may_be_gone = gone.contains(&*name) || asked.values().any(|(ask, _)| matches!(ask, Ask::Delete { name: other, .. } if *other == name));
                        assert!(!was_kept || may_be_gone, "{name} is lost");
                    }
                    (Ask::Delete { name, .. }, Answer::Done) => drop(gone.insert(name.to_string())),
                    (ask, answer) => panic!("{ask:?} is answered by {answer:?}"),
                }
            }
            let Some((caller, what)) = turn else { return };
            let name = format!("blob-{}", what % 7);
            let ask = match what % 5 {
                0 | 1 => blobs::put(&name, &[caller as u8; 100]),
                2 | 3 => blobs::get(&name),
                _ => blobs::delete(&name),
            };
            let id = stage.ask(caller, ask.clone(), Tries::Forever);
            asked.insert((caller, id), (ask, kept.contains(&name)));
        });
        stage.crash(Some((0, false, false)));
        for name in &kept {
            let answer = stage.answer(0, blobs::get(name));
            let expected = if gone.contains(name) { None } else { Some(contents[name][..].into()) };
            prop_assert_eq!(answer, Answer::Blob(expected), "{}", name);
        }
    }
}
