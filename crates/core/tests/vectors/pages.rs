//! The readable forms of pages and of the root of a checkpoint.

use eyot_core::checkpoint::{Page, PageId, Placed, Root, read_page, write_page};
use eyot_core::{DecodeError, Limits, LogEpoch, RecordKey, Seq};
use serde::{Deserialize, Serialize};

use crate::file::{Form, hex, unhex};
use crate::forms::{Bits, RecordForm, Text};

/// A record with its key and its place in the log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlacedForm {
    key: Text<RecordKey>,
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Bits>,
    record: RecordForm,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PageForm(Vec<PlacedForm>);

impl Form for PageForm {
    type Value = Page;

    fn value(&self) -> Page {
        let placed = |form: &PlacedForm| Placed {
            record: form.record.record(),
            seq: Seq(form.seq),
            origin: form.origin.map(|epoch| LogEpoch(epoch.0)),
        };
        self.0.iter().map(|form| (form.key.0.clone(), placed(form))).collect()
    }

    fn write(&self) -> Vec<u8> {
        let page = self.value();
        write_page(&page.iter().map(|(key, placed)| (key, placed)).collect::<Vec<_>>())
    }

    fn read(bytes: &[u8], _: &Limits) -> Result<Page, DecodeError> {
        read_page(bytes)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RootForm {
    generation: u64,
    reaches: u64,
    kept_from: u64,
    parts: Vec<u64>,
    /// Hexadecimal digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
}

impl Form for RootForm {
    type Value = Root;
    // The body goes on to the end.
    const IS_WHOLE: bool = false;
    const HAS_END: bool = false;

    fn value(&self) -> Root {
        Root {
            generation: self.generation,
            reaches: self.reaches,
            kept_from: self.kept_from,
            parts: self.parts.iter().map(|part| PageId(*part)).collect(),
            body: unhex(&self.body),
        }
    }

    fn write(&self) -> Vec<u8> {
        debug_assert_eq!(hex(&unhex(&self.body)), self.body.replace(' ', ""));
        self.value().to_bytes()
    }

    fn read(bytes: &[u8], _: &Limits) -> Result<Root, DecodeError> {
        Root::from_bytes(bytes)
    }
}
