//! Forgetting deletions, and how what is forgotten stays gone.
//!
//! A replica's clock accounts for every write that it has ever taken in. So a version that the clock covers and that does
//! not stand here was replaced or deleted here, also when nothing else remembers that. Law: a deleted record does not come
//! back, however long a replica was away and whatever was forgotten meanwhile.

use crate::dot::Dot;
use crate::id::{LogEpoch, Seq};
use crate::key::RecordKey;
use crate::record::Record;
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
        let old = move |record: &Record| record.largest_time().is_none_or(|time| time.ms < before_ms);
        self.log_up_to(up_to)
            .filter(move |(_, _, record)| record.is_deleted() && old(record))
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
            let stands = |dot: Dot| self.get(key.as_str()).is_some_and(|record| record.has(dot));
            let kept = incoming.retaining(|version| !self.clock().covers(version.dot) || stands(version.dot));
            let cut = kept.versions().len() < incoming.versions().len();
            // Of a record that is gone here, nothing is taken up again.
            if kept.versions().is_empty() && cut && self.get(key.as_str()).is_none() {
                continue;
            }
            if self.merge_one(&key, kept, origin.filter(|_| !cut)) {
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
            let kept = record.retaining(|version| !clock.covers(version.dot));
            if kept.versions().len() < record.versions().len() {
                let origin = origin.filter(|_| kept.versions().is_empty());
                self.place(&key, kept, origin);
                changed.push(key);
            }
        }
        changed
    }
}
