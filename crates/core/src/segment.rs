//! Segments: what one commit appends to the log, as bytes. The log is the store, so this is the format at rest.
//!
//! `docs/storage.md` describes it for other implementers. Knows nothing of IndexedDB.

use crate::block::{read_block, write_block};
use crate::codec::{DecodeError, Reader, Writer};
use crate::dot::MAXIMUM_COUNTER;
use crate::hlc::MAXIMUM_MS;
use crate::id::{Cursor, LogEpoch, ReplicaId, Seq};
use crate::key::RecordKey;
use crate::limits::{CHUNK_BYTES, Limits};
use crate::linked::LinkedVector;
use crate::message::{DeltaClock, read_delta_clock, read_end, read_linked, read_vector};
use crate::message::{read_place as read_log_place, write_place as write_log_place};
use crate::message::{write_delta_clock, write_end, write_linked, write_vector};
use crate::rebirth::Reborn;
use crate::record::Record;
use crate::seen::LogPlace;
use crate::vector::VersionVector;

/// The version of the format at rest.
pub const STORAGE_VERSION: u8 = 1;

const WRITTEN: u8 = 1;
const RECEIVED: u8 = 2;
const IMPORTED: u8 = 3;
const FORGOTTEN: u8 = 4;
const REBORN: u8 = 5;

/// A message of [`CHUNK_BYTES`] has fewer entries of pasts than readers take, by far.
const PAST_ENTRIES_PER_BYTE: usize = 16;

/// Records with their keys.
pub type Entries = Vec<(RecordKey, Record)>;

/// What one value of the log says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    /// Local writes: the records as they are after them.
    Written(Entries),
    /// A whole delta from a peer: the records as the peer has them, to be merged.
    Received(Received),
    /// Records from an export, to be merged.
    Imported {
        /// The clock of the replica that was exported.
        clock: LinkedVector,
        /// The writes whose traces that replica may have forgotten.
        forgotten: VersionVector,
        /// Its records.
        entries: Entries,
    },
    /// Deletions are forgotten: records that are nothing but deleted, up to that position and older than that time.
    Forgotten {
        /// The last position.
        up_to: Seq,
        /// Milliseconds since 1970.
        before_ms: u64,
    },
    /// This replica has found itself to be a copy, and goes on under a new name.
    Reborn(Reborn),
}

/// A delta from a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Who sent it.
    pub peer: ReplicaId,
    /// Where the peer's log is reached with it.
    pub cursor: Cursor,
    /// What the delta says of the peer's clock.
    pub clock: DeltaClock,
    /// The chunks that were staged before the last one; they come before `entries`.
    pub stage: Option<Stage>,
    /// The records of the last chunk.
    pub entries: Entries,
}

/// The staged chunks that belong to a delta.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stage {
    /// The name under which they are stored.
    pub name: u64,
    /// How many there are, from ordinal 0 on; at least one. What is stored after them is no part of the delta: two tabs
    /// may have built upon the same stage, and one was faster.
    pub chunks: u64,
}

/// The segments of local writes: one value each, as small as a stored value should be.
pub fn written_segments(entries: &[(RecordKey, Record)]) -> Vec<Vec<u8>> {
    split(entries).map(written_segment).collect()
}

fn written_segment(entries: &[(RecordKey, Record)]) -> Vec<u8> {
    let mut writer = header(WRITTEN);
    write_block(&mut writer, entries.iter().map(|(key, record)| (key, record)));
    writer.into_bytes()
}

/// The segment of a received delta; the records' block is kept as it came.
pub fn received_segment(received: &Received, block: &[u8]) -> Vec<u8> {
    let mut writer = header(RECEIVED);
    write_place(&mut writer, received.peer, received.cursor);
    write_delta_clock(&mut writer, &received.clock);
    write_stage(&mut writer, received.stage);
    writer.raw(block);
    writer.into_bytes()
}

/// The segments of an import. The last one brings the clock: they are one commit.
pub fn imported_segments(
    clock: &LinkedVector,
    forgotten: &VersionVector,
    entries: &[(RecordKey, Record)],
) -> Vec<Vec<u8>> {
    let mut segments: Vec<Vec<u8>> = split(entries)
        .map(|part| {
            let mut writer = header(IMPORTED);
            write_linked(&mut writer, &LinkedVector::new());
            write_vector(&mut writer, &VersionVector::new());
            write_block(&mut writer, part.iter().map(|(key, record)| (key, record)));
            writer.into_bytes()
        })
        .collect();
    let mut writer = header(IMPORTED);
    write_linked(&mut writer, clock);
    write_vector(&mut writer, forgotten);
    segments.push(writer.into_bytes());
    segments
}

