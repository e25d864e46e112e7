//! Ranges as bytes: the ends and keys of a message as their differences from those before them. There is one form.

use super::{Range, RangeContent};
use crate::codec::{DecodeError, Reader, Writer};
use crate::key::MAXIMUM_KEY_BYTES;

/// How many ranges a message may have.
const MAXIMUM_RANGES: usize = 200_000;

const SETTLED: u8 = 0;
const FINGERPRINT: u8 = 1;
const ITEMS: u8 = 2;

/// Writes ranges. An end is written as its difference from the one before it.
pub fn write_ranges(writer: &mut Writer, ranges: &[Range]) {
    writer.size(ranges.len());
    let mut last = "";
    for range in ranges {
        match &range.end {
            // The end of all keys: more bytes shared than there can be.
            None => writer.size(MAXIMUM_KEY_BYTES + 1),
            Some(end) => {
                write_key(writer, last, end);
                last = end;
            }
        }
        match &range.content {
            RangeContent::Settled => writer.byte(SETTLED),
            RangeContent::Fingerprint(sum, count) => {
                writer.byte(FINGERPRINT);
                writer.fixed(*sum);
                writer.number(*count);
            }
            RangeContent::Items(items) => {
                writer.byte(ITEMS);
                writer.size(items.len());
                let mut last = "";
                for (key, fingerprint) in items {
                    write_key(writer, last, key);
                    writer.fixed(*fingerprint);
                    last = key;
                }
            }
        }
    }
}

/// Reads what [`write_ranges`] wrote.
pub fn read_ranges(reader: &mut Reader<'_>) -> Result<Vec<Range>, DecodeError> {
    let count = reader.count()?;
    if count > MAXIMUM_RANGES {
        return Err(DecodeError::TooLarge("the ranges"));
    }
    let mut ranges: Vec<Range> = Vec::with_capacity(count.min(reader.left() / 2));
    let mut last: Box<str> = "".into();
    for _ in 0..count {
        if ranges.last().is_some_and(|range| range.end.is_none()) {
            return Err(DecodeError::Invalid("a range after the last"));
        }
        let end = read_end(reader, &last)?;
        if let Some(end) = &end {
            last = end.clone();
        }
        let content = match reader.byte()? {
            SETTLED => RangeContent::Settled,
            FINGERPRINT => RangeContent::Fingerprint(reader.fixed()?, reader.number()?),
            ITEMS => RangeContent::Items(read_items(reader)?),
            _ => return Err(DecodeError::Invalid("a range's kind")),
        };
        ranges.push(Range { end, content });
    }
    // Otherwise some keys would be left out of the search unseen.
    if ranges.last().is_some_and(|range| range.end.is_some()) {
        return Err(DecodeError::Invalid("the last range"));
    }
    Ok(ranges)
}

fn read_end(reader: &mut Reader<'_>, last: &str) -> Result<Option<Box<str>>, DecodeError> {
    match read_shared(reader)? {
        shared if shared == MAXIMUM_KEY_BYTES + 1 => Ok(None),
        shared => {
            let end = read_key(reader, last, shared)?;
            if *end <= *last {
                return Err(DecodeError::NotCanonical("the ranges"));
            }
            Ok(Some(end))
        }
    }
}

fn read_items(reader: &mut Reader<'_>) -> Result<Vec<(Box<str>, u64)>, DecodeError> {
    let count = reader.count()?;
    let mut items: Vec<(Box<str>, u64)> = Vec::with_capacity(count.min(reader.left() / 10));
    for _ in 0..count {
        let last = items.last().map_or("", |(key, _)| key);
        let shared = read_shared(reader)?;
        let key = read_key(reader, last, shared)?;
        if !items.is_empty() && *key <= *last {
            return Err(DecodeError::NotCanonical("the items"));
        }
        items.push((key, reader.fixed()?));
    }
    Ok(items)
}

fn write_key(writer: &mut Writer, last: &str, key: &str) {
    let shared = last.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
    writer.size(shared);
    writer.bytes(key.as_bytes().get(shared..).unwrap_or_default());
}

fn read_shared(reader: &mut Reader<'_>) -> Result<usize, DecodeError> {
    let shared = reader.number_up_to(MAXIMUM_KEY_BYTES as u64 + 1, "a key")?;
    usize::try_from(shared).map_err(|_| DecodeError::TooLarge("a key"))
}

fn read_key(reader: &mut Reader<'_>, last: &str, shared: usize) -> Result<Box<str>, DecodeError> {
    let mut bytes = last.as_bytes().get(..shared).ok_or(DecodeError::Invalid("a key"))?.to_vec();
    let rest = reader.bytes()?;
    // What could be shared is.
    if rest.first().is_some_and(|first| last.as_bytes().get(shared) == Some(first)) {
        return Err(DecodeError::NotCanonical("a key"));
    }
    bytes.extend_from_slice(rest);
    if bytes.len() > MAXIMUM_KEY_BYTES {
        return Err(DecodeError::TooLarge("a key"));
    }
    String::from_utf8(bytes).map(String::into_boxed_str).map_err(|_| DecodeError::Invalid("a key"))
}
