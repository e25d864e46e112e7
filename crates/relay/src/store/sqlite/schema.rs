//! The tables, how a file comes to have them, and the settings of a connection. Knows nothing of what rows mean.

use std::ffi::CStr;

use rusqlite::{Connection, FileControl};

use crate::store::StoreError;

// Each entry takes a file from the version that is its index to the next one. Entries are never changed, only added.
const MIGRATIONS: [&str; 1] = [FIRST];

const FIRST: &str = "
    -- What the file is, and a place that can be written without meaning anything.
    CREATE TABLE relay (probe INTEGER NOT NULL) STRICT;
    INSERT INTO relay VALUES (0);

    CREATE TABLE databases (
        id      INTEGER PRIMARY KEY,
        name    TEXT NOT NULL UNIQUE,
        replica BLOB NOT NULL,
        epoch   INTEGER NOT NULL,
        head    INTEGER NOT NULL,
        floor   INTEGER NOT NULL,
        digest  INTEGER NOT NULL
    ) STRICT;

    -- A row for each record, at the place in the log where it last changed. `origin` is the epoch of the log that the
    -- state came from just so. States can be large, so the table keeps its rowid: the two indexes then carry none of them.
    CREATE TABLE records (
        database INTEGER NOT NULL,
        key      TEXT NOT NULL,
        seq      INTEGER NOT NULL,
        origin   INTEGER,
        state    BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX records_by_key ON records (database, key);
    CREATE UNIQUE INDEX records_by_seq ON records (database, seq);

    CREATE TABLE clock (
        database INTEGER NOT NULL,
        replica  BLOB NOT NULL,
        counter  INTEGER NOT NULL,
        seq      INTEGER NOT NULL,
        origin   INTEGER,
        PRIMARY KEY (database, replica)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX clock_by_seq ON clock (database, seq);

    -- How far this relay has taken in each peer's log.
    CREATE TABLE peers (
        database INTEGER NOT NULL,
        replica  BLOB NOT NULL,
        epoch    INTEGER NOT NULL,
        seq      INTEGER NOT NULL,
        PRIMARY KEY (database, replica)
    ) STRICT, WITHOUT ROWID;

    -- Chunks of deltas that are not complete yet, under the position in the peer's log up to which they go. `base` is
    -- where the delta begins; `ordinal` and `bytes` count up to and with this chunk. Chunks take up to 60 KiB and more,
    -- hence the rowid here too.
    CREATE TABLE staged (
        database INTEGER NOT NULL,
        replica  BLOB NOT NULL,
        epoch    INTEGER NOT NULL,
        base     INTEGER NOT NULL,
        position INTEGER NOT NULL,
        ordinal  INTEGER NOT NULL,
        bytes    INTEGER NOT NULL,
        chunk    BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX staged_by_position ON staged (database, replica, position);
";

/// Makes a connection ready: settings that are the connection's own, not the file's.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // WAL: readers and the writer do not wait for each other. FULL: a commit is on disk when it returns, which in WAL
    // mode NORMAL does not promise.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // The files beside the database stay when the last connection ends. Making them anew takes room, so that a relay could
    // not be started, not even to be read from, on a disk that has become full while it was down.
    connection.file_control::<&CStr>(None, FileControl::PersistWal(&mut 1))?;
    Ok(())
}

/// Brings the file to the newest version. A file of a newer program is left alone.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(missing) = MIGRATIONS.get(version as usize..) else {
        return Err(StoreError::NewerFile);
    };
    // Nothing is written then: the disk may be full.
    if missing.is_empty() {
        return Ok(());
    }
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_migrated_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        connection.execute("INSERT INTO relay VALUES (1)", ()).unwrap();
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", MIGRATIONS.len() as i64 + 1).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::NewerFile)));
    }
}
