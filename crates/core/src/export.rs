//! The export: a whole database as bytes, to be kept or to be merged elsewhere.
//!
//! Records with their siblings and contexts, and the clock, so that an import is a merge like any other: done twice or in
//! another order it changes nothing.

use crate::block::{read_block, write_block};
use crate::codec::{DecodeError, Reader, Writer};
use crate::key::RecordKey;
use crate::limits::{CHUNK_BYTES, Limits};
use crate::linked::LinkedVector;
use crate::message::{read_linked, read_vector, write_linked, write_vector};
use crate::record::Record;
use crate::replica::Replica;
use crate::segment::{Entries, pasts_weight};
use crate::vector::VersionVector;

const MAGIC: [u8; 4] = *b"EYOT";
const VERSION: u8 = 1;
const RECORDS_PER_BLOCK: usize = 1_000;

/// A database as it was exported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// The clock of the replica that was exported.
    pub clock: LinkedVector,
    /// The writes whose traces it may have forgotten.
    pub forgotten: VersionVector,
    /// Its records, deleted ones too, in the order of keys.
    pub entries: Entries,
}

// So many records each, or fewer where their pasts are more than a reader takes of one block.
fn blocks(entries: &[(RecordKey, Record)]) -> impl Iterator<Item = &[(RecordKey, Record)]> {
    let (mut count, mut weight) = (0, 0);
    entries.chunk_by(move |(_, record), (_, next)| {
        count += 1;
        weight += pasts_weight(record);
        let fits = count < RECORDS_PER_BLOCK && weight + pasts_weight(next) <= CHUNK_BYTES;
        if !fits {
            (count, weight) = (0, 0);
        }
        fits
    })
}

impl Export {
    /// What a replica holds.
    pub fn of(replica: &Replica) -> Self {
        let entries = replica.range_after(std::ops::Bound::Unbounded);
        Self {
            clock: replica.clock().to_linked(),
            forgotten: replica.forgotten().clone(),
            entries: entries.map(|(key, record)| (key.clone(), record.clone())).collect(),
        }
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&MAGIC);
        writer.byte(VERSION);
        write_linked(&mut writer, &self.clock);
        write_vector(&mut writer, &self.forgotten);
        let blocks: Vec<_> = blocks(&self.entries).collect();
        writer.size(blocks.len());
        for block in blocks {
            let mut bytes = Writer::new();
            write_block(&mut bytes, block.iter().map(|(key, record)| (key, record)));
            writer.bytes(&bytes.into_bytes());
        }
        writer.into_bytes()
    }

    /// Reads what [`Export::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != MAGIC {
            return Err(DecodeError::Invalid("the mark at the beginning"));
        }
        match reader.byte()? {
            VERSION => {}
            other => return Err(DecodeError::UnknownVersion(other)),
        }
        let (clock, forgotten) = (read_linked(&mut reader, limits)?, read_vector(&mut reader, limits)?);
        let mut entries = Entries::new();
        for _ in 0..reader.count()? {
            let mut block = Reader::new(reader.bytes()?);
            entries.extend(read_block(&mut block, limits)?);
            block.finish()?;
        }
        reader.finish()?;
        // An import with a clock that is too small would leave writes that peers take for unknown.
        let accounted = entries.iter().all(|(_, record)| clock.covers_all(record.context()));
        if !accounted || !clock.covers_all(&forgotten) {
            return Err(DecodeError::Invalid("the clock"));
        }
        if entries.iter().any(|(_, record)| record.is_absent()) {
            return Err(DecodeError::Invalid("a record"));
        }
        Ok(Self { clock, forgotten, entries })
    }
}
