//! Records as JavaScript gets them: as one text, whatever their number. Must not know who asked.
//!
//! A crossing costs more than what crosses, so many records cross at once, and as a text, which both sides read natively:
//! a JSON array on the first line, then the contents one after the other, as they are. The array has for each record its
//! id (in pages only), its context (0 where it is the same text as the dots that come next), whether it is unsent (0 or 1),
//! how many siblings it has, and of each sibling the milliseconds since 1970, the dots with spaces between them, and the
//! length of its content in UTF-16 units (-1 for a deletion). A record that is not there is a single null.
//!
//! A sibling with references has in the place of its dots an array: the dots, the references with spaces between them, and,
//! where there are several siblings, for each reference an array of who has seen it, each by the place that its dot has where
//! the dots of all siblings stand one after the other. Where that is too much to judge, there is a 0.

use std::fmt::Write;

use eyot_core::engine::{Engine, Reading, Wanted};
use eyot_core::{Context, Dot, Record, References, siblings, witnesses};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::errors::ShellError;

// For each reference of a sibling who has seen it.
type Witnesses = Vec<Vec<usize>>;

/// Puts records into one text.
#[derive(Default)]
pub(crate) struct Packer {
    head: String,
    contents: String,
}

impl Packer {
    /// Adds the id of the record that comes next.
    pub(crate) fn id(&mut self, id: &str) {
        self.begin();
        push_json_text(&mut self.head, id);
    }

    /// Adds a record as whoever has that context sees it.
    pub(crate) fn record(&mut self, record: &Record, context: &Context, is_unsent: bool) {
        match record.versions() {
            // Nearly all records have one version, and it needs no sorting.
            [version] => {
                self.record_head(context, &[version.dot], is_unsent, 1);
                self.at(version.at.ms);
                self.names(&[version.dot], &version.references, None);
                self.sibling(version.content.as_deref());
            }
            _ => self.siblings(record, context, is_unsent),
        }
    }

    fn siblings(&mut self, record: &Record, context: &Context, is_unsent: bool) {
        let siblings = siblings(record);
        let first = siblings.first().map_or(&[][..], |sibling| &sibling.dots);
        self.record_head(context, first, is_unsent, siblings.len());
        let seen = match siblings.len() {
            1 => None,
            _ => Some(witnesses(record, &siblings)),
        };
        for (place, sibling) in siblings.iter().enumerate() {
            self.at(sibling.at.ms);
            let seen = seen.as_ref().map(|seen| seen.as_ref().and_then(|seen| seen.get(place)));
            self.names(&sibling.dots, &sibling.references, seen);
            self.sibling(sibling.content.as_deref());
        }
    }

    /// Adds that there is no record.
    pub(crate) fn absent(&mut self) {
        self.begin();
        self.head.push_str("null");
    }

    /// The text.
    pub(crate) fn finish(mut self) -> String {
        if self.head.is_empty() {
            self.head.push('[');
        }
        self.head.push_str("]\n");
        self.head.push_str(&self.contents);
        self.head
    }

    fn record_head(&mut self, context: &Context, first: &[Dot], is_unsent: bool, siblings: usize) {
        self.begin();
        // Then both have the same text.
        if context.is_plain() && context.vector().iter().eq(first.iter().copied()) {
            self.head.push('0');
        } else {
            push(&mut self.head, &format_args!("\"{context}\""));
        }
        self.head.push_str(if is_unsent { ",1," } else { ",0," });
        push_number(&mut self.head, siblings as u64);
    }

    fn at(&mut self, at_ms: u64) {
        self.begin();
        push_number(&mut self.head, at_ms);
    }

    fn names(&mut self, dots: &[Dot], references: &References, seen: Option<Option<&Witnesses>>) {
        if references.is_empty() {
            self.begin();
            return self.dots(dots);
        }
        self.head.push_str(",[");
        self.dots(dots);
        self.begin();
        self.dots(references.as_slice());
        match seen {
            None => {}
            Some(None) => self.head.push_str(",0"),
            Some(Some(seen)) => push(&mut self.head, &format_args!(",{seen:?}")),
        }
        self.head.push(']');
    }

    fn dots(&mut self, dots: &[Dot]) {
        self.head.push('"');
        push_dots(&mut self.head, dots);
        self.head.push('"');
    }

