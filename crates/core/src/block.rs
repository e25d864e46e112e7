//! The block: some records as bytes, in a message, in a stored value, in an export.
//!
//! Replica ids take 16 bytes each and repeat in every record, so a block begins with a dictionary of them; counters and times
//! are told as steps from those before them, which are small and alike. Law: the
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
use crate::references::{MAXIMUM_REFERENCES, References};
use crate::vector::VersionVector;

/// The replicas that a block names, in order, each once.
struct Dictionary(Vec<ReplicaId>);

/// What a record's numbers are told from: those of the records before it. Neighbours in a log have been written one after
/// the other, so the differences are small, and alike.
#[derive(Default)]
struct Before {
    // For each replica of the dictionary its counter in the last context that names it.
    counters: Vec<u64>,
    at: Hlc,
}

impl Before {
    fn new(names: usize) -> Self {
        Self { counters: vec![0; names], at: Hlc::default() }
    }

    fn counter(&self, index: usize) -> u64 {
        self.counters.get(index).copied().unwrap_or_default()
    }

    fn note(&mut self, index: usize, counter: u64) {
        if let Some(last) = self.counters.get_mut(index) {
            *last = counter;
        }
    }
}

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
    fn id(&mut self, reader: &mut Reader<'_>) -> Result<(usize, ReplicaId), DecodeError> {
        let index = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        self.at(index)
    }

    // The same of the writer of a version, and whether the version has references: then the number that no replica has, the
    // dictionary's length, stands before the index.
    fn writer(&mut self, reader: &mut Reader<'_>) -> Result<(ReplicaId, bool), DecodeError> {
        let index = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let refers = index == self.0.len();
        let (_, id) = if refers { self.id(reader)? } else { self.at(index)? };
        Ok((id, refers))
    }

    fn at(&mut self, index: usize) -> Result<(usize, ReplicaId), DecodeError> {
        let (id, is_used) = self.0.get_mut(index).ok_or(DecodeError::Invalid("a replica's index"))?;
        *is_used = true;
        Ok((index, *id))
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
    dictionary.write(writer);
    writer.size(entries.clone().count());
    let before = Before::new(dictionary.0.len());
    let mut records = RecordWriter { writer, dictionary: &dictionary, before };
    for (key, record) in entries {
        records.writer.bytes(key.as_str().as_bytes());
        records.record(record);
    }
}

/// Reads what [`write_block`] wrote.
pub fn read_block(reader: &mut Reader<'_>, limits: &Limits) -> Result<Vec<(RecordKey, Record)>, DecodeError> {
    let names = Names::read(reader)?;
    let count = reader.count()?;
    if count > limits.block_records {
        return Err(DecodeError::TooLarge("a block"));
    }
    // An entry takes at least five bytes, so that a count cannot reserve much more than the input is long.
    let mut entries = Vec::with_capacity(count.min(reader.left() / 5));
    let mut records = RecordReader::new(reader, names, limits);
    for _ in 0..count {
        let key = records.reader.text(MAXIMUM_KEY_BYTES, "a key")?;
        let key = key.parse().map_err(|_| DecodeError::Invalid("a key"))?;
        entries.push((key, records.record()?));
    }
    if !records.names.are_used() {
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
        let before = Before::new(dictionary.0.len());
        RecordWriter { writer: &mut writer, dictionary: &dictionary, before }.record(self);
        writer.into_bytes()
    }

    /// Reads what [`Record::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let names = Names::read(&mut reader)?;
        let mut records = RecordReader::new(&mut reader, names, limits);
        let record = records.record()?;
        if !records.names.are_used() {
            return Err(DecodeError::NotCanonical("a record"));
        }
        reader.finish()?;
        if record.is_absent() { Err(DecodeError::Invalid("a record")) } else { Ok(record) }
    }
}

struct RecordWriter<'a> {
    writer: &'a mut Writer,
    dictionary: &'a Dictionary,
    before: Before,
}

