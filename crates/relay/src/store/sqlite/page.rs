//! Reading a part of the log, as of one moment.

use eyot_core::session::{Among, LogPage, PageRequest};
use eyot_core::{LinkedVector, LogEpoch, Record, RecordKey, Seq};
use rusqlite::Connection;

use super::databases::{LogEnd, log_end};
use super::{peers, rows};
use crate::store::{Database, StoreError, is_wanted};

// How many rows one reading looks at, whether or not they are wanted: a reader's place is not held for longer.
const ROWS: i64 = 10_000;

/// Reads on from a position, up to the budget. Must run within one transaction.
pub(super) fn page(
    connection: &Connection,
    database: &Database,
    request: &PageRequest,
) -> Result<LogPage, StoreError> {
    let LogEnd { head, floor, .. } = log_end(connection, database)?;
    let (entries, stopped_at) = read_records(connection, database, request)?;
    let stopped_at = stopped_at.filter(|position| *position < head);
    let mut page = LogPage { entries, up_to: stopped_at.unwrap_or(head), floor, ..LogPage::default() };
    match &request.among {
        _ if stopped_at.is_some() => {}
        None => {
            page.clock = Some(clock_since(connection, database, request.clock_since, request.exclude)?);
        }
        Some(among) => {
            // The absent are judged by the whole clock, so all of it is told.
            page.clock = Some(peers::whole_clock(connection, database)?);
            page.absent = absent(connection, database, among)?;
        }
    }
    Ok(page)
}

// Those of the records that a search has found which are not here at all.
fn absent(connection: &Connection, database: &Database, among: &Among) -> Result<Vec<RecordKey>, StoreError> {
    let mut query = connection.prepare_cached("SELECT 1 FROM records WHERE database = ? AND key = ?")?;
    let mut absent = Vec::new();
    for key in &*among.keys {
        if !query.exists((database.id, &**key))? {
            // What is no key is not the name of a record anywhere.
            absent.extend(key.parse::<RecordKey>().ok());
        }
    }
    Ok(absent)
}

type Entries = Vec<(RecordKey, Record)>;

// The records, and the position at which the reading stopped; none when it went to the end of the log.
fn read_records(
    connection: &Connection,
    database: &Database,
    request: &PageRequest,
) -> Result<(Entries, Option<Seq>), StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT seq, key, origin, state FROM records WHERE database = ? AND seq > ? ORDER BY seq LIMIT ?",
    )?;
    let mut found = query.query((database.id, rows::from_seq(request.after), ROWS))?;
    let (mut entries, mut bytes, mut looked_at, mut last) = (Entries::new(), 0, 0, request.after);
    while let Some(row) = found.next()? {
        looked_at += 1;
        let seq = rows::seq(row, 0)?;
        if !is_wanted(request, rows::text(row, 1)?, seq, rows::origin(row, 2)?) {
            last = seq;
            continue;
        }
        let record = rows::record(row, 3)?;
        if request.covered_by.as_ref().is_some_and(|clock| clock.covers_all(record.context())) {
            last = seq;
            continue;
        }
        let key: RecordKey = rows::key(row, 1)?;
        bytes += key.as_str().len() + row.get_ref(3)?.as_blob().map_or(0, <[u8]>::len);
        if bytes > request.budget_bytes && !entries.is_empty() {
            return Ok((entries, Some(last)));
        }
        last = seq;
        entries.push((key, record));
    }
    Ok((entries, (looked_at >= ROWS).then_some(last)))
}

fn clock_since(
    connection: &Connection,
    database: &Database,
    since: Seq,
    exclude: LogEpoch,
) -> Result<LinkedVector, StoreError> {
    // In the order of the replicas, for the entries are told in it.
    let mut query = connection.prepare_cached(
        "SELECT replica, counter, link FROM clock WHERE database = ? AND seq > ? AND origin IS NOT ?
         ORDER BY replica",
    )?;
    let mut found = query.query((database.id, rows::from_seq(since), rows::from_epoch(exclude)))?;
    peers::clock_entries(&mut found)
}
