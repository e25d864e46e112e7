//! The survey: the fingerprints of all records of a database that are not deleted, as of one moment.

use eyot_core::reconcile::{FingerprintKey, Snapshot};
use eyot_core::{VersionVector, must_compare};
use rusqlite::Connection;

use super::databases::log_end;
use super::{forgotten, rows};
use crate::store::{Database, StoreError, Survey};

/// Takes the fingerprints, unless a peer with that clock need not search. Must run within one transaction.
pub(super) fn survey(
    connection: &Connection,
    database: &Database,
    key: FingerprintKey,
    peer_clock: Option<&VersionVector>,
) -> Result<Survey, StoreError> {
    let head = log_end(connection, database)?.head;
    if let Some(clock) = peer_clock
        && !must_compare(&forgotten::vector(connection, database)?, clock)
    {
        return Ok(Survey { snapshot: None, head });
    }
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
    Ok(Survey { snapshot: Some(Snapshot::new(items)), head })
}
