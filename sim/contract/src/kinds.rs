//! The names by which faults can speak of a system: kinds of messages and files, words of orders. A plan that names
//! another is refused before it runs.

use std::fmt;

/// What a system's messages, files and orders are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// What [`Message::kind`](crate::process::Message::kind) may say.
    pub messages: Vec<&'static str>,
    /// Kinds of files (what stands before the first `.` of a name) that are appended to or replaced.
    pub written: Vec<&'static str>,
    /// Kinds of files that are synced.
    pub synced: Vec<&'static str>,
    /// Orders that its processes heed.
    pub orders: Vec<OrderKind>,
}

/// An order that a process heeds: a word, and perhaps a whole number behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderKind {
    /// The word.
    pub word: &'static str,
    /// What may follow it.
    pub number: Number,
}

/// Whether an order's word is followed by a number, and what the number means (`ms`, `count`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// It is not.
    Never,
    /// It may be.
    Optional(&'static str),
    /// It must be.
    Required(&'static str),
}

impl OrderKind {
    /// Whether an order of a plan is this one.
    pub fn is(&self, order: &str) -> bool {
        match order.split_once(' ') {
            None => order == self.word && !matches!(self.number, Number::Required(_)),
            Some((word, number)) => word == self.word && self.number != Number::Never && number.trim().parse::<i64>().is_ok(),
        }
    }
}

/// The word, and what may follow it: `slow <ms>`, `expire-session [session]`.
impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Number::Never => f.write_str(self.word),
            Number::Optional(number) => write!(f, "{} [{number}]", self.word),
            Number::Required(number) => write!(f, "{} <{number}>", self.word),
        }
    }
}

impl Kinds {
    /// The kinds of this system and of another that it contains.
    #[must_use]
    pub fn and(mut self, other: Kinds) -> Kinds {
        self.messages.extend(other.messages);
        self.written.extend(other.written);
        self.synced.extend(other.synced);
        self.orders.extend(other.orders);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_word_or_a_word_and_a_number() {
        let expire = OrderKind { word: "expire-session", number: Number::Optional("session") };
        let slow = OrderKind { word: "slow", number: Number::Required("ms") };
        let check = OrderKind { word: "check-containers", number: Number::Never };
        let is = |order: &str, kinds: [bool; 3]| assert_eq!([expire.is(order), slow.is(order), check.is(order)], kinds, "{order}");
        is("expire-session", [true, false, false]);
        is("expire-session 72057594037927936", [true, false, false]);
        is("slow 400", [false, true, false]);
        is("check-containers", [false, false, true]);
        is("slow", [false; 3]);
        is("slow soon", [false; 3]);
        is("check-containers 1", [false; 3]);
        is("expire-sesion", [false; 3]);
        assert_eq!([expire, slow, check].map(|kind| kind.to_string()), ["expire-session [session]", "slow <ms>", "check-containers"]);
    }
}
