//! Forgetting deletions, and how what is forgotten stays gone.
//!
//! A replica's clock accounts for every write that it has ever taken in. So a version that the clock covers and that does
//! not stand here was replaced or deleted here, also when nothing else remembers that. Law: a deleted record does not come
//! back, however long a replica was away and whatever was forgotten meanwhile.

use crate::dot::Dot;
use crate::id::{LogEpoch, Seq};
use crate::key::RecordKey;
use crate::record::{Merged, Record, merge_incoming};
use crate::replica::Replica;
use crate::segment::Entries;
use crate::vector::VersionVector;

impl Replica {
    /// The deletions that may be forgotten: known to a peer, if there is one, and older than that time.
    pub fn forgettable(&self, before_ms: u64) -> Option<Seq> {
        let up_to = if self.peers().is_empty() { self.head() } else { self.peers().saved() };
        self.deletions(up_to, before_ms).last().map(|(seq, _)| seq)
    }

    fn deletions(&self, up_to: Seq, before_ms: u64) -> impl Iterator<Item = (Seq, RecordKey)> + '_ {
        let old = move |record: &Record| deleted_at_ms(record).is_some_and(|time_ms| time_ms < before_ms);
        self.log_up_to(up_to)
            .filter(move |(_, _, record)| old(record))
            .map(|(seq, key, _)| (seq, key.clone()))
    }

    pub(crate) fn forget(&mut self, up_to: Seq, before_ms: u64) {
        let gone: Vec<(Seq, RecordKey)> = self.deletions(up_to, before_ms).collect();
        gone.into_iter().for_each(|(seq, key)| self.remove(seq, &key));
    }

    /// Merges records from elsewhere. Where deletions were forgotten, the clock tells what was deleted.
    pub(crate) fn merge_foreign(&mut self, entries: Entries, origin: Option<LogEpoch>) -> Vec<RecordKey> {
        if self.floor() == Seq::ZERO {
            return self.merge_all(entries, origin);
        }
        let mut changed = Vec::with_capacity(entries.len());
        for (key, incoming) in entries {
            let existing = self.get(key.as_str());
            let merged = merge_after_forgetting(existing, incoming, |dot| self.clock().covers(dot));
            if self.place_merged(&key, merged, origin) {
                changed.push(key);
            }
        }
        changed
    }

    /// A peer has not got these records: what its clock covers of them was deleted there.
    pub(crate) fn drop_absent(
        &mut self,
        keys: Vec<RecordKey>,
        clock: &VersionVector,
        origin: Option<LogEpoch>,
    ) -> Vec<RecordKey> {
        let mut changed = Vec::new();
        for key in keys {
            let Some(record) = self.get(key.as_str()) else { continue };
            let merged = drop_covered(record, clock);
            if self.place_merged(&key, merged, origin) {
                changed.push(key);
            }
        }
        changed
    }
}

/// The latest time that a record which is nothing but deleted claims, in milliseconds since 1970; none for any other. A
/// record that only its context is left of claims no time: 0.
pub fn deleted_at_ms(record: &Record) -> Option<u64> {
    record.is_deleted().then(|| record.largest_time().map_or(0, |time| time.ms))
}

/// Takes in another replica's state of a record where deletions were forgotten. `covers` is this replica's clock as it was
/// before the delta that the state came with.
///
/// Law: a version that the clock covers and that does not stand here is not taken up again, and of a record that is gone
/// nothing is.
pub fn merge_after_forgetting(
    existing: Option<&Record>,
    incoming: Record,
    covers: impl Fn(Dot) -> bool,
) -> Merged {
    let stands = |dot: Dot| existing.is_some_and(|record| record.has(dot));
    let kept = incoming.retaining(|version| !covers(version.dot) || stands(version.dot));
    let cut = kept.versions().len() < incoming.versions().len();
    if cut && kept.versions().is_empty() && existing.is_none() {
        return Merged::Unchanged;
    }
    match merge_incoming(existing, kept) {
        // Whoever sent it has more of it, and is to hear that this is gone.
        Merged::AsSent(record) if cut => Merged::Mixed(record),
        merged => merged,
    }
}

/// A record that a peer has not got: what the peer's whole clock covers of it was deleted there, and is dropped.
pub fn drop_covered(record: &Record, clock: &VersionVector) -> Merged {
    let kept = record.retaining(|version| !clock.covers(version.dot));
    if kept.versions().len() == record.versions().len() {
        Merged::Unchanged
    } else if kept.versions().is_empty() {
        Merged::AsSent(kept)
    } else {
        Merged::Mixed(kept)
    }
}
