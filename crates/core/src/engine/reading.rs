//! What an application reads: the records as this tab shows them, pending writes included.
//!
//! Law: a read changes nothing. Knows nothing of how records get here ([`Engine::is_here`]).

use std::collections::BTreeSet;
use std::ops::Bound;

use super::Engine;
use crate::checkpoint::Placed;
use crate::context::Context;
use crate::key::RecordKey;
use crate::record::Record;
use crate::tally::is_conflicted;

/// A record as this tab shows it.
#[derive(Debug)]
pub struct Shown<'a> {
    /// With what is pending; deleted ones too.
    pub record: &'a Record,
    /// What somebody has seen who reads it now.
    pub context: Context,
    /// No peer is known to have it as it is shown.
    pub is_unsent: bool,
}

/// What comes of reading a record.
#[derive(Debug)]
pub enum Reading<'a> {
    /// It is not in memory: [`super::EngineInput::Fetch`] it.
    Away,
    /// There is none, and never was one that is remembered.
    Absent,
    /// It is there.
    Shown(Shown<'a>),
}

impl Engine {
    /// Reads a record, by `collection/id`. Everything about it is looked up at once: applications do hardly anything more often.
    pub fn read(&self, key: &str) -> Reading<'_> {
        let Some(placed) = self.replica.records.find(key) else { return Reading::Away };
        if self.is_held_back(key) {
            return Reading::Away;
        }
        self.shown(key, placed).map_or(Reading::Absent, Reading::Shown)
    }

    /// A record as this tab shows it, pending writes included; by `collection/id`, deleted ones too.
    pub fn record(&self, key: &str) -> Option<&Record> {
        self.pending.record(key).or_else(|| self.seen().get(key))
    }

    /// What somebody has seen who reads this record now.
    pub fn context_of(&self, key: &str) -> Context {
        self.mark(self.pending.context_of(key, self.seen()))
    }

    /// True while no peer is known to have the record as it is shown here.
    pub fn is_unsent(&self, key: &str) -> bool {
        self.pending.record(key).is_some() || self.replica.is_unsent(key)
    }

    /// The records of a collection in the order of ids, those after an id if one is given; deleted ones too. It ends before
    /// the first that is not here ([`Engine::is_here`]).
    pub fn collection<'a>(
        &'a self,
        collection: &'a str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a RecordKey, Shown<'a>)> + use<'a> {
        let start = format!("{collection}/{}", after.unwrap_or(""));
        // Records that are only pending are woven in by key.
        let (replica, pending) = (&self.replica, &self.pending);
        let end = replica.records.end_of_here(&start);
        let is_new = move |key: &&RecordKey| replica.get(key.as_str()).is_none();
        let mut fresh = pending.keys_after(&start).filter(is_new).peekable();
        let mut stored = replica.records.range_after(Bound::Excluded(start.as_str())).peekable();
        let next = move || match (fresh.peek(), stored.peek()) {
            (Some(new), Some((old, _))) if *new < *old => fresh.next().map(|key| (key, None)),
            (Some(_), None) => fresh.next().map(|key| (key, None)),
            _ => stored.next().map(|(key, placed)| (key, Some(placed))),
        };
        std::iter::from_fn(next)
            .take_while(move |(key, _)| {
                key.collection() == collection && end.is_none_or(|end| key.as_str() < end)
            })
            .filter_map(|(key, placed)| self.shown(key.as_str(), placed).map(|shown| (key, shown)))
    }

    /// How many records of a collection are shown.
    pub fn count(&self, collection: &str) -> usize {
        let mut count = self.seen().tally().shown(collection);
        for key in self.pending.keys_after(&format!("{collection}/")) {
            if key.collection() != collection {
                break;
            }
            let shown = |record: Option<&Record>| record.is_some_and(|record| !record.is_deleted());
            let (before, after) = (shown(self.seen().get(key.as_str())), shown(self.record(key.as_str())));
            count = (count + usize::from(after)).saturating_sub(before.into());
        }
        count
    }

    /// The records in conflict, in the order of keys.
    pub fn conflicts(&self) -> BTreeSet<RecordKey> {
        let mut conflicts = self.seen().tally().conflicted().clone();
        for key in self.pending.keys_after("") {
            if self.record(key.as_str()).is_some_and(is_conflicted) {
                conflicts.insert(key.clone());
            } else {
                conflicts.remove(key);
            }
        }
        conflicts
    }

    // A record as it is committed, if it is, with what is pending on top of it.
    fn shown<'a>(&'a self, key: &str, placed: Option<&'a Placed>) -> Option<Shown<'a>> {
        if let Some(record) = self.pending.record(key) {
            return Some(Shown { record, context: self.context_of(key), is_unsent: true });
        }
        let placed = placed?;
        let record = self.seen().before(key, placed)?;
        let context = self.mark(self.pending.committed_context(record));
        Some(Shown { record, context, is_unsent: placed.standing().is_unsent(self.replica.peers()) })
    }
}