/// The segment that forgets deletions.
pub fn forgotten_segment(up_to: Seq, before_ms: u64) -> Vec<u8> {
    let mut writer = header(FORGOTTEN);
    writer.number(up_to.0);
    writer.number(before_ms);
    writer.into_bytes()
}

/// The segment after which the replica has another name.
pub fn reborn_segment(reborn: Reborn) -> Vec<u8> {
    let mut writer = header(REBORN);
    writer.raw(&reborn.replica.to_bytes());
    writer.fixed(reborn.epoch.0);
    write_end(&mut writer, reborn.confirmed);
    writer.into_bytes()
}

impl Segment {
    /// Reads one value of the log.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        read_version(&mut reader)?;
        let segment = match reader.byte()? {
            WRITTEN => Self::Written(read_entries(&mut reader, limits)?),
            RECEIVED => {
                let (peer, cursor) = read_place(&mut reader)?;
                let clock = read_delta_clock(&mut reader, limits)?;
                let stage = read_stage(&mut reader)?;
                let entries = read_entries(&mut reader, limits)?;
                Self::Received(Received { peer, cursor, clock, stage, entries })
            }
            IMPORTED => Self::Imported {
                clock: read_linked(&mut reader, limits)?,
                forgotten: read_vector(&mut reader, limits)?,
                entries: read_entries(&mut reader, limits)?,
            },
            FORGOTTEN => Self::Forgotten {
                up_to: Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?),
                before_ms: reader.number_up_to(MAXIMUM_MS, "a time")?,
            },
            REBORN => Self::Reborn(Reborn {
                replica: ReplicaId::from_bytes(reader.array()?),
                epoch: LogEpoch(reader.fixed()?),
                confirmed: read_end(&mut reader)?,
            }),
            _ => return Err(DecodeError::Invalid("a segment's kind")),
        };
        reader.finish()?;
        Ok(segment)
    }
}

impl Segment {
    /// The staged chunks that belong to it.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Self::Received(received) => received.stage,
            Self::Written(_) | Self::Imported { .. } | Self::Forgotten { .. } | Self::Reborn(_) => None,
        }
    }
}

/// The stage that a segment's earlier chunks are to be read from, without reading the rest.
pub fn stage_of(segment: &[u8], limits: &Limits) -> Result<Option<u64>, DecodeError> {
    let mut reader = Reader::new(segment);
    read_version(&mut reader)?;
    if reader.byte()? != RECEIVED {
        return Ok(None);
    }
    read_place(&mut reader)?;
    read_delta_clock(&mut reader, limits)?;
    Ok(read_stage(&mut reader)?.map(|stage| stage.name))
}

/// A chunk of a delta that is not complete yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StagedChunk {
    /// The life of this replica's own log. A delta that was asked for under another name lacks what that one knew.
    pub own: LogEpoch,
    /// Who sent it.
    pub peer: ReplicaId,
    /// Where the delta begins.
    pub base: Cursor,
    /// Where this chunk ends.
    pub up_to: Seq,
    /// Where the peer's log ended when it last said so.
    pub log: LogPlace,
    /// Its records.
    pub entries: Entries,
}

/// The bytes of a chunk that is to be staged; the records' block is kept as it came.
pub fn staged_chunk(
    own: LogEpoch,
    peer: ReplicaId,
    base: Cursor,
    up_to: Seq,
    log: LogPlace,
    block: &[u8],
) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.byte(STORAGE_VERSION);
    writer.fixed(own.0);
    write_place(&mut writer, peer, base);
    writer.number(up_to.0);
    write_log_place(&mut writer, log);
    writer.raw(block);
    writer.into_bytes()
}

impl StagedChunk {
    /// Reads what [`staged_chunk`] wrote.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        read_version(&mut reader)?;
        let own = LogEpoch(reader.fixed()?);
        let (peer, base) = read_place(&mut reader)?;
        let up_to = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
        let log = read_log_place(&mut reader)?;
        let entries = read_entries(&mut reader, limits)?;
        reader.finish()?;
        Ok(Self { own, peer, base, up_to, log, entries })
    }
}

/// Consecutive parts of about the size of a chunk, none of them empty: what the segments of local writes hold.
pub(crate) fn split(entries: &[(RecordKey, Record)]) -> impl Iterator<Item = &[(RecordKey, Record)]> {
    let mut size = 0;
    entries.chunk_by(move |(key, record), (next_key, next)| {
        size += entry_size(key, record);
        let fits = size + entry_size(next_key, next) <= CHUNK_BYTES;
        if !fits {
            size = 0;
        }
        fits
    })
}

