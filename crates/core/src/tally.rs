//! Counts that would take a walk over all records: how many a collection shows, and which are in conflict.

use std::collections::BTreeSet;

use litemap::LiteMap;

use crate::key::RecordKey;
use crate::record::Record;

/// What is to be known at once about all records together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    shown: LiteMap<Box<str>, usize>,
    conflicted: BTreeSet<RecordKey>,
}

impl Tally {
    /// A record has changed.
    pub(crate) fn note(&mut self, key: &RecordKey, before: Option<&Record>, after: &Record) {
        let was_shown = before.is_some_and(|record| !record.is_deleted());
        let is_shown = !after.is_deleted();
        if was_shown != is_shown {
            match self.shown.get_mut(key.collection()) {
                Some(shown) => *shown = if is_shown { *shown + 1 } else { shown.saturating_sub(1) },
                None => drop(self.shown.insert(key.collection().into(), is_shown.into())),
            }
        }
        if is_conflicted(after) {
            self.conflicted.insert(key.clone());
        } else if before.is_some_and(|record| record.versions().len() > 1) {
            self.conflicted.remove(key);
        }
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
