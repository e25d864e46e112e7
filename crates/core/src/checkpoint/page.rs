//! A page: records in the order of keys, each with its place in the log, as bytes.
//!
//! Law: a page holds one record at least, each key once, in order. Knows nothing of the pages beside it.

use super::{RECORDS, VERSION, read_version};
use crate::block::{read_block, write_block};
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::id::{LogEpoch, Seq};
use crate::key::RecordKey;
use crate::limits::Limits;
use crate::record::Record;

/// A record where it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// The record.
    pub record: Record,
    /// The position at which it last changed.
    pub seq: Seq,
    /// The peer's log that has the record just so, if it came from there.
    pub origin: Option<LogEpoch>,
}

/// The records of a page, in the order of keys.
pub type Page = Vec<(RecordKey, Placed)>;

/// A page as bytes. There must be records, in the order of keys.
pub fn write_page(records: &[(&RecordKey, &Placed)]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.byte(VERSION);
    writer.byte(RECORDS);
    write_block(&mut writer, records.iter().map(|(key, placed)| (*key, &placed.record)));
    let mut origins: Vec<LogEpoch> = records.iter().filter_map(|(_, placed)| placed.origin).collect();
    origins.sort_unstable();
    origins.dedup();
    writer.size(origins.len());
    origins.iter().for_each(|epoch| writer.fixed(epoch.0));
    let lowest = records.iter().map(|(_, placed)| placed.seq).min().unwrap_or(Seq::ZERO);
    writer.number(lowest.0);
    for (_, placed) in records {
        let place = placed.origin.and_then(|epoch| origins.binary_search(&epoch).ok());
        writer.number(placed.seq.0.saturating_sub(lowest.0));
        writer.size(place.map_or(0, |place| place + 1));
    }
    writer.into_bytes()
}

/// Reads what [`write_page`] wrote.
///
/// # Errors
/// When the bytes are no page, or there is another form of the same.
pub fn read_page(bytes: &[u8]) -> Result<Page, DecodeError> {
    let mut reader = Reader::new(bytes);
    read_version(&mut reader)?;
    if reader.byte()? != RECORDS {
        return Err(DecodeError::Invalid("a page's kind"));
    }
    let entries = read_block(&mut reader, &Limits::AT_REST)?;
    let mut origins: Vec<LogEpoch> = Vec::new();
    for _ in 0..reader.count()? {
        origins.push(LogEpoch(reader.fixed()?));
    }
    let lowest = reader.number_up_to(MAXIMUM_COUNTER, "a position")?;
    let mut page: Page = Vec::with_capacity(entries.len());
    for (key, record) in entries {
        let seq = lowest.saturating_add(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
        let origin = match reader.number()?.checked_sub(1) {
            None => None,
            Some(place) => {
                let place = usize::try_from(place).ok().and_then(|place| origins.get(place));
                Some(*place.ok_or(DecodeError::Invalid("an origin"))?)
            }
        };
        if record.is_absent() || seq > MAXIMUM_COUNTER {
            return Err(DecodeError::Invalid("a record of a page"));
        }
        if page.last().is_some_and(|(last, _)| *last >= key) {
            return Err(DecodeError::NotCanonical("a page"));
        }
        page.push((key, Placed { record, seq: Seq(seq), origin }));
    }
    reader.finish()?;
    check_form(&page, &origins, Seq(lowest))?;
    Ok(page)
}

fn check_form(page: &Page, origins: &[LogEpoch], lowest: Seq) -> Result<(), DecodeError> {
    let mut used: Vec<LogEpoch> = page.iter().filter_map(|(_, placed)| placed.origin).collect();
    used.sort_unstable();
    used.dedup();
    let has_lowest = page.iter().map(|(_, placed)| placed.seq).min() == Some(lowest);
    if used == origins && has_lowest { Ok(()) } else { Err(DecodeError::NotCanonical("a page")) }
}
