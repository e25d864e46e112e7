//! The directory: which pages there are, in the order of keys, and what can be told of each without reading it.

use super::PageId;
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::hlc::MAXIMUM_MS;
use crate::id::Seq;
use crate::key::MAXIMUM_KEY_BYTES;

/// What the directory says of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PageNote {
    pub(crate) id: PageId,
    /// The first of its keys. What is between two pages belongs to the former, and what is before all to the first.
    pub(crate) first: Box<str>,
    /// How many records it has.
    pub(crate) records: u64,
    /// How many of them came from no other log.
    pub(crate) local: u64,
    /// How long it is.
    pub(crate) bytes: u64,
    /// The positions of its records are from here
    pub(crate) lowest: Seq,
    /// to here.
    pub(crate) highest: Seq,
    /// Of its records that are nothing but deleted, the oldest, in milliseconds since 1970.
    pub(crate) oldest_deletion_ms: Option<u64>,
}

pub(crate) fn write_directory<'a>(writer: &mut Writer, notes: impl ExactSizeIterator<Item = &'a PageNote>) {
    writer.size(notes.len());
    let mut before = "";
    for note in notes {
        let shared = shared_bytes(before, &note.first);
        writer.number(note.id.0);
        writer.size(shared);
        writer.bytes(note.first.as_bytes().get(shared..).unwrap_or_default());
        writer.number(note.records);
        writer.number(note.local);
        writer.number(note.bytes);
        writer.number(note.lowest.0);
        writer.number(note.highest.0.saturating_sub(note.lowest.0));
        writer.number(note.oldest_deletion_ms.map_or(0, |ms| ms.saturating_add(1)));
        before = &note.first;
    }
}

pub(crate) fn read_directory(reader: &mut Reader<'_>) -> Result<Vec<PageNote>, DecodeError> {
    let count = reader.count()?;
    let mut notes: Vec<PageNote> = Vec::with_capacity(count.min(reader.left() / 8));
    for _ in 0..count {
        let note = read_note(reader, notes.last().map_or("", |last| &last.first))?;
        if notes.last().is_some_and(|last| last.first >= note.first) {
            return Err(DecodeError::NotCanonical("a directory"));
        }
        notes.push(note);
    }
    Ok(notes)
}

fn read_note(reader: &mut Reader<'_>, before: &str) -> Result<PageNote, DecodeError> {
    let id = PageId(reader.number()?);
    let shared = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
    let mut first = before.as_bytes().get(..shared).ok_or(DecodeError::Invalid("a first key"))?.to_vec();
    first.extend_from_slice(reader.bytes()?);
    if first.len() > MAXIMUM_KEY_BYTES {
        return Err(DecodeError::TooLarge("a first key"));
    }
    let first: Box<str> = String::from_utf8(first).map_err(|_| DecodeError::Invalid("a first key"))?.into();
    if shared != shared_bytes(before, &first) {
        return Err(DecodeError::NotCanonical("a first key"));
    }
    let mut count = || reader.number_up_to(u32::MAX.into(), "a count");
    let (records, local, bytes) = (count()?, count()?, count()?);
    let lowest = reader.number_up_to(MAXIMUM_COUNTER, "a position")?;
    let highest = lowest.saturating_add(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
    if records == 0 || local > records || highest > MAXIMUM_COUNTER {
        return Err(DecodeError::Invalid("a page's note"));
    }
    let oldest_deletion_ms = reader.number_up_to(MAXIMUM_MS + 1, "a time")?.checked_sub(1);
    let (lowest, highest) = (Seq(lowest), Seq(highest));
    Ok(PageNote { id, first, records, local, bytes, lowest, highest, oldest_deletion_ms })
}

fn shared_bytes(before: &str, key: &str) -> usize {
    before.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count()
}