    fn sibling(&mut self, content: Option<&[u8]>) {
        self.begin();
        match content {
            None => self.head.push_str("-1"),
            Some(content) => {
                // Contents that are not text were not written by this facade; it reports them as unreadable.
                match std::str::from_utf8(content) {
                    Ok(text) => self.content(text),
                    Err(_) => self.content(&String::from_utf8_lossy(content)),
                }
            }
        }
    }

    fn content(&mut self, text: &str) {
        push_number(&mut self.head, utf16_length(text) as u64);
        self.contents.push_str(text);
    }

    fn begin(&mut self) {
        self.head.push(if self.head.is_empty() { '[' } else { ',' });
    }
}

/// The record of that key; nothing where there is none, or nothing but deletions; empty where it is not in memory.
pub(crate) fn packed_doc(engine: &Engine, key: &str) -> Option<String> {
    match engine.read(key) {
        Reading::Away => Some(String::new()),
        Reading::Shown(shown) if is_shown(shown.record) => {
            let mut packer = Packer::default();
            packer.record(shown.record, &shown.context, shown.is_unsent);
            Some(packer.finish())
        }
        Reading::Shown(_) | Reading::Absent => None,
    }
}

/// Records of a collection.
pub(crate) struct PackedPage {
    /// With their ids.
    pub(crate) packed: String,
    /// The id that was looked at last; the one after which they were asked for, where there was none.
    pub(crate) last: Option<String>,
    /// What comes after it: `none`, `here` or `away`.
    pub(crate) rest: &'static str,
}

/// Records of a collection after an id, at most so many, as far as they are in memory.
pub(crate) fn packed_page(
    engine: &Engine,
    collection: &str,
    after: Option<String>,
    limit: usize,
) -> PackedPage {
    let (mut packer, mut last, mut shown) = (Packer::default(), None, 0);
    let mut records = engine.collection(collection, after.as_deref());
    while shown < limit {
        let Some((key, found)) = records.next() else { break };
        last = Some(key);
        if is_shown(found.record) {
            shown += 1;
            packer.id(key.id());
            packer.record(found.record, &found.context, found.is_unsent);
        }
    }
    let last = last.map(|key| key.id().to_owned()).or(after);
    let rest = || Wanted::After { collection: collection.to_owned(), id: last.clone() };
    let rest = match shown < limit {
        false => "here",
        true if engine.is_here(&rest()) => "none",
        true => "away",
    };
    PackedPage { packed: packer.finish(), last, rest }
}

/// A record is shown while an edit stands, also beside a deletion.
pub(crate) fn is_shown(record: &Record) -> bool {
    !record.is_deleted()
}

/// Plain data as a JavaScript value.
pub(crate) fn to_js<T: Serialize>(value: &T) -> JsValue {
    serde_wasm_bindgen::to_value(value).unwrap_or(JsValue::UNDEFINED)
}

/// A JavaScript value as plain data.
pub(crate) fn from_js<T: serde::de::DeserializeOwned>(value: JsValue) -> Result<T, ShellError> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| ShellError::new("invalid-argument", error.to_string()))
}

/// A text as JSON.
pub(crate) fn push_json_text(json: &mut String, text: &str) {
    json.push('"');
    if text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | ..0x20)) {
        for character in text.chars() {
            match character {
                '"' | '\\' => json.extend(['\\', character]),
                ..' ' => {
                    let digit =
                        |shift: u32| char::from_digit(character as u32 >> shift & 15, 16).unwrap_or('0');
                    json.push_str("\\u00");
                    json.extend([digit(4), digit(0)]);
                }
                _ => json.push(character),
            }
        }
    } else {
        json.push_str(text);
    }
    json.push('"');
}

fn push_dots(text: &mut String, dots: &[Dot]) {
    for (place, dot) in dots.iter().enumerate() {
        if place > 0 {
            text.push(' ');
        }
        push(text, &dot.replica);
        text.push(':');
        push_number(text, dot.counter);
    }
}

// Without the standard library's machinery, which looks at how a number is to be set.
fn push_number(text: &mut String, number: u64) {
    if number > 9 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

fn push(text: &mut String, part: &impl std::fmt::Display) {
    // Writing to a text cannot fail.
    let _ = write!(text, "{part}");
}

// Every byte that begins a character is a unit, and one that begins a character of four bytes is two.
fn utf16_length(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.bytes().map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0)).sum()
}
