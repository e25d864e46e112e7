//! Applying a delta: everything that it changes, in one transaction.

use std::collections::BTreeMap;

use eyot_core::message::DeltaClock;
use eyot_core::{
    ChainEnd, Dot, LogEpoch, Merged, Record, RecordKey, ReplicaId, Seq, Told, Untold, VersionVector,
    advance_digest, drop_untold, has_heard_since,
};
use rusqlite::Connection;

use super::databases::{LogEnd, log_end, set_log_end};
use super::{forgotten, peers, rows};
use crate::limits::Limits;
use crate::store::{Applied, Change, Database, Delta, StoreError, merge_within};

/// Merges the delta with what is here. Says where the log ends then, and whether it has grown.
pub(super) fn apply(
    transaction: &Connection,
    database: &Database,
    delta: Delta,
    limits: &Limits,
) -> Result<(Applied, bool), StoreError> {
    let before = log_end(transaction, database)?;
    let (peer, cursor, link) = (delta.last.peer, delta.cursor(), delta.clock.link);
    let (origin, known) = (cursor.epoch, BTreeMap::new());
    let now = peers::seen(transaction, database, peer, cursor.epoch)?;
    if delta.judged.is_overtaken(now, delta.told()) {
        return Err(StoreError::Overtaken(now));
    }
    let clock = &delta.clock;
    let told = Told::new(clock.searched);
    let mut target = Target { transaction, database, origin, end: before, clock, known, told, limits };
    target.demand_nothing_heard(&delta.asked)?;
    if delta.chunks > 0 {
        // One at a time: a first synchronisation can stage far more than fits into memory many times over.
        for ordinal in peers::staged_ordinals(transaction, database, &delta.last, delta.chunks)? {
            target.merge_all(peers::staged_entries(transaction, database, peer, ordinal)?)?;
        }
    }
    target.merge_all(delta.last.entries)?;
    let dropped = target.drop_untold()?;
    target.join_clock(before.head)?;
    target.inherit(dropped)?;
    let end = target.end;
    peers::move_cursor(transaction, database, peer, (cursor, link))?;
    peers::drop_staged(transaction, database, peer)?;
    if end != before {
        set_log_end(transaction, database, end)?;
    }
    let applied = Applied { head: end.head, floor_before: before.floor, floor: end.floor };
    Ok((applied, end.head > before.head))
}

// What is written to, and where its log ends by now.
struct Target<'a> {
    transaction: &'a Connection,
    database: &'a Database,
    origin: LogEpoch,
    end: LogEnd,
    // What the delta says of the peer's clock.
    clock: &'a DeltaClock,
    // This replica's clock as it was before the delta, as far as it was needed.
    known: BTreeMap<ReplicaId, ChainEnd>,
    told: Told,
    limits: &'a Limits,
}

