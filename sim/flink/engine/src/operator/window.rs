//! Windows of a fixed size, tumbling or sliding: what falls into one is folded by key, and given out when the watermark
//! reaches its last millisecond. Never a session.

use std::fmt::Debug;
use std::marker::PhantomData;

use flink_words::flow::Record;
use outside_words::data::{EventTime, Field};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::collector::Collector;
use super::keyed::Keyed;
use super::stage::Logic;
use crate::job::{KeyBy, Window};

/// What becomes of the records of a window.
pub(super) trait Fold: Clone + Debug + Default + Serialize + DeserializeOwned {
    /// Takes a record.
    fn add(&mut self, record: &Record);
    /// The window is over.
    fn close(self, key: &Field, window: Window, end: EventTime, out: &mut Collector);
}

/// Windows, each folded by itself.
#[derive(Clone, Debug)]
pub(super) struct Windowed<F> {
    by: KeyBy,
    window: Window,
    fold: PhantomData<F>,
}

impl<F> Windowed<F> {
    pub fn new(by: KeyBy, window: Window) -> Windowed<F> {
        Windowed { by, window, fold: PhantomData }
    }
}

impl<F: Fold> Logic for Windowed<F> {
    type Value = F;

    fn on_record(&mut self, _input: usize, record: &Record, watermark: EventTime, keyed: &mut Keyed<F>, out: &mut Collector) {
        let key = self.by.field(record);
        for end in self.window.ends(record.at) {
            if end - 1 <= watermark {
                out.late.push((end - 1, watermark));
                continue;
            }
            keyed.entry_until(&key, end, end - 1).add(record);
        }
    }

    fn on_timer(&mut self, _at: EventTime, key: &Field, end: i64, keyed: &mut Keyed<F>, out: &mut Collector) {
        let fold = keyed.take(key, end).expect("a window has a timer only while it has records");
        fold.close(key, self.window, end, out);
    }
}
