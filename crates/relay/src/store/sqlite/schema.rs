//! The tables, how a file comes to have them, and the settings of a connection. Knows nothing of what rows mean.

use std::ffi::CStr;

use rusqlite::{Connection, FileControl};

use super::deletions;
use crate::store::{StoreError, now_ms};

type Migration = fn(&Connection) -> Result<(), StoreError>;

// Each entry takes a file from the version that is its index to the next one. Entries are never changed, only added.
const MIGRATIONS: [Migration; 5] = [make_tables, find_deletions, make_chains, make_mark, make_links];

fn make_tables(transaction: &Connection) -> Result<(), StoreError> {
    Ok(transaction.execute_batch(FIRST)?)
}

// When the deletions were stored is not known any more: now, at the latest.
fn find_deletions(transaction: &Connection) -> Result<(), StoreError> {
    transaction.execute_batch(SECOND)?;
    deletions::mark_all(transaction, now_ms())
}

fn make_chains(transaction: &Connection) -> Result<(), StoreError> {
    Ok(transaction.execute_batch(THIRD)?)
}

fn make_mark(transaction: &Connection) -> Result<(), StoreError> {
    Ok(transaction.execute_batch(FOURTH)?)
}

fn make_links(transaction: &Connection) -> Result<(), StoreError> {
    Ok(transaction.execute_batch(FIFTH)?)
}

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

const SECOND: &str = "
    -- Where nothing but deletions stand in a record: the later of when that is claimed to have happened and when it was
    -- stored here, in milliseconds since 1970.
    ALTER TABLE records ADD COLUMN deleted_ms INTEGER;
    CREATE INDEX records_by_deletion ON records (database, deleted_ms) WHERE deleted_ms IS NOT NULL;

    -- For every writer of a record that was forgotten, here or by a peer, how far its writes may have left no trace.
    CREATE TABLE forgotten (
        database INTEGER NOT NULL,
        replica  BLOB NOT NULL,
        counter  INTEGER NOT NULL,
        PRIMARY KEY (database, replica)
    ) STRICT, WITHOUT ROWID;

    -- Two chunks of records that the peer has nothing of may end at one position.
    DROP INDEX staged_by_position;
    CREATE UNIQUE INDEX staged_by_ordinal ON staged (database, replica, ordinal);
";

const THIRD: &str = "
    -- The link of the writer's chain at the counter; 0 where it is not known.
    ALTER TABLE clock ADD COLUMN link INTEGER NOT NULL DEFAULT 0;
    -- Where the sender's chain ended when it said hello.
    ALTER TABLE staged ADD COLUMN counter INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE staged ADD COLUMN link INTEGER NOT NULL DEFAULT 0;
";

const FOURTH: &str = "
    -- 1 in a backup, until a relay is started on it.
    ALTER TABLE relay ADD COLUMN is_copy INTEGER NOT NULL DEFAULT 0;
";

const FIFTH: &str = "
    -- The link of the peer's chain there; 0 where it is not known.
    ALTER TABLE peers ADD COLUMN link INTEGER NOT NULL DEFAULT 0;
    -- Where the sender's log ended when it last said so, with the link there. Of older chunks that is not known.
    DELETE FROM staged;
    ALTER TABLE staged RENAME COLUMN counter TO head;
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
        migration(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyot_core::{Context, Dot, Hlc, Record, ReplicaId};

    #[test]
    fn a_file_is_migrated_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        connection.execute("INSERT INTO relay (probe) VALUES (1)", ()).unwrap();
    }

    #[test]
    fn a_file_of_the_first_version_learns_which_records_are_deleted() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(FIRST).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let far_ms = now_ms() * 2;
        for (seq, content, at_ms) in [(1, Some("heron"), 1), (2, None, 1), (3, None, far_ms)] {
            let mut record = Record::new();
            let dot = Dot::new(ReplicaId::letter(b'a'), seq);
            let content = content.map(|text| text.as_bytes().into());
            record.write(dot, &Context::new(), Hlc::from_ms(at_ms), content);
            let row = (format!("notes/n{seq}"), seq as i64, record.to_bytes());
            let insert = "INSERT INTO records (database, key, seq, state) VALUES (1, ?, ?, ?)";
            connection.execute(insert, row).unwrap();
        }
        let before_ms = now_ms();
        migrate(&mut connection).unwrap();
        let mut query = connection.prepare("SELECT deleted_ms FROM records ORDER BY seq").unwrap();
        let times: Vec<Option<i64>> =
            query.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!((times[0], times[2]), (None, Some(far_ms.cast_signed())));
        assert!(times[1] >= Some(before_ms.cast_signed()), "as if it was stored now: {:?}", times[1]);
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", MIGRATIONS.len() as i64 + 1).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::NewerFile)));
    }
}
