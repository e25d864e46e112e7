//! The readable forms of the search for differences: ranges of keys, and the fingerprints of records.

use eyot_core::reconcile::{FingerprintKey, Range, RangeContent};
use eyot_core::{Record, RecordKey};
use serde::{Deserialize, Serialize};

use crate::file::{check_names, is_updating, load, store};
use crate::forms::{Bits, RecordForm, Text};

/// A range. Without an end it goes to the end of all keys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeForm {
    end: Option<String>,
    is: ContentForm,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum ContentForm {
    Settled,
    Fingerprint { sum: Bits, count: u64 },
    Items(Vec<ItemForm>),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemForm {
    key: String,
    fingerprint: Bits,
}

impl RangeForm {
    pub(crate) fn of(range: Range) -> Self {
        let item = |(key, print): (Box<str>, u64)| ItemForm { key: key.into(), fingerprint: Bits(print) };
        let is = match range.content {
            RangeContent::Settled => ContentForm::Settled,
            RangeContent::Fingerprint(sum, count) => ContentForm::Fingerprint { sum: Bits(sum), count },
            RangeContent::Items(items) => ContentForm::Items(items.into_iter().map(item).collect()),
        };
        Self { end: range.end.map(String::from), is }
    }

    pub(crate) fn range(self) -> Range {
        let item = |item: ItemForm| (item.key.into(), item.fingerprint.0);
        let content = match self.is {
            ContentForm::Settled => RangeContent::Settled,
            ContentForm::Fingerprint { sum, count } => RangeContent::Fingerprint(sum.0, count),
            ContentForm::Items(items) => RangeContent::Items(items.into_iter().map(item).collect()),
        };
        Range { end: self.end.map(String::into_boxed_str), content }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    fingerprints: Vec<Case>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The nonce of the side that asks, then that of the side that leads.
    nonces: (Bits, Bits),
    key: Text<RecordKey>,
    record: RecordForm,
    fingerprint: Bits,
}

/// Checks the fingerprints of records.
pub(crate) fn check_fingerprints(name: &str) {
    let mut file: File = load(name);
    let print = |case: &Case| {
        let (key, record): (_, Record) =
            (FingerprintKey(case.nonces.0.0, case.nonces.1.0), case.record.record());
        Bits(key.of(case.key.0.as_str(), &record))
    };
    if is_updating() {
        file.fingerprints.iter_mut().for_each(|case| case.fingerprint = print(case));
        store(name, &file);
    }
    check_names(file.fingerprints.iter().map(|case| &case.name));
    for case in &file.fingerprints {
        assert_eq!(case.fingerprint, print(case), "{}", case.name);
    }
}
