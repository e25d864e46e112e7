//! A veil over records that something has changed which is not to be seen yet: they are seen as they were.

use std::collections::BTreeMap;

use crate::checkpoint::Placed;
use crate::id::Seq;
use crate::key::RecordKey;
use crate::record::Record;

/// What stands after a position, as it was before.
#[derive(Debug)]
pub(crate) struct Veil {
    since: Seq,
    // What is not here was not there.
    before: BTreeMap<RecordKey, Record>,
}

impl Veil {
    /// Over all that changes after that position.
    pub(crate) fn new(since: Seq) -> Self {
        Self { since, before: BTreeMap::new() }
    }

    /// A record is about to change.
    pub(crate) fn keep(&mut self, key: &RecordKey, placed: &Placed) {
        if placed.seq <= self.since {
            self.before.insert(key.clone(), placed.record.clone());
        }
    }

    /// The record as it may be seen, if there is one to be seen.
    pub(crate) fn seen<'a>(&'a self, key: &str, placed: &'a Placed) -> Option<&'a Record> {
        if placed.seq <= self.since { Some(&placed.record) } else { self.before.get(key) }
    }
}
