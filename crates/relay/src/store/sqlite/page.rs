//! Reading a part of the log, as of one moment.

use eyot_core::message::DeltaClock;
use eyot_core::segment::pasts_weight;
use eyot_core::session::{LogPage, PageRequest};
use eyot_core::{LinkedVector, LogEpoch, Record, RecordKey, Seq, VersionVector};
use rusqlite::Connection;

use super::databases::{LogEnd, log_end};
use super::{forgotten, peers, rows};
use crate::store::{Database, StoreError};

// How many rows one reading looks at, whether or not they are wanted: a reader's place is not held for longer.
const ROWS: i64 = 10_000;

/// Reads on from a position, up to the budget. Must run within one transaction.
pub(super) fn page(
    connection: &Connection,
    database: &Database,
    request: &PageRequest,
) -> Result<LogPage, StoreError> {
    let LogEnd { head, floor, .. } = log_end(connection, database)?;
    let (mut entries, mut bytes) = (Entries::new(), 0);
    let left_out = request.left_out(peers::seen(connection, database, request.peer, request.exclude)?.log);
    let stopped_at = read_records(connection, database, (request, left_out), (&mut entries, &mut bytes))?;
    let stopped_at = stopped_at.filter(|position| *position < head);
    let mut page = LogPage { entries, up_to: stopped_at.unwrap_or(head), floor, ..LogPage::default() };
    if stopped_at.is_none() && tell_absent(connection, database, request, (&mut page, bytes))? {
        page.clock = Some(delta_clock(connection, database, request, left_out)?);
    }
    Ok(page)
}

fn delta_clock(
    connection: &Connection,
    database: &Database,
    request: &PageRequest,
    left_out: Option<LogEpoch>,
) -> Result<DeltaClock, StoreError> {
    let searched = request.among.is_some();
    let changed = match searched {
        // What stands at the receiver and not here is judged by the whole clock.
        true => peers::whole_clock(connection, database)?,
        false => clock_since(connection, database, request.clock_since, left_out)?,
    };
    let forgotten = match request.is_first {
        true => request.told_forgotten(&forgotten::vector(connection, database)?),
        false => VersionVector::new(),
    };
    Ok(DeltaClock { link: 0, changed, forgotten, searched })
}

// Of the records that a search has found, tells those which are not here at all, up to the budget. True when all are told.
fn tell_absent(
    connection: &Connection,
    database: &Database,
    request: &PageRequest,
    (page, mut bytes): (&mut LogPage, usize),
) -> Result<bool, StoreError> {
    let mut query = connection.prepare_cached("SELECT 1 FROM records WHERE database = ? AND key = ?")?;
    for key in request.keys_to_tell() {
        if query.exists((database.id, key))? {
            continue;
        }
        bytes += key.len();
        if bytes > request.budget_bytes && !page.entries.is_empty() {
            return Ok(false);
        }
        // What is no key is not the name of a record anywhere.
        page.entries.extend(key.parse().ok().map(|key| (key, Record::new())));
        page.absent_up_to = Some(key.into());
    }
    Ok(true)
}

type Entries = Vec<(RecordKey, Record)>;

// Reads records and counts their bytes. Says at which position the reading stopped; none when it went to the end of the log.
fn read_records(
    connection: &Connection,
    database: &Database,
    (request, left_out): (&PageRequest, Option<LogEpoch>),
    (entries, bytes): (&mut Entries, &mut usize),
) -> Result<Option<Seq>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT seq, key, origin, state, deleted_ms IS NOT NULL FROM records WHERE database = ? AND seq > ? ORDER BY seq LIMIT ?",
    )?;
    let mut found = query.query((database.id, rows::from_seq(request.after), ROWS))?;
    let (mut looked_at, mut last) = (0, request.after);
    while let Some(row) = found.next()? {
        looked_at += 1;
        let seq = rows::seq(row, 0)?;
        let place = (rows::text(row, 1)?, seq, rows::origin(row, 2)?);
        if !request.is_wanted(place, left_out, row.get(4)?) {
            last = seq;
            continue;
        }
        let record = rows::record(row, 3)?;
        if request.is_covered(place.0, &record) {
            last = seq;
            continue;
        }
        let key: RecordKey = rows::key(row, 1)?;
        let stored_bytes = row.get_ref(3)?.as_blob().map_or(0, <[u8]>::len);
        *bytes += key.as_str().len() + stored_bytes + pasts_weight(&record);
        if *bytes > request.budget_bytes && !entries.is_empty() {
            return Ok(Some(last));
        }
        last = seq;
        entries.push((key, record));
    }
    Ok((looked_at >= ROWS).then_some(last))
}

fn clock_since(
    connection: &Connection,
    database: &Database,
    since: Seq,
    left_out: Option<LogEpoch>,
) -> Result<LinkedVector, StoreError> {
    // In the order of the replicas, for the entries are told in it.
    let mut query = connection.prepare_cached(
        "SELECT replica, counter, link FROM clock
         WHERE database = ?1 AND seq > ?2 AND (?3 IS NULL OR origin IS NOT ?3) ORDER BY replica",
    )?;
    let mut found = query.query((database.id, rows::from_seq(since), left_out.map(rows::from_epoch)))?;
    peers::clock_entries(&mut found)
}
