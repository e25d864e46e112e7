//! The rows of peers: how far their logs were taken in, and the chunks of deltas that are not complete yet.

use eyot_core::session::{Chunk, Standing};
use eyot_core::{Cursor, Dot, LogEpoch, Record, RecordKey, ReplicaId, Seq, VersionVector};
use rusqlite::Connection;

use super::rows;
use crate::limits::Limits;
use crate::store::{Database, PeerKnown, StoreError};

/// What is known of a peer and that life of its log. Must run within one transaction.
pub(super) fn known(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
    epoch: LogEpoch,
) -> Result<PeerKnown, StoreError> {
    let start = Cursor { epoch, seq: Seq::ZERO };
    let cursor = cursor(connection, database, peer)?.filter(|cursor| cursor.epoch == epoch);
    let staged = last_staged(connection, database, peer)?;
    match (cursor, staged.filter(|staged| staged.base == cursor.unwrap_or(start))) {
        (_, Some(staged)) => Ok(PeerKnown {
            standing: Some(Standing { cursor: staged.base, staged: staged.up_to }),
            chunks: staged.chunks,
            clock: VersionVector::new(),
        }),
        (Some(cursor), None) => Ok(PeerKnown {
            standing: Some(Standing { cursor, staged: cursor.seq }),
            chunks: 0,
            clock: VersionVector::new(),
        }),
        (None, None) => {
            Ok(PeerKnown { standing: None, chunks: 0, clock: whole_clock(connection, database)? })
        }
    }
}

fn cursor(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
) -> Result<Option<Cursor>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT epoch, seq FROM peers WHERE database = ? AND replica = ?")?;
    let mut found = query.query((database.id, peer.to_bytes()))?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some(Cursor { epoch: rows::epoch(row, 0)?, seq: rows::seq(row, 1)? }))
}

/// This replica's whole clock.
pub(super) fn whole_clock(connection: &Connection, database: &Database) -> Result<VersionVector, StoreError> {
    let mut query = connection.prepare_cached("SELECT replica, counter FROM clock WHERE database = ?")?;
    let mut found = query.query([database.id])?;
    let mut clock = VersionVector::new();
    while let Some(row) = found.next()? {
        clock.include(Dot::new(rows::replica(row, 0)?, rows::counter(row, 1)?));
    }
    Ok(clock)
}

/// Moves the cursor into a peer's log, never back within one life of it.
pub(super) fn move_cursor(
    transaction: &Connection,
    database: &Database,
    peer: ReplicaId,
    cursor: Cursor,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO peers (database, replica, epoch, seq) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (database, replica) DO UPDATE
             SET epoch = ?3, seq = CASE WHEN epoch = ?3 THEN max(seq, ?4) ELSE ?4 END",
        )?
        .execute((
            database.id,
            peer.to_bytes(),
            rows::from_epoch(cursor.epoch),
            rows::from_seq(cursor.seq),
        ))?;
    Ok(())
}

// The last staged chunk, with what there is up to it.
struct LastStaged {
    base: Cursor,
    up_to: Seq,
    chunks: u64,
    bytes: u64,
}

fn last_staged(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
) -> Result<Option<LastStaged>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT epoch, base, position, ordinal, bytes FROM staged
         WHERE database = ? AND replica = ? ORDER BY ordinal DESC LIMIT 1",
    )?;
    let mut found = query.query((database.id, peer.to_bytes()))?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some(LastStaged {
        base: Cursor { epoch: rows::epoch(row, 0)?, seq: rows::seq(row, 1)? },
        up_to: rows::seq(row, 2)?,
        chunks: rows::counter(row, 3)?,
        bytes: rows::counter(row, 4)?,
    }))
}

/// Keeps a chunk. The first one of a delta takes the place of all that is kept: the peer has begun anew. Any other must
/// go on where what is kept ends.
pub(super) fn stage(
    transaction: &Connection,
    database: &Database,
    chunk: &Chunk,
    limits: &Limits,
) -> Result<(), StoreError> {
    let (chunks, bytes) = if chunk.from == chunk.base.seq {
        drop_staged(transaction, database, chunk.peer)?;
        (0, 0)
    } else {
        let last = last_staged(transaction, database, chunk.peer)?;
        let last = last.filter(|last| last.base == chunk.base && last.up_to == chunk.from);
        let last = last.ok_or(StoreError::ChunksMissing)?;
        (last.chunks, last.bytes)
    };
    let bytes = bytes + chunk.block.len() as u64;
    if bytes > limits.staged_bytes {
        return Err(StoreError::StagedTooLarge);
    }
    transaction
        .prepare_cached(
            "INSERT INTO staged (database, replica, epoch, base, position, ordinal, bytes, chunk)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            database.id,
            chunk.peer.to_bytes(),
            rows::from_epoch(chunk.base.epoch),
            rows::from_seq(chunk.base.seq),
            rows::from_seq(chunk.up_to),
            rows::from_counter(chunks + 1),
            rows::from_counter(bytes),
            &chunk.block,
        ))?;
    Ok(())
}

/// The ordinals of the chunks that are staged for a delta; an error if they are not as many as the connection that
/// sends it knows of, or do not end where its last chunk begins.
pub(super) fn staged_ordinals(
    connection: &Connection,
    database: &Database,
    chunk: &Chunk,
    chunks: u64,
) -> Result<Vec<u64>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT ordinal, position FROM staged
         WHERE database = ? AND replica = ? AND epoch = ? AND base = ? ORDER BY ordinal",
    )?;
    let mut found = query.query((
        database.id,
        chunk.peer.to_bytes(),
        rows::from_epoch(chunk.base.epoch),
        rows::from_seq(chunk.base.seq),
    ))?;
    let (mut ordinals, mut end) = (Vec::new(), None);
    while let Some(row) = found.next()? {
        ordinals.push(rows::counter(row, 0)?);
        end = Some(rows::seq(row, 1)?);
    }
    let whole = ordinals.len() as u64 == chunks && end == Some(chunk.from);
    if whole { Ok(ordinals) } else { Err(StoreError::ChunksMissing) }
}

/// The records of one staged chunk.
pub(super) fn staged_entries(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
    ordinal: u64,
) -> Result<Vec<(RecordKey, Record)>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT chunk FROM staged WHERE database = ? AND replica = ? AND ordinal = ?")?;
    let mut found = query.query((database.id, peer.to_bytes(), rows::from_counter(ordinal)))?;
    rows::block(found.next()?.ok_or(StoreError::ChunksMissing)?, 0)
}

/// Forgets what is staged of a peer.
pub(super) fn drop_staged(
    transaction: &Connection,
    database: &Database,
    peer: ReplicaId,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM staged WHERE database = ? AND replica = ?")?
        .execute((database.id, peer.to_bytes()))?;
    Ok(())
}