impl Target<'_> {
    fn merge_all(&mut self, entries: Vec<(RecordKey, Record)>) -> Result<(), StoreError> {
        self.told.note(&entries);
        entries.into_iter().try_for_each(|(key, record)| self.merge(&key, record))
    }

    fn merge(&mut self, key: &RecordKey, incoming: Record) -> Result<(), StoreError> {
        self.demand_accounts_for(incoming.context())?;
        let existing = self.find_record(key)?;
        let forgotten = if self.end.floor > Seq::ZERO { Some(self.clock_before(&incoming)?) } else { None };
        match merge_within(existing.as_ref(), incoming, forgotten.as_ref(), self.limits)? {
            Some(change) => self.put_record(key, &change),
            None => Ok(()),
        }
    }

    // What was taken in since the delta was asked for was not compared.
    fn demand_nothing_heard(&mut self, asked: &VersionVector) -> Result<(), StoreError> {
        let mut known = VersionVector::new();
        for dot in self.clock.forgotten.iter() {
            let counter = self.end_of(dot.replica)?.counter;
            known.include(Dot::new(dot.replica, counter));
        }
        match has_heard_since(&self.clock.forgotten, asked, |replica| known.get(replica)) {
            true => Err(StoreError::HeardMeanwhile),
            false => Ok(()),
        }
    }

    // What a record has seen must be accounted for when it becomes visible: otherwise the clock would claim too little.
    fn demand_accounts_for(&mut self, context: &VersionVector) -> Result<(), StoreError> {
        for dot in context.iter().filter(|dot| !self.clock.changed.covers(*dot)).collect::<Vec<_>>() {
            if self.end_of(dot.replica)?.counter < dot.counter {
                return Err(StoreError::Unaccounted);
            }
        }
        Ok(())
    }

    // The clock from before the delta, of those who have written what stands in the record.
    fn clock_before(&mut self, record: &Record) -> Result<VersionVector, StoreError> {
        let mut clock = VersionVector::new();
        for version in record.versions() {
            let counter = self.end_of(version.dot.replica)?.counter;
            if counter > 0 {
                clock.include(Dot::new(version.dot.replica, counter));
            }
        }
        Ok(clock)
    }

    // Drops of the records that were told after a search what the peer has not got any more. True when there was any.
    fn drop_untold(&mut self) -> Result<bool, StoreError> {
        let mut dropped = VersionVector::new();
        for (key, dots) in std::mem::take(&mut self.told).into_records() {
            let Some(record) = self.find_record(&key)? else { continue };
            match drop_untold(&record, &dots, &self.clock.changed) {
                Untold::Nothing => {}
                Untold::Some(writes, kept) => {
                    dropped.join(&writes);
                    if let Some(change) = Change::of(Merged::Mixed(kept)) {
                        self.put_record(&key, &change)?;
                    }
                }
                Untold::All(writes) => {
                    dropped.join(&writes);
                    self.transaction
                        .prepare_cached("DELETE FROM records WHERE database = ? AND key = ?")?
                        .execute((self.database.id, key.as_str()))?;
                }
            }
        }
        forgotten::add(self.transaction, self.database, &dropped)?;
        Ok(!dropped.is_empty())
    }

    // From here on the log does not tell of all deletions.
    fn inherit(&mut self, dropped: bool) -> Result<(), StoreError> {
        let (mut writes, mut is_news) = (VersionVector::new(), dropped);
        for dot in self.clock.forgotten.iter() {
            let before = self.end_of(dot.replica)?.counter;
            let known = before.max(self.clock.changed.get(dot.replica));
            let counter = dot.counter.min(known);
            is_news |= counter > before;
            writes.include(Dot::new(dot.replica, counter));
        }
        if is_news {
            forgotten::add(self.transaction, self.database, &writes)?;
            self.end.floor = self.end.head;
        }
        Ok(())
    }

    fn find_record(&self, key: &RecordKey) -> Result<Option<Record>, StoreError> {
        let mut query =
            self.transaction.prepare_cached("SELECT state FROM records WHERE database = ? AND key = ?")?;
        let mut found = query.query((self.database.id, key.as_str()))?;
        found.next()?.map(|row| rows::record(row, 0)).transpose()
    }

    // At the next position of the log.
    fn put_record(&mut self, key: &RecordKey, change: &Change) -> Result<(), StoreError> {
        self.end.head = self.end.head.next();
        self.transaction
            .prepare_cached(
                "INSERT INTO records (database, key, seq, origin, state, deleted_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (database, key)
                 DO UPDATE SET seq = ?3, origin = ?4, state = ?5, deleted_ms = ?6",
            )?
            .execute((
                self.database.id,
                key.as_str(),
                rows::from_seq(self.end.head),
                change.as_sent.then(|| rows::from_epoch(self.origin)),
                &change.state,
                change.deleted_ms.map(rows::from_counter),
            ))?;
        Ok(())
    }

    // The entries that change get the position at which the delta ends. A clock that changes without any record moves
    // the log on by one, so that those who listen hear of it.
    fn join_clock(&mut self, before: Seq) -> Result<(), StoreError> {
        let mut changed = Vec::new();
        for (dot, link) in self.clock.changed.entries() {
            let (known, end) = (self.end_of(dot.replica)?, ChainEnd { counter: dot.counter, link });
            // Of two links at one counter the greater one stays, everywhere.
            if (end.counter, end.link) > (known.counter, known.link) {
                self.end.digest = advance_digest(self.end.digest, dot.replica, known, end);
                changed.push((dot.replica, end));
            }
        }
        if !changed.is_empty() && self.end.head == before {
            self.end.head = self.end.head.next();
        }
        changed.into_iter().try_for_each(|(replica, end)| self.put_clock_entry(replica, end))
    }

    // As it was before the delta.
    fn end_of(&mut self, replica: ReplicaId) -> Result<ChainEnd, StoreError> {
        if let Some(end) = self.known.get(&replica) {
            return Ok(*end);
        }
        let end = peers::chain_end(self.transaction, self.database, replica)?;
        self.known.insert(replica, end);
        Ok(end)
    }

    fn put_clock_entry(&self, replica: ReplicaId, end: ChainEnd) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(
                "INSERT INTO clock (database, replica, counter, seq, origin, link) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (database, replica) DO UPDATE SET counter = ?3, seq = ?4, origin = ?5, link = ?6",
            )?
            .execute((
                self.database.id,
                replica.to_bytes(),
                rows::from_counter(end.counter),
                rows::from_seq(self.end.head),
                rows::from_epoch(self.origin),
                end.link,
            ))?;
        Ok(())
    }
}
