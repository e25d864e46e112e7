//! The readable forms of names, times, contents and records.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use eyot_core::{
    Content, Context, DecodeError, Dot, Hlc, Limits, Reader, Record, RecordKey, Version, VersionVector,
    Writer, read_block, write_block,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::file::{Form, hex, unhex};

/// Records with their keys.
pub(crate) type Entries = Vec<(RecordKey, Record)>;

/// What has a text notation of its own.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|error| D::Error::custom(format!("{text}: {error}")))
    }
}

/// A number of 64 bits, as `0x` and sixteen digits: JSON readers lose the lower bits of large numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Bits(pub(crate) u64);

impl Bits {
    pub(crate) fn is_nothing(&self) -> bool {
        self.0 == 0
    }
}

pub(crate) fn no_bits() -> Bits {
    Bits(0)
}

pub(crate) fn no_writes() -> Text<VersionVector> {
    Text(VersionVector::new())
}

pub(crate) fn is_empty(vector: &Text<VersionVector>) -> bool {
    vector.0.is_empty()
}

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 16);
        let bits = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        bits.map(Self).ok_or_else(|| D::Error::custom(format!("{text} is not 0x and 16 digits")))
    }
}

/// A time as `milliseconds.count`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Time(pub(crate) Hlc);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts =
            text.split_once('.').and_then(|(ms, count)| Some((ms.parse().ok()?, count.parse().ok()?)));
        let (ms, count) =
            parts.ok_or_else(|| D::Error::custom(format!("{text} is not milliseconds.count")))?;
        Ok(Self(Hlc { ms, count }))
    }
}

/// A content: its text where it is UTF-8; none is a deletion.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ContentForm {
    Text(String),
    Bytes { hex: String },
}

impl ContentForm {
    pub(crate) fn of(content: &[u8]) -> Self {
        let text = std::str::from_utf8(content);
        text.map_or_else(|_| Self::Bytes { hex: hex(content) }, |text| Self::Text(text.to_owned()))
    }

    pub(crate) fn content(&self) -> Content {
        match self {
            Self::Text(text) => text.as_bytes().into(),
            Self::Bytes { hex } => unhex(hex).into(),
        }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionForm {
    dot: Text<Dot>,
    past: Text<Context>,
    at: Time,
    content: Option<ContentForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<Text<Dot>>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordForm {
    context: Text<VersionVector>,
    versions: Vec<VersionForm>,
}

impl RecordForm {
    pub(crate) fn of(record: &Record) -> Self {
        let version = |version: &Version| VersionForm {
            dot: Text(version.dot),
            past: Text(version.past.clone()),
            at: Time(version.at),
            content: version.content.as_deref().map(ContentForm::of),
            references: version.references.as_slice().iter().copied().map(Text).collect(),
        };
        let versions = record.versions().iter().map(version).collect();
        Self { context: Text(record.context().clone()), versions }
    }

    pub(crate) fn record(&self) -> Record {
        let version = |version: &VersionForm| Version {
            dot: version.dot.0,
            past: version.past.0.clone(),
            at: version.at.0,
            content: version.content.as_ref().map(ContentForm::content),
            references: eyot_core::References::new(version.references.iter().map(|dot| dot.0).collect()),
        };
        let versions: Vec<Version> = self.versions.iter().map(version).collect();
        if self.context.0.is_empty() && versions.is_empty() {
            return Record::new();
        }
        Record::from_parts(self.context.0.clone(), versions).expect("the form is that of a record")
    }
}

impl Form for RecordForm {
    type Value = Record;

    fn value(&self) -> Record {
        self.record()
    }

    fn write(&self) -> Vec<u8> {
        self.record().to_bytes()
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<Record, DecodeError> {
        Record::from_bytes(bytes, limits)
    }
}

/// A record with its key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryForm {
    key: Text<RecordKey>,
    record: RecordForm,
}

impl EntryForm {
    pub(crate) fn of((key, record): &(RecordKey, Record)) -> Self {
        Self { key: Text(key.clone()), record: RecordForm::of(record) }
    }
}

pub(crate) fn entries(forms: &[EntryForm]) -> Entries {
    forms.iter().map(|form| (form.key.0.clone(), form.record.record())).collect()
}

/// The block of these records; no records are no block.
pub(crate) fn block(entries: &Entries) -> Vec<u8> {
    let mut writer = Writer::new();
    if !entries.is_empty() {
        write_block(&mut writer, entries.iter().map(|(key, record)| (key, record)));
    }
    writer.into_bytes()
}

/// A whole block, or nothing at all.
pub(crate) fn unblock(bytes: &[u8], limits: &Limits) -> Result<Entries, DecodeError> {
    let mut reader = Reader::new(bytes);
    let entries = if bytes.is_empty() { Vec::new() } else { read_block(&mut reader, limits)? };
    reader.finish()?;
    Ok(entries)
}

/// A block, even one without records.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct BlockForm(Vec<EntryForm>);

impl Form for BlockForm {
    type Value = Entries;

    fn value(&self) -> Entries {
        entries(&self.0)
    }

    fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let entries = self.value();
        write_block(&mut writer, entries.iter().map(|(key, record)| (key, record)));
        writer.into_bytes()
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<Entries, DecodeError> {
        let mut reader = Reader::new(bytes);
        let entries = read_block(&mut reader, limits)?;
        reader.finish()?;
        Ok(entries)
    }
}
