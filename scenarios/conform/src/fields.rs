//! The fields of a recorded line, or of an operation within it: each is read as what it must be, or is an error with
//! its place. Never a guess at a field that is missing.

use std::sync::Arc;

use serde_json::Value;
use zookeeper_words::service::{Acl, Acls, Path, Perms};

use crate::error::{ConformError, Place};

/// An object of a recording, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'v> {
    pub place: Place<'v>,
    pub value: &'v Value,
}

impl<'v> Fields<'v> {
    /// What is wrong, with the place and the object.
    pub fn error(self, what: impl std::fmt::Display) -> ConformError {
        self.place.error(format!("{what} in {}", self.value))
    }

    /// An object within this one.
    pub fn within(self, value: &'v Value) -> Fields<'v> {
        Fields { value, ..self }
    }

    /// The objects of a list.
    pub fn list(self, field: &str) -> Result<impl Iterator<Item = Fields<'v>>, ConformError> {
        let list = self.value[field].as_array().ok_or_else(|| self.error(format_args!("{field} is no list")))?;
        Ok(list.iter().map(move |value| self.within(value)))
    }

    pub fn text(self, field: &str) -> Result<&'v str, ConformError> {
        self.value[field].as_str().ok_or_else(|| self.error(format_args!("{field} is no text")))
    }

    pub fn number<N: TryFrom<i64>>(self, field: &str) -> Result<N, ConformError> {
        let number = self.value[field].as_i64().and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| self.error(format_args!("{field} is no number of its kind")))
    }

    pub fn truth(self, field: &str) -> Result<bool, ConformError> {
        self.value[field].as_bool().ok_or_else(|| self.error(format_args!("{field} is neither true nor false")))
    }

    /// A number written as 0x….
    pub fn hex_number(self, field: &str) -> Result<u64, ConformError> {
        let digits = self.text(field)?.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        digits.ok_or_else(|| self.error(format_args!("{field} is no 0x…")))
    }

    /// Bytes written as hex digits.
    pub fn hex_bytes(self, field: &str) -> Result<Arc<[u8]>, ConformError> {
        let hex = self.text(field)?;
        let byte = |at: usize| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        (0..hex.len()).step_by(2).map(byte).collect::<Option<_>>().ok_or_else(|| self.error(format_args!("{field} is no hex")))
    }

    pub fn path(self) -> Result<Path, ConformError> {
        Ok(self.text("path")?.into())
    }

    pub fn acl(self) -> Result<Acls, ConformError> {
        let entry = |entry: &Value| Some(Acl::new(Perms(i32::try_from(entry[0].as_i64()?).ok()?), entry[1].as_str()?, entry[2].as_str()?));
        let list = self.value["acl"].as_array().and_then(|list| list.iter().map(entry).collect());
        list.ok_or_else(|| self.error("the acl is no list of perms, scheme and id"))
    }

    /// One of a few, by its number on the wire; the first one's is `first`.
    pub fn one_of<T: Copy>(self, field: &str, all: &[T], first: usize) -> Result<T, ConformError> {
        let number: usize = self.number(field)?;
        let known = number.checked_sub(first).and_then(|place| all.get(place)).copied();
        known.ok_or_else(|| self.error(format_args!("there is no {field} {number}")))
    }
}
