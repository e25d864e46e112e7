//! The block: some records as bytes, in a message, in a stored value, in an export.
//!
//! Replica ids take 16 bytes each and repeat in every record, so a block begins with a dictionary of them. Law: the
//! encoding is canonical; two replicas that hold the same records in the same order write the same bytes, and a reader
//! refuses any other form.

use crate::codec::{DecodeError, Reader, Writer};
use crate::context::Context;
use crate::dot::{Dot, MAXIMUM_COUNTER};
use crate::hlc::{Hlc, MAXIMUM_MS};
use crate::id::ReplicaId;
use crate::key::{MAXIMUM_KEY_BYTES, RecordKey};
use crate::limits::Limits;
use crate::record::{Record, Version};
use crate::vector::VersionVector;

/// The replicas that a block names, in order, each once.
struct Dictionary(Vec<ReplicaId>);

impl Dictionary {
    fn of<'a>(records: impl Iterator<Item = &'a Record>) -> Self {
        // A context names the writers of all its versions and of all their pasts.
        let mut ids: Vec<ReplicaId> =
            records.flat_map(|record| record.context().iter().map(|dot| dot.replica)).collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    fn write(&self, writer: &mut Writer) {
        writer.size(self.0.len());
        self.0.iter().for_each(|id| writer.raw(&id.to_bytes()));
    }

    fn index(&self, id: ReplicaId) -> usize {
        self.0.binary_search(&id).unwrap_or(usize::MAX)
    }
}

/// The replicas that a block names as it is read, and which of them its records have used so far.
struct Names(Vec<(ReplicaId, bool)>);

impl Names {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.count()?;
        let mut names = Vec::with_capacity(count.min(reader.left() / ReplicaId::LENGTH + 1));
        for _ in 0..count {
            let id = ReplicaId::from_bytes(reader.array()?);
            if names.last().is_some_and(|(last, _)| *last >= id) {
                return Err(DecodeError::NotCanonical("a dictionary"));
            }
            names.push((id, false));
        }
        Ok(Self(names))
    }

    // What a record names anywhere its context names too, so whatever is read is used.
    fn id(&mut self, reader: &mut Reader<'_>) -> Result<ReplicaId, DecodeError> {
        let index = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let (id, is_used) = self.0.get_mut(index).ok_or(DecodeError::Invalid("a replica's index"))?;
        *is_used = true;
        Ok(*id)
    }

    fn are_used(&self) -> bool {
        self.0.iter().all(|(_, is_used)| *is_used)
    }
}

/// Writes records with their keys, in the given order.
pub fn write_block<'a>(
    writer: &mut Writer,
    entries: impl Iterator<Item = (&'a RecordKey, &'a Record)> + Clone,
) {
    let dictionary = Dictionary::of(entries.clone().map(|(_, record)| record));
    let versions = entries.clone().flat_map(|(_, record)| record.versions());
    let base_ms = versions.map(|version| version.at.ms).min().unwrap_or(0);
    dictionary.write(writer);
    writer.number(base_ms);
    writer.size(entries.clone().count());
    for (key, record) in entries {
        writer.bytes(key.as_str().as_bytes());
        RecordWriter { writer, dictionary: &dictionary, base_ms }.record(record);
    }
}

/// Reads what [`write_block`] wrote.
pub fn read_block(reader: &mut Reader<'_>, limits: &Limits) -> Result<Vec<(RecordKey, Record)>, DecodeError> {
    let mut names = Names::read(reader)?;
    let base_ms = reader.number_up_to(MAXIMUM_MS, "a time")?;
    let count = reader.count()?;
    if count > limits.block_records {
        return Err(DecodeError::TooLarge("a block"));
    }
    let mut past_entries = limits.past_entries();
    let mut smallest = None;
    // An entry takes at least five bytes, so that a count cannot reserve much more than the input is long.
    let mut entries = Vec::with_capacity(count.min(reader.left() / 5));
    for _ in 0..count {
        let key =
            reader.text(MAXIMUM_KEY_BYTES, "a key")?.parse().map_err(|_| DecodeError::Invalid("a key"))?;
        let past_entries = &mut past_entries;
        let record = RecordReader { reader, names: &mut names, base_ms, limits, past_entries }.record()?;
        let times = record.versions().iter().map(|version| version.at.ms);
        smallest = times.chain(smallest).min();
        entries.push((key, record));
    }
    if !names.are_used() || smallest.unwrap_or(0) != base_ms {
        return Err(DecodeError::NotCanonical("a block"));
    }
    Ok(entries)
}

impl Record {
    /// The record as bytes of its own. Equal records have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let dictionary = Dictionary::of(std::iter::once(self));
        dictionary.write(&mut writer);
        RecordWriter { writer: &mut writer, dictionary: &dictionary, base_ms: 0 }.record(self);
        writer.into_bytes()
    }

    /// Reads what [`Record::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut names = Names::read(&mut reader)?;
        let (base_ms, past_entries) = (0, &mut limits.past_entries());
        let (bytes, names) = (&mut reader, &mut names);
        let record = RecordReader { reader: bytes, names, base_ms, limits, past_entries }.record()?;
        if !names.are_used() {
            return Err(DecodeError::NotCanonical("a record"));
        }
        reader.finish()?;
        if record.is_absent() { Err(DecodeError::Invalid("a record")) } else { Ok(record) }
    }
}

struct RecordWriter<'a> {
    writer: &'a mut Writer,
    dictionary: &'a Dictionary,
    base_ms: u64,
}

