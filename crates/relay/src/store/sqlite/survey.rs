//! The survey: the fingerprints of all records of a database that are not deleted, as of one moment.

use eyot_core::reconcile::{FingerprintKey, Snapshot};
use rusqlite::Connection;

use super::databases::log_end;
use super::rows;
use crate::store::{Database, StoreError, Survey};

/// Takes the fingerprints. Must run within one transaction.
pub(super) fn survey(
    connection: &Connection,
    database: &Database,
    key: FingerprintKey,
) -> Result<Survey, StoreError> {
    let head = log_end(connection, database)?.head;
    // SQLite orders texts by their bytes, as the core does.
    let mut query = connection.prepare_cached(
        "SELECT key, state FROM records WHERE database = ? AND deleted_ms IS NULL ORDER BY key",
    )?;
    let mut found = query.query([database.id])?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        let name = rows::text(row, 0)?;
        items.push((name.into(), key.of(name, &rows::record(row, 1)?)));
    }
    Ok(Survey { snapshot: Snapshot::new(items), head })
}
