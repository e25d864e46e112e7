//! Counts that would take a walk over all records: how many a collection shows, and which are in conflict.

use std::collections::BTreeSet;

use litemap::LiteMap;

use crate::codec::{DecodeError, Reader, Writer};
use crate::key::{MAXIMUM_KEY_BYTES, RecordKey};
use crate::record::Record;

/// What is to be known at once about all records together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    shown: LiteMap<Box<str>, usize>,
    conflicted: BTreeSet<RecordKey>,
}

/// What counts of a record that is about to change.
#[derive(Clone, Copy, Default)]
pub(crate) struct Before {
    is_shown: bool,
    has_siblings: bool,
}

impl From<&Record> for Before {
    fn from(record: &Record) -> Self {
        Self { is_shown: !record.is_deleted(), has_siblings: record.versions().len() > 1 }
    }
}

impl Tally {
    /// A record has changed.
    pub(crate) fn note(&mut self, key: &RecordKey, before: Before, after: &Record) {
        let is_shown = !after.is_deleted();
        if before.is_shown != is_shown {
            match self.shown.get_mut(key.collection()) {
                Some(shown) => *shown = if is_shown { *shown + 1 } else { shown.saturating_sub(1) },
                None => drop(self.shown.insert(key.collection().into(), is_shown.into())),
            }
        }
        if is_conflicted(after) {
            self.conflicted.insert(key.clone());
        } else if before.has_siblings {
            self.conflicted.remove(key);
        }
    }

    /// As a checkpoint keeps it.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let shown = || self.shown.iter().filter(|(_, count)| **count > 0);
        writer.size(shown().count());
        for (collection, count) in shown() {
            writer.bytes(collection.as_bytes());
            writer.size(*count);
        }
        writer.size(self.conflicted.len());
        self.conflicted.iter().for_each(|key| writer.bytes(key.as_str().as_bytes()));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut tally = Self::default();
        for _ in 0..reader.count()? {
            let collection: Box<str> = reader.text(MAXIMUM_KEY_BYTES, "a collection")?.into();
            let count = reader.number_up_to(u32::MAX.into(), "a count")?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            if count == 0 || tally.shown.last().is_some_and(|(last, _)| *last >= collection) {
                return Err(DecodeError::NotCanonical("what is shown"));
            }
            tally.shown.insert(collection, count);
        }
        for _ in 0..reader.count()? {
            let key = reader.text(MAXIMUM_KEY_BYTES, "a key")?;
            let key: RecordKey = key.parse().map_err(|_| DecodeError::Invalid("a key"))?;
            if tally.conflicted.last().is_some_and(|last| *last >= key) {
                return Err(DecodeError::NotCanonical("the conflicts"));
            }
            tally.conflicted.insert(key);
        }
        Ok(tally)
    }

    /// How many records of a collection are shown.
    pub(crate) fn shown(&self, collection: &str) -> usize {
        self.shown.get(collection).copied().unwrap_or(0)
    }

    /// The records in conflict, in the order of keys.
    pub(crate) fn conflicted(&self) -> &BTreeSet<RecordKey> {
        &self.conflicted
    }
}

/// True when a person has to choose: more than one content stands.
pub(crate) fn is_conflicted(record: &Record) -> bool {
    let mut contents = record.versions().iter().map(|version| &version.content);
    contents.next().is_some_and(|first| contents.any(|content| content != first))
}
