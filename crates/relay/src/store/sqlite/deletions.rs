//! The rows of deleted records: which they are, and how they are forgotten.

use eyot_core::VersionVector;
use rusqlite::Connection;

use super::databases::raise_floor;
use super::{forgotten, rows};
use crate::store::{Database, StoreError, deleted_ms};

/// How many are forgotten in one transaction at most: others that want to write do not wait for longer.
pub(super) const BATCH_ROWS: u64 = 1_000;

/// True when there is a deletion from before that time.
pub(super) fn is_any_before(
    connection: &Connection,
    database: &Database,
    before_ms: u64,
) -> Result<bool, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT 1 FROM records WHERE database = ? AND deleted_ms < ? LIMIT 1")?;
    Ok(query.exists((database.id, rows::from_counter(before_ms)))?)
}

/// Forgets deletions from before that time, not more than a batch, and raises the floor to the highest of their
/// positions. Says how many there were.
pub(super) fn forget_some(
    transaction: &Connection,
    database: &Database,
    before_ms: u64,
) -> Result<u64, StoreError> {
    let mut removal = transaction.prepare_cached(
        "DELETE FROM records WHERE rowid IN
            (SELECT rowid FROM records WHERE database = ? AND deleted_ms < ? ORDER BY deleted_ms LIMIT ?)
         RETURNING seq, state",
    )?;
    let bounds = (database.id, rows::from_counter(before_ms), rows::from_counter(BATCH_ROWS));
    let mut removed = removal.query(bounds)?;
    let (mut count, mut highest, mut writes) = (0, None, VersionVector::new());
    while let Some(row) = removed.next()? {
        count += 1;
        highest = highest.max(Some(rows::seq(row, 0)?));
        writes.join(rows::record(row, 1)?.context());
    }
    if let Some(floor) = highest {
        raise_floor(transaction, database, floor)?;
        forgotten::add(transaction, database, &writes)?;
    }
    Ok(count)
}

/// Marks the records of all databases that are nothing but deleted, as stored at that time. For a file that does not know
/// them yet.
pub(super) fn mark_all(transaction: &Connection, now_ms: u64) -> Result<(), StoreError> {
    let mut query = transaction.prepare("SELECT rowid, state FROM records")?;
    let mut found = query.query(())?;
    let mut deleted = Vec::new();
    while let Some(row) = found.next()? {
        if let Some(time_ms) = deleted_ms(&rows::record(row, 1)?, now_ms) {
            deleted.push((row.get::<_, i64>(0)?, time_ms));
        }
    }
    let mut update = transaction.prepare("UPDATE records SET deleted_ms = ? WHERE rowid = ?")?;
    for (row, time_ms) in deleted {
        update.execute((rows::from_counter(time_ms), row))?;
    }
    Ok(())
}
