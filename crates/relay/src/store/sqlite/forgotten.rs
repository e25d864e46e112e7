//! The rows of what is forgotten: for every writer of a forgotten record how far its writes may have left no trace.

use eyot_core::{Dot, VersionVector};
use rusqlite::Connection;

use super::rows;
use crate::store::{Database, StoreError};

/// The writes whose traces may be gone.
pub(super) fn vector(connection: &Connection, database: &Database) -> Result<VersionVector, StoreError> {
    let mut query = connection.prepare_cached("SELECT replica, counter FROM forgotten WHERE database = ?")?;
    let mut found = query.query([database.id])?;
    let mut dots = Vec::new();
    while let Some(row) = found.next()? {
        dots.push(Dot::new(rows::replica(row, 0)?, rows::counter(row, 1)?));
    }
    Ok(dots.into_iter().collect())
}

/// Adds to them.
pub(super) fn add(
    transaction: &Connection,
    database: &Database,
    writes: &VersionVector,
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO forgotten (database, replica, counter) VALUES (?1, ?2, ?3)
         ON CONFLICT (database, replica) DO UPDATE SET counter = max(counter, ?3)",
    )?;
    for dot in writes.iter() {
        insert.execute((database.id, dot.replica.to_bytes(), rows::from_counter(dot.counter)))?;
    }
    Ok(())
}
