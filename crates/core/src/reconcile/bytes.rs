//! Ranges as bytes: the ends and keys of a message as their differences from those before them. There is one form.

use super::{Range, RangeContent};
use crate::codec::{DecodeError, Reader, Writer};
use crate::key::MAXIMUM_KEY_BYTES;

/// How many ranges a message may have.
const MAXIMUM_RANGES: usize = 50_000;
/// How many bytes the ends and keys of a message may have when they are written out. Five bytes can stand for a key of 577,
/// because neighbours share their beginning.
const MAXIMUM_KEYS_BYTES: usize = 1 << 20;

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
    let mut keys = KeyReader { reader, left_bytes: MAXIMUM_KEYS_BYTES };
    // A range takes at least three bytes, and an item ten.
    let mut ranges: Vec<Range> = Vec::with_capacity(count.min(keys.reader.left() / 3));
    let mut last: Box<str> = "".into();
    for _ in 0..count {
        if ranges.last().is_some_and(|range| range.end.is_none()) {
            return Err(DecodeError::Invalid("a range after the last"));
        }
        let end = keys.end(&last)?;
        if let Some(end) = &end {
            last = end.clone();
        }
        let content = match keys.reader.byte()? {
            SETTLED => RangeContent::Settled,
            FINGERPRINT => RangeContent::Fingerprint(keys.reader.fixed()?, keys.reader.number()?),
            ITEMS => RangeContent::Items(keys.items()?),
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

fn write_key(writer: &mut Writer, last: &str, key: &str) {
    let shared = last.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
    writer.size(shared);
    writer.bytes(key.as_bytes().get(shared..).unwrap_or_default());
}

// Reads ends and keys, as many as fit.
struct KeyReader<'a, 'b> {
    reader: &'a mut Reader<'b>,
    left_bytes: usize,
}

impl KeyReader<'_, '_> {
    fn end(&mut self, last: &str) -> Result<Option<Box<str>>, DecodeError> {
        match self.shared()? {
            shared if shared == MAXIMUM_KEY_BYTES + 1 => Ok(None),
            shared => {
                let end = self.key(last, shared)?;
                if *end <= *last {
                    return Err(DecodeError::NotCanonical("the ranges"));
                }
                Ok(Some(end))
            }
        }
    }

    fn items(&mut self) -> Result<Vec<(Box<str>, u64)>, DecodeError> {
        let count = self.reader.count()?;
        let mut items: Vec<(Box<str>, u64)> = Vec::with_capacity(count.min(self.reader.left() / 10));
        for _ in 0..count {
            let last = items.last().map_or("", |(key, _)| key);
            let shared = self.shared()?;
            let key = self.key(last, shared)?;
            if !items.is_empty() && *key <= *last {
                return Err(DecodeError::NotCanonical("the items"));
            }
            items.push((key, self.reader.fixed()?));
        }
        Ok(items)
    }

    fn shared(&mut self) -> Result<usize, DecodeError> {
        let shared = self.reader.number_up_to(MAXIMUM_KEY_BYTES as u64 + 1, "a key")?;
        usize::try_from(shared).map_err(|_| DecodeError::TooLarge("a key"))
    }

    fn key(&mut self, last: &str, shared: usize) -> Result<Box<str>, DecodeError> {
        let begin = last.as_bytes().get(..shared).ok_or(DecodeError::Invalid("a key"))?;
        let rest = self.reader.bytes()?;
        // What could be shared is.
        if rest.first().is_some_and(|first| last.as_bytes().get(shared) == Some(first)) {
            return Err(DecodeError::NotCanonical("a key"));
        }
        let length = shared + rest.len();
        if length > MAXIMUM_KEY_BYTES {
            return Err(DecodeError::TooLarge("a key"));
        }
        self.left_bytes = self.left_bytes.checked_sub(length).ok_or(DecodeError::TooLarge("the ranges"))?;
        let key = String::from_utf8([begin, rest].concat()).map_err(|_| DecodeError::Invalid("a key"))?;
        Ok(key.into_boxed_str())
    }
}
