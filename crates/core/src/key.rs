//! The key of a record: its collection and its id within it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::id::{TextError, is_name};

/// The longest id of a record, in bytes of UTF-8.
pub const MAXIMUM_ID_BYTES: usize = 512;

/// The longest key of a record, in bytes of UTF-8: collection, slash, id.
pub const MAXIMUM_KEY_BYTES: usize = 64 + 1 + MAXIMUM_ID_BYTES;

/// Names one record of a database: `collection/id`. The collection is 1 to 64 of `a-z0-9-_`; the id is anything that is
/// not empty and at most [`MAXIMUM_ID_BYTES`] long. Keys of one collection stand together in the order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(Arc<str>);

impl RecordKey {
    /// The key of that id in that collection.
    pub fn new(collection: &str, id: &str) -> Result<Self, TextError> {
        let mut text = String::with_capacity(collection.len() + 1 + id.len());
        [collection, "/", id].into_iter().for_each(|part| text.push_str(part));
        text.parse()
    }

    /// The key as text, `collection/id`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The collection.
    pub fn collection(&self) -> &str {
        self.0.split_once('/').map_or("", |(collection, _)| collection)
    }

    /// The id within the collection.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Lets a map be searched with a borrowed text, without building a key.
impl std::borrow::Borrow<str> for RecordKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for RecordKey {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        // By bytes: every record that is read comes through here, and what is split off is short.
        let slash = text.bytes().position(|byte| byte == b'/').ok_or(TextError::Key)?;
        let (collection, id) = text.split_at(slash);
        match (2..=MAXIMUM_ID_BYTES + 1).contains(&id.len()) && is_name(collection) {
            true => Ok(Self(text.into())),
            false => Err(TextError::Key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_split_at_its_first_slash() {
        let key = RecordKey::new("notes", "a/b").unwrap();
        assert_eq!((key.collection(), key.id(), key.as_str()), ("notes", "a/b", "notes/a/b"));
    }

    #[test]
    fn a_key_needs_a_plain_collection_and_a_short_id() {
        for bad in ["", "notes", "notes/", "/n1", "No/n1", &format!("n/{}", "x".repeat(513))] {
            assert_eq!(bad.parse::<RecordKey>(), Err(TextError::Key), "{bad}");
        }
    }
}
