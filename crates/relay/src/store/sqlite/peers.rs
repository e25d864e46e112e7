//! The rows of peers: how far their logs were taken in, and the chunks of deltas that are not complete yet.

use eyot_core::session::{Chunk, Passed, Standing};
use eyot_core::{
    ChainEnd, Cursor, Dot, LinkedVector, LogEpoch, LogPlace, Record, RecordKey, ReplicaId, Seen, Seq,
    VersionVector,
};
use rusqlite::{Connection, Rows};

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
    let known = cursor(connection, database, peer)?.filter(|(cursor, _)| cursor.epoch == epoch);
    let cursor = known.map(|(cursor, _)| cursor);
    let staged = last_staged(connection, database, peer)?;
    let staged = staged.filter(|staged| staged.base == cursor.unwrap_or(start));
    // Who goes on after what is staged must have been where its sender was.
    let told = staged.as_ref().map(|staged| staged.log).unwrap_or_default();
    let seen = seen(connection, database, peer, epoch)?;
    let seen = Seen { log: seen.log.max(told), ..seen };
    match (cursor, staged) {
        (_, Some(staged)) => Ok(PeerKnown {
            standing: Some(Standing { cursor: staged.base, staged: staged.up_to }),
            chunks: staged.chunks,
            clock: VersionVector::new(),
            seen,
        }),
        (Some(cursor), None) => Ok(PeerKnown {
            standing: Some(Standing { cursor, staged: cursor.seq }),
            chunks: 0,
            clock: VersionVector::new(),
            seen,
        }),
        (None, None) => {
            let clock = whole_clock(connection, database)?.vector().clone();
            Ok(PeerKnown { standing: None, chunks: 0, clock, seen })
        }
    }
}

/// What was seen of a peer and that life of its log, staged chunks not counted.
pub(super) fn seen(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
    epoch: LogEpoch,
) -> Result<Seen, StoreError> {
    let known = cursor(connection, database, peer)?.filter(|(cursor, _)| cursor.epoch == epoch);
    let log = known.map(|(cursor, link)| LogPlace { seq: cursor.seq, link }).unwrap_or_default();
    Ok(Seen { log, end: chain_end(connection, database, peer)? })
}

// How far a peer's log was taken in, and the link of its chain there.
fn cursor(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
) -> Result<Option<(Cursor, u32)>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT epoch, seq, link FROM peers WHERE database = ? AND replica = ?")?;
    let mut found = query.query((database.id, peer.to_bytes()))?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some((Cursor { epoch: rows::epoch(row, 0)?, seq: rows::seq(row, 1)? }, row.get(2)?)))
}

/// This replica's whole clock.
pub(super) fn whole_clock(connection: &Connection, database: &Database) -> Result<LinkedVector, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT replica, counter, link FROM clock WHERE database = ? ORDER BY replica")?;
    clock_entries(&mut query.query([database.id])?)
}

/// Clock entries of rows in the order of the replicas.
pub(super) fn clock_entries(found: &mut Rows<'_>) -> Result<LinkedVector, StoreError> {
    let mut entries = Vec::new();
    while let Some(row) = found.next()? {
        let ChainEnd { counter, link } = rows::end(row, 1)?;
        entries.push((Dot::new(rows::replica(row, 0)?, counter), link));
    }
    Ok(entries.into_iter().collect())
}

/// What the clock has of one replica.
pub(super) fn chain_end(
    connection: &Connection,
    database: &Database,
    replica: ReplicaId,
) -> Result<ChainEnd, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT counter, link FROM clock WHERE database = ? AND replica = ?")?;
    let mut found = query.query((database.id, replica.to_bytes()))?;
    found.next()?.map_or(Ok(ChainEnd::default()), |row| rows::end(row, 0))
}

/// A part of a peer's log held nothing for this replica.
pub(super) fn pass(transaction: &Connection, database: &Database, passed: &Passed) -> Result<(), StoreError> {
    let Passed { peer, cursor, link, .. } = *passed;
    match passed.is_overtaken(seen(transaction, database, peer, cursor.epoch)?) {
        true => Ok(()),
        false => move_cursor(transaction, database, peer, (cursor, link)),
    }
}

/// Moves the cursor into a peer's log, never back within one life of it.
pub(super) fn move_cursor(
    transaction: &Connection,
    database: &Database,
    peer: ReplicaId,
    (cursor, link): (Cursor, u32),
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO peers (database, replica, epoch, seq, link) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (database, replica) DO UPDATE SET epoch = ?3, seq = ?4, link = ?5
             WHERE epoch <> ?3 OR seq < ?4",
        )?
        .execute((
            database.id,
            peer.to_bytes(),
            rows::from_epoch(cursor.epoch),
            rows::from_seq(cursor.seq),
            link,
        ))?;
    Ok(())
}

// The last staged chunk, with what there is up to it.
struct LastStaged {
    base: Cursor,
    up_to: Seq,
    chunks: u64,
    bytes: u64,
    log: LogPlace,
}

fn last_staged(
    connection: &Connection,
    database: &Database,
    peer: ReplicaId,
) -> Result<Option<LastStaged>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT epoch, base, position, ordinal, bytes, head, link FROM staged
         WHERE database = ? AND replica = ? ORDER BY ordinal DESC LIMIT 1",
    )?;
    let mut found = query.query((database.id, peer.to_bytes()))?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some(LastStaged {
        base: Cursor { epoch: rows::epoch(row, 0)?, seq: rows::seq(row, 1)? },
        up_to: rows::seq(row, 2)?,
        chunks: rows::counter(row, 3)?,
        bytes: rows::counter(row, 4)?,
        log: LogPlace { seq: rows::seq(row, 5)?, link: row.get(6)? },
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
            "INSERT INTO staged (database, replica, epoch, base, position, ordinal, bytes, chunk, head, link)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            rows::from_seq(chunk.log.seq),
            chunk.log.link,
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
