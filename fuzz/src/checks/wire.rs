//! Messages, blocks, records and ranges, as they come from the network.
//!
//! Whatever is read is written again byte for byte: there is one form for everything.

use eyot_core::message::Message;
use eyot_core::reconcile::{read_ranges, write_ranges};
use eyot_core::{DecodeError, Limits, Reader, Record, RecordKey, Writer, read_block, write_block};

use super::budget::within_budget;

/// Takes the bytes for each of them.
pub fn check(bytes: &[u8]) {
    let limits = Limits::default();
    if let Some(Message::Delta(delta)) =
        read(bytes, |bytes| Message::from_bytes(bytes, &limits), Message::to_bytes)
    {
        check_block(&delta.block, &limits);
    }
    check_block(bytes, &limits);
    read(bytes, |bytes| Record::from_bytes(bytes, &limits), Record::to_bytes);
    read(bytes, |bytes| whole(bytes, read_ranges), |ranges| written(|writer| write_ranges(writer, ranges)));
}

fn check_block(bytes: &[u8], limits: &Limits) {
    let entries =
        read(bytes, |bytes| whole(bytes, |reader| read_block(reader, limits)), |entries| block(entries));
    for (key, record) in entries.into_iter().flatten() {
        assert_eq!(key.as_str().parse(), Ok(key.clone()), "a key has one text");
        // An absent record is there among others only.
        assert!(record.is_absent() || Record::from_bytes(&record.to_bytes(), limits) == Ok(record));
    }
}

/// Records with their keys as a block.
pub fn block(entries: &[(RecordKey, Record)]) -> Vec<u8> {
    written(|writer| write_block(writer, entries.iter().map(|(key, record)| (key, record))))
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_bytes()
}

/// Reads all of the bytes.
pub fn whole<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    reader.finish().map(|()| value)
}

fn read<T>(
    bytes: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    write: impl FnOnce(&T) -> Vec<u8>,
) -> Option<T> {
    match within_budget(bytes.len(), || read(bytes)) {
        Ok(value) => {
            assert_eq!(write(&value), bytes, "there is a second form");
            Some(value)
        }
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
            None
        }
    }
}
