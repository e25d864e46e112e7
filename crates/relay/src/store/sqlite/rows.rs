//! Values as SQLite has them, and back. Numbers of the core are unsigned, SQLite's are not.

use eyot_core::{ChainEnd, Limits, LogEpoch, Reader, Record, RecordKey, ReplicaId, Seq, read_block};
use rusqlite::Row;

use crate::store::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(error) if error.code == rusqlite::ErrorCode::DiskFull => Self::Full,
            // The index of the write-ahead log, a file of its own, finds no room.
            Some(error) if error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// A position or counter: at most 2^53 - 1, so it fits.
pub(super) fn from_seq(seq: Seq) -> i64 {
    from_counter(seq.0)
}

pub(super) fn from_counter(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

pub(super) fn seq(row: &Row<'_>, column: usize) -> Result<Seq, StoreError> {
    counter(row, column).map(Seq)
}

pub(super) fn counter(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged("a position"))
}

/// Epochs and digests use all 64 bits: the same bits with a sign.
pub(super) fn epoch(row: &Row<'_>, column: usize) -> Result<LogEpoch, StoreError> {
    bits(row, column).map(LogEpoch)
}

pub(super) fn from_epoch(epoch: LogEpoch) -> i64 {
    epoch.0.cast_signed()
}

/// Where a chain ends: a counter, and the link in the column after it.
pub(super) fn end(row: &Row<'_>, column: usize) -> Result<ChainEnd, StoreError> {
    Ok(ChainEnd { counter: counter(row, column)?, link: row.get(column + 1)? })
}

/// The log that a state came from just so, if it came from one.
pub(super) fn origin(row: &Row<'_>, column: usize) -> Result<Option<LogEpoch>, StoreError> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|bits| LogEpoch(bits.cast_unsigned())))
}

pub(super) fn bits(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

pub(super) fn replica(row: &Row<'_>, column: usize) -> Result<ReplicaId, StoreError> {
    Ok(ReplicaId::from_bytes(row.get(column)?))
}

pub(super) fn key(row: &Row<'_>, column: usize) -> Result<RecordKey, StoreError> {
    text(row, column)?.parse().map_err(|_| damaged("a key"))
}

pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, StoreError> {
    row.get_ref(column)?.as_str().map_err(|_| damaged("a text"))
}

// What is here was within the limits when it came; lower limits since then must not make it unreadable.
const NO_LIMITS: Limits = Limits::AT_REST;

pub(super) fn record(row: &Row<'_>, column: usize) -> Result<Record, StoreError> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| damaged("a record"))?;
    Record::from_bytes(bytes, &NO_LIMITS).map_err(|_| damaged("a record"))
}

pub(super) fn block(row: &Row<'_>, column: usize) -> Result<Vec<(RecordKey, Record)>, StoreError> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| damaged("a chunk"))?;
    // A chunk without records is written as nothing at all.
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    read_block(&mut Reader::new(bytes), &NO_LIMITS).map_err(|_| damaged("a chunk"))
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Failed(format!("the file is damaged: {what} cannot be read"))
}