impl RecordWriter<'_> {
    fn record(&mut self, record: &Record) {
        self.vector(record.context());
        self.writer.size(record.versions().len());
        record.versions().iter().for_each(|version| self.version(version, record.context()));
    }

    fn vector(&mut self, vector: &VersionVector) {
        self.writer.size(vector.len());
        vector.iter().for_each(|dot| self.dot(dot));
    }

    fn dot(&mut self, dot: Dot) {
        self.writer.size(self.dictionary.index(dot.replica));
        self.writer.number(dot.counter);
    }

    fn version(&mut self, version: &Version, context: &VersionVector) {
        self.writer.size(self.dictionary.index(version.dot.replica));
        // The newest write of a replica to a record is the usual one, and takes one byte as its distance from there.
        self.writer.number(context.get(version.dot.replica).saturating_sub(version.dot.counter));
        self.past(version, context);
        self.writer.number(version.at.ms.saturating_sub(self.base_ms));
        self.writer.number(version.at.count.into());
        match &version.content {
            None => self.writer.number(0),
            Some(content) => {
                self.writer.number(content.len() as u64 + 1);
                self.writer.raw(content);
            }
        }
    }

    // Without concurrency a version's past is the record's context but for the writer's own entry, so that is all that
    // is written (plus one); zero says that the past follows in full.
    fn past(&mut self, version: &Version, context: &VersionVector) {
        if is_usual_past(version, context) {
            return self.writer.number(version.past.vector().get(version.dot.replica) + 1);
        }
        self.writer.number(0);
        self.vector(version.past.vector());
        self.writer.size(version.past.dots().count());
        version.past.dots().for_each(|dot| self.dot(dot));
    }
}

fn is_usual_past(version: &Version, context: &VersionVector) -> bool {
    let is_other = |dot: &Dot| dot.replica != version.dot.replica;
    let others = version.past.vector().iter().filter(is_other);
    version.past.is_plain() && others.eq(context.iter().filter(is_other))
}

struct RecordReader<'a, 'b> {
    reader: &'a mut Reader<'b>,
    names: &'a mut Names,
    base_ms: u64,
    limits: &'a Limits,
    // How many entries the pasts may still have: a few bytes can stand for a past as long as the context.
    past_entries: &'a mut usize,
}

impl RecordReader<'_, '_> {
    fn record(&mut self) -> Result<Record, DecodeError> {
        let context = self.vector()?;
        let count = self.reader.count()?;
        if count > self.limits.siblings {
            return Err(DecodeError::TooLarge("a record's siblings"));
        }
        let mut versions = Vec::with_capacity(count.min(16));
        for _ in 0..count {
            versions.push(self.version(&context)?);
        }
        // Among others, a record may be absent: the sender has nothing of it.
        if context.is_empty() && versions.is_empty() {
            return Ok(Record::new());
        }
        Record::from_parts(context, versions).ok_or(DecodeError::Invalid("a record"))
    }

    fn vector(&mut self) -> Result<VersionVector, DecodeError> {
        let count = self.reader.count()?;
        if count > self.limits.context_replicas {
            return Err(DecodeError::TooLarge("a context"));
        }
        let mut vector = VersionVector::with_capacity(count.min(16));
        for _ in 0..count {
            let dot = self.dot()?;
            if !vector.append(dot) {
                return Err(DecodeError::NotCanonical("a vector"));
            }
        }
        Ok(vector)
    }

    fn dot(&mut self) -> Result<Dot, DecodeError> {
        let replica = self.names.id(self.reader)?;
        match self.reader.number_up_to(MAXIMUM_COUNTER, "a counter")? {
            0 => Err(DecodeError::NotCanonical("a vector")),
            counter => Ok(Dot::new(replica, counter)),
        }
    }

    fn version(&mut self, context: &VersionVector) -> Result<Version, DecodeError> {
        let replica = self.names.id(self.reader)?;
        let behind = self.reader.number()?;
        let counter = context.get(replica).checked_sub(behind).filter(|counter| *counter > 0);
        let dot = Dot::new(replica, counter.ok_or(DecodeError::Invalid("a dot"))?);
        let past = self.past(dot, context)?;
        let left = self.past_entries.checked_sub(past.0.vector().len());
        *self.past_entries = left.ok_or(DecodeError::TooLarge("a past"))?;
        let ms = self.base_ms.saturating_add(self.reader.number()?);
        let count = u16::try_from(self.reader.number()?).map_err(|_| DecodeError::TooLarge("a time"))?;
        if ms > MAXIMUM_MS {
            return Err(DecodeError::TooLarge("a time"));
        }
        let content = self.content()?;
        let version = Version { dot, past: past.0, at: Hlc { ms, count }, content };
        if past.1 && is_usual_past(&version, context) {
            return Err(DecodeError::NotCanonical("a past"));
        }
        Ok(version)
    }

    // The past, and whether it was written in full.
    fn past(&mut self, dot: Dot, context: &VersionVector) -> Result<(Context, bool), DecodeError> {
        let own = self.reader.number_up_to(MAXIMUM_COUNTER + 1, "a counter")?;
        if let Some(own) = own.checked_sub(1) {
            return Ok((context.with(Dot::new(dot.replica, own)).into(), false));
        }
        let vector = self.vector()?;
        let dots = (0..self.reader.count()?).map(|_| self.dot()).collect::<Result<_, _>>()?;
        Ok((Context::from_parts(vector, dots).ok_or(DecodeError::NotCanonical("a past"))?, true))
    }

    fn content(&mut self) -> Result<Option<crate::record::Content>, DecodeError> {
        let Some(length) = self.reader.number()?.checked_sub(1) else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > self.limits.content_bytes {
            return Err(DecodeError::TooLarge("a content"));
        }
        Ok(Some(self.reader.raw(length)?.into()))
    }
}
