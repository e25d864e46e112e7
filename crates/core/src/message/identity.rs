//! What tells copies of a replica apart, as bytes: the ends of chains, what was seen of them, and clocks with their links.

use super::bytes::{read_entries, read_seq};
use crate::chain::ChainEnd;
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::id::Seq;
use crate::limits::Limits;
use crate::linked::LinkedVector;
use crate::seen::{LogPlace, Seen};

/// Writes where a chain ends.
pub(crate) fn write_end(writer: &mut Writer, end: ChainEnd) {
    writer.number(end.counter);
    if end.counter > 0 {
        write_link(writer, end.link);
    }
}

/// Reads what [`write_end`] wrote.
pub(crate) fn read_end(reader: &mut Reader<'_>) -> Result<ChainEnd, DecodeError> {
    let counter = reader.number_up_to(MAXIMUM_COUNTER, "a counter")?;
    Ok(ChainEnd { counter, link: if counter > 0 { read_link(reader)? } else { 0 } })
}

/// Writes a place in a log.
pub(crate) fn write_place(writer: &mut Writer, place: LogPlace) {
    writer.number(place.seq.0);
    if place.seq > Seq::ZERO {
        write_link(writer, place.link);
    }
}

/// Reads what [`write_place`] wrote.
pub(crate) fn read_place(reader: &mut Reader<'_>) -> Result<LogPlace, DecodeError> {
    let seq = read_seq(reader)?;
    Ok(LogPlace { seq, link: if seq > Seq::ZERO { read_link(reader)? } else { 0 } })
}

/// Writes what was seen of a replica.
pub(super) fn write_seen(writer: &mut Writer, seen: Seen) {
    write_place(writer, seen.log);
    write_end(writer, seen.end);
}

/// Reads what [`write_seen`] wrote.
pub(super) fn read_seen(reader: &mut Reader<'_>) -> Result<Seen, DecodeError> {
    Ok(Seen { log: read_place(reader)?, end: read_end(reader)? })
}

/// Writes a vector with its replica ids in full, and the link after every entry.
pub(crate) fn write_linked(writer: &mut Writer, vector: &LinkedVector) {
    writer.size(vector.len());
    for (dot, link) in vector.entries() {
        writer.raw(&dot.replica.to_bytes());
        writer.number(dot.counter);
        write_link(writer, link);
    }
}

/// Reads what [`write_linked`] wrote.
pub(crate) fn read_linked(reader: &mut Reader<'_>, limits: &Limits) -> Result<LinkedVector, DecodeError> {
    let mut links = Vec::new();
    let vector = read_entries(reader, limits, |reader| {
        links.push(read_link(reader)?);
        Ok(())
    })?;
    LinkedVector::from_parts(vector, links).ok_or(DecodeError::Invalid("a vector"))
}

// Four bytes, the lowest first.
pub(super) fn write_link(writer: &mut Writer, link: u32) {
    writer.raw(&link.to_le_bytes());
}

pub(super) fn read_link(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    reader.array().map(u32::from_le_bytes)
}