/// About how many bytes a record takes in a block.
pub fn entry_size(key: &RecordKey, record: &Record) -> usize {
    let contents: usize = record
        .versions()
        .iter()
        .map(|version| version.content.as_ref().map_or(0, |content| content.len()))
        .sum();
    let references: usize = record.versions().iter().map(|version| version.references.as_slice().len()).sum();
    let versions = 16 * record.versions().len() + pasts_weight(record) + 4 * references;
    key.as_str().len() + contents + versions + 8 * record.context().len() + 4
}

/// What the pasts of a record count for, in bytes, where it is decided how many records go into one message. A few bytes can
/// stand for a past as long as the context, and readers bound how many entries the pasts in a message have.
pub fn pasts_weight(record: &Record) -> usize {
    record.past_entries() / PAST_ENTRIES_PER_BYTE
}

fn header(kind: u8) -> Writer {
    let mut writer = Writer::new();
    writer.byte(STORAGE_VERSION);
    writer.byte(kind);
    writer
}

fn read_version(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    match reader.byte()? {
        STORAGE_VERSION => Ok(()),
        other => Err(DecodeError::UnknownVersion(other)),
    }
}

fn write_place(writer: &mut Writer, peer: ReplicaId, cursor: Cursor) {
    writer.raw(&peer.to_bytes());
    writer.fixed(cursor.epoch.0);
    writer.number(cursor.seq.0);
}

fn read_place(reader: &mut Reader<'_>) -> Result<(ReplicaId, Cursor), DecodeError> {
    let peer = ReplicaId::from_bytes(reader.array()?);
    let epoch = LogEpoch(reader.fixed()?);
    let seq = Seq(reader.number_up_to(MAXIMUM_COUNTER, "a position")?);
    Ok((peer, Cursor { epoch, seq }))
}

fn write_stage(writer: &mut Writer, stage: Option<Stage>) {
    writer.number(stage.map_or(0, |stage| stage.chunks));
    if let Some(stage) = stage {
        writer.number(stage.name);
    }
}

fn read_stage(reader: &mut Reader<'_>) -> Result<Option<Stage>, DecodeError> {
    match reader.number()? {
        0 => Ok(None),
        chunks => Ok(Some(Stage { name: reader.number()?, chunks })),
    }
}

// A part without records is written as nothing at all.
fn read_entries(reader: &mut Reader<'_>, limits: &Limits) -> Result<Entries, DecodeError> {
    if reader.left() == 0 { Ok(Vec::new()) } else { read_block(reader, limits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::hlc::Hlc;

    fn entry(id: usize, bytes: usize) -> (RecordKey, Record) {
        let mut record = Record::new();
        let content = vec![b'x'; bytes].into();
        record.write("a:1".parse().unwrap(), &Context::new(), Hlc::from_ms(5), Some(content));
        (RecordKey::new("notes", &id.to_string()).unwrap(), record)
    }

    #[test]
    fn no_stored_value_is_larger_than_it_should_be() {
        let entries: Entries = (0..2_000).map(|id| entry(id, id % 300)).collect();
        let segments = written_segments(&entries);
        assert!(segments.len() > 1 && segments.iter().all(|value| value.len() <= 60 * 1024));
        let mut back = Vec::new();
        for segment in &segments {
            let Segment::Written(entries) = Segment::from_bytes(segment, &Limits::default()).unwrap() else {
                panic!("local writes were written")
            };
            back.extend(entries);
        }
        assert_eq!(back, entries);
    }

    #[test]
    fn a_received_segment_reads_back_and_names_its_stage() {
        let entries = vec![entry(1, 3)];
        let mut writer = Writer::new();
        write_block(&mut writer, entries.iter().map(|(key, record)| (key, record)));
        let block = writer.into_bytes();
        let cursor = Cursor { epoch: LogEpoch(9), seq: Seq(300) };
        for stage in [None, Some(Stage { name: 77, chunks: 2 })] {
            let changed = [("a:1".parse().unwrap(), 77)].into_iter().collect();
            let received = Received {
                peer: ReplicaId::letter(b'r'),
                cursor,
                clock: DeltaClock { changed, ..DeltaClock::default() },
                stage,
                entries: entries.clone(),
            };
            let bytes = received_segment(&received, &block);
            assert_eq!(stage_of(&bytes, &Limits::default()), Ok(stage.map(|stage| stage.name)));
            assert_eq!(Segment::from_bytes(&bytes, &Limits::default()), Ok(Segment::Received(received)));
        }
    }
}
