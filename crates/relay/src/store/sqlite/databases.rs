//! The rows of databases: finding and making them, and where their logs stand.

use eyot_core::session::Local;
use eyot_core::{DatabaseName, Seq};
use rusqlite::{Connection, OptionalExtension};

use super::rows;
use crate::store::{Database, Opened, StoreError, new_names};

/// The database of that name.
pub(super) fn find(connection: &Connection, name: &DatabaseName) -> Result<Option<Opened>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT id, replica, epoch, head, floor, digest FROM databases WHERE name = ?")?;
    let mut found = query.query([name.as_str()])?;
    let Some(row) = found.next()? else { return Ok(None) };
    let local = Local {
        database: name.clone(),
        replica: rows::replica(row, 1)?,
        epoch: rows::epoch(row, 2)?,
        head: rows::seq(row, 3)?,
        floor: rows::seq(row, 4)?,
        digest: rows::bits(row, 5)?,
        // A relay writes nothing itself, and makes no chain.
        link: 0,
    };
    Ok(Some(Opened { database: Database { id: row.get(0)?, name: name.clone() }, local }))
}

/// The database of that name, made if it is not there.
pub(super) fn find_or_make(transaction: &Connection, name: &DatabaseName) -> Result<Opened, StoreError> {
    if let Some(opened) = find(transaction, name)? {
        return Ok(opened);
    }
    let (replica, epoch) = new_names()?;
    transaction
        .prepare_cached(
            "INSERT INTO databases (name, replica, epoch, head, floor, digest) VALUES (?, ?, ?, 0, 0, 0)",
        )?
        .execute((name.as_str(), replica.to_bytes(), rows::from_epoch(epoch)))?;
    find(transaction, name)?.ok_or_else(|| rows::damaged("a new database"))
}

/// All databases.
pub(super) fn all(connection: &Connection) -> Result<Vec<Database>, StoreError> {
    let mut query = connection.prepare_cached("SELECT id, name FROM databases ORDER BY id")?;
    let mut found = query.query(())?;
    let mut databases = Vec::new();
    while let Some(row) = found.next()? {
        let name = rows::text(row, 1)?.parse().map_err(|_| rows::damaged("a database's name"))?;
        databases.push(Database { id: row.get(0)?, name });
    }
    Ok(databases)
}

/// The end of a log, the digest of the clock there, and up to where deletions are forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct LogEnd {
    pub(super) head: Seq,
    pub(super) floor: Seq,
    pub(super) digest: u64,
}

/// Where the log of a database ends.
pub(super) fn log_end(connection: &Connection, database: &Database) -> Result<LogEnd, StoreError> {
    let mut query = connection.prepare_cached("SELECT head, floor, digest FROM databases WHERE id = ?")?;
    let mut found = query.query([database.id])?;
    let row = found.next()?.ok_or_else(|| rows::damaged("a database"))?;
    Ok(LogEnd { head: rows::seq(row, 0)?, floor: rows::seq(row, 1)?, digest: rows::bits(row, 2)? })
}

/// Raises the position up to which deletions are forgotten.
pub(super) fn raise_floor(
    transaction: &Connection,
    database: &Database,
    floor: Seq,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("UPDATE databases SET floor = max(floor, ?) WHERE id = ?")?
        .execute((rows::from_seq(floor), database.id))?;
    Ok(())
}

/// Moves the end of the log of a database.
pub(super) fn set_log_end(
    transaction: &Connection,
    database: &Database,
    end: LogEnd,
) -> Result<(), StoreError> {
    let update = "UPDATE databases SET head = ?, floor = ?, digest = ? WHERE id = ?";
    transaction.prepare_cached(update)?.execute((
        rows::from_seq(end.head),
        rows::from_seq(end.floor),
        end.digest.cast_signed(),
        database.id,
    ))?;
    Ok(())
}

/// Writes without meaning anything.
pub(super) fn probe(transaction: &Connection) -> Result<(), StoreError> {
    let probed: Option<i64> = transaction
        .query_row("UPDATE relay SET probe = probe + 1 RETURNING probe", (), |row| row.get(0))
        .optional()?;
    probed.map(|_| ()).ok_or_else(|| rows::damaged("the relay's row"))
}