impl RecordWriter<'_> {
    fn record(&mut self, record: &Record) {
        self.vector(record.context());
        for dot in record.context().iter() {
            self.before.note(self.dictionary.index(dot.replica), dot.counter);
        }
        self.writer.size(record.versions().len());
        record.versions().iter().for_each(|version| self.version(version, record.context()));
    }

    fn vector(&mut self, vector: &VersionVector) {
        self.writer.size(vector.len());
        vector.iter().for_each(|dot| self.dot(dot));
    }

    fn dot(&mut self, dot: Dot) {
        let index = self.dictionary.index(dot.replica);
        self.writer.size(index);
        self.writer.step(self.before.counter(index), dot.counter);
    }

    fn version(&mut self, version: &Version, context: &VersionVector) {
        if !version.references.is_empty() {
            self.writer.size(self.dictionary.0.len());
        }
        self.writer.size(self.dictionary.index(version.dot.replica));
        // The newest write of a replica to a record is the usual one, and takes one byte as its distance from there.
        self.writer.number(context.get(version.dot.replica).saturating_sub(version.dot.counter));
        self.past(version, context);
        self.writer.step(self.before.at.ms, version.at.ms);
        self.writer.step(self.before.at.count.into(), version.at.count.into());
        self.before.at = version.at;
        match &version.content {
            None => self.writer.number(0),
            Some(content) => {
                self.writer.number(content.len() as u64 + 1);
                self.writer.raw(content);
            }
        }
        if !version.references.is_empty() {
            self.writer.size(version.references.as_slice().len());
            version.references.as_slice().iter().for_each(|dot| self.dot(*dot));
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
    names: Names,
    before: Before,
    limits: &'a Limits,
    // How many entries the pasts may still have: a few bytes can stand for a past as long as the context.
    past_entries: usize,
}

impl<'a, 'b> RecordReader<'a, 'b> {
    fn new(reader: &'a mut Reader<'b>, names: Names, limits: &'a Limits) -> Self {
        let before = Before::new(names.0.len());
        Self { reader, names, before, limits, past_entries: limits.past_entries() }
    }

    fn record(&mut self) -> Result<Record, DecodeError> {
        let context = self.context()?;
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

    fn context(&mut self) -> Result<VersionVector, DecodeError> {
        self.vector(|before, index, counter| before.note(index, counter))
    }

    fn vector(&mut self, note: impl Fn(&mut Before, usize, u64)) -> Result<VersionVector, DecodeError> {
        let count = self.reader.count()?;
        if count > self.limits.context_replicas {
            return Err(DecodeError::TooLarge("a context"));
        }
        let mut vector = VersionVector::with_capacity(count.min(16));
        for _ in 0..count {
            let (index, dot) = self.dot()?;
            if !vector.append(dot) {
                return Err(DecodeError::NotCanonical("a vector"));
            }
            note(&mut self.before, index, dot.counter);
        }
        Ok(vector)
    }

    fn dot(&mut self) -> Result<(usize, Dot), DecodeError> {
        let (index, replica) = self.names.id(self.reader)?;
        match self.reader.step_up_to(self.before.counter(index), MAXIMUM_COUNTER, "a counter")? {
            0 => Err(DecodeError::NotCanonical("a vector")),
            counter => Ok((index, Dot::new(replica, counter))),
        }
    }

    fn version(&mut self, context: &VersionVector) -> Result<Version, DecodeError> {
        let (replica, refers) = self.names.writer(self.reader)?;
        let behind = self.reader.number()?;
        let counter = context.get(replica).checked_sub(behind).filter(|counter| *counter > 0);
        let dot = Dot::new(replica, counter.ok_or(DecodeError::Invalid("a dot"))?);
        let past = self.past(dot, context)?;
        let left = self.past_entries.checked_sub(past.0.vector().len());
        self.past_entries = left.ok_or(DecodeError::TooLarge("a past"))?;
        let at = self.time()?;
        let content = self.content()?;
        let references = if refers { self.references()? } else { References::NONE };
        let version = Version { dot, past: past.0, at, content, references };
        if past.1 && is_usual_past(&version, context) {
            return Err(DecodeError::NotCanonical("a past"));
        }
        Ok(version)
    }

    // What is left out when there is none must not be told as none.
    fn references(&mut self) -> Result<References, DecodeError> {
        match self.reader.count()? {
            0 => Err(DecodeError::NotCanonical("references")),
            count if count > MAXIMUM_REFERENCES => Err(DecodeError::TooLarge("references")),
            count => {
                let dots = (0..count).map(|_| Ok(self.dot()?.1)).collect::<Result<_, _>>()?;
                Ok(References::new(dots))
            }
        }
    }

    fn time(&mut self) -> Result<Hlc, DecodeError> {
        let Hlc { ms, count } = self.before.at;
        let ms = self.reader.step_up_to(ms, MAXIMUM_MS, "a time")?;
        let count = self.reader.step_up_to(count.into(), u16::MAX.into(), "a time")?;
        let count = u16::try_from(count).map_err(|_| DecodeError::TooLarge("a time"))?;
        self.before.at = Hlc { ms, count };
        Ok(self.before.at)
    }

    // The past, and whether it was written in full.
    fn past(&mut self, dot: Dot, context: &VersionVector) -> Result<(Context, bool), DecodeError> {
        let own = self.reader.number_up_to(MAXIMUM_COUNTER + 1, "a counter")?;
        if let Some(own) = own.checked_sub(1) {
            return Ok((context.with(Dot::new(dot.replica, own)).into(), false));
        }
        let vector = self.vector(|_, _, _| {})?;
        let dots = (0..self.reader.count()?).map(|_| Ok(self.dot()?.1)).collect::<Result<_, _>>()?;
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
