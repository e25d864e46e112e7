//! The files of the vectors: how they are read, checked, and on request written anew.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use eyot_core::{DecodeError, Limits};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const LONGEST_LINE: usize = 110;

/// A kind of value that has bytes, in its readable form.
pub(crate) trait Form: Serialize + DeserializeOwned {
    /// What the form stands for.
    type Value: PartialEq + Debug;
    /// True where no part of the bytes from the front is a whole value by itself.
    const IS_WHOLE: bool = true;
    /// True where nothing may follow.
    const HAS_END: bool = true;

    fn value(&self) -> Self::Value;
    fn write(&self) -> Vec<u8>;
    fn read(bytes: &[u8], limits: &Limits) -> Result<Self::Value, DecodeError>;
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<F> {
    about: String,
    accepted: Vec<Accepted<F>>,
    /// What a reader takes although no writer writes it.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    tolerated: Vec<Accepted<F>>,
    rejected: Vec<Rejected>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted<F> {
    name: String,
    shows: String,
    #[serde(default)]
    hex: String,
    decoded: F,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejected {
    name: String,
    shows: String,
    /// Limits other than the usual ones, so that a case for a limit need not be large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsForm>,
    hex: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    siblings: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_replicas: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_records: Option<usize>,
}

impl LimitsForm {
    fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            content_bytes: self.content_bytes.unwrap_or(usual.content_bytes),
            siblings: self.siblings.unwrap_or(usual.siblings),
            context_replicas: self.context_replicas.unwrap_or(usual.context_replicas),
            message_bytes: self.message_bytes.unwrap_or(usual.message_bytes),
            block_records: self.block_records.unwrap_or(usual.block_records),
        }
    }
}

impl Rejected {
    fn read<F: Form>(&self) -> Result<F::Value, DecodeError> {
        let limits = self.limits.as_ref().map(LimitsForm::limits).unwrap_or_default();
        F::read(&unhex(&self.hex), &limits)
    }
}

/// Checks every case of a file of values and their bytes.
pub(crate) fn check_bytes<F: Form>(name: &str) {
    let mut file: File<F> = load(name);
    if is_updating() {
        renew(&mut file);
        store(name, &file);
    }
    let cases = file.accepted.iter().chain(&file.tolerated).map(|case| &case.name);
    check_names(cases.chain(file.rejected.iter().map(|case| &case.name)));
    for case in &file.accepted {
        check_accepted(case);
    }
    for case in &file.tolerated {
        let bytes = unhex(&case.hex);
        assert_eq!(F::read(&bytes, &Limits::default()), Ok(case.decoded.value()), "{}", case.name);
        assert_ne!(case.decoded.write(), bytes, "{} is just what a writer writes", case.name);
    }
    for case in &file.rejected {
        let error = case.read::<F>().expect_err(&case.name);
        let found = (error.code().to_owned(), error.to_string());
        assert_eq!(found, (case.code.clone(), case.reason.clone()), "{}", case.name);
    }
}

fn check_accepted<F: Form>(case: &Accepted<F>) {
    let (name, bytes, limits) = (&case.name, unhex(&case.hex), Limits::default());
    assert_eq!(F::read(&bytes, &limits), Ok(case.decoded.value()), "{name} is read");
    assert_eq!(hex(&case.decoded.write()), hex(&bytes), "{name} is written");
    for end in 0..bytes.len() {
        let cut = F::read(&bytes[..end], &limits);
        assert!(cut.as_ref() != Ok(&case.decoded.value()), "{name} cut at {end} reads the same");
        assert!(cut.is_err() || !F::IS_WHOLE, "{name} cut at {end} is read");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(F::read(&longer, &limits).is_err() || !F::HAS_END, "{name} with a byte more is read");
}

fn renew<F: Form>(file: &mut File<F>) {
    for case in &mut file.accepted {
        renew_hex(&mut case.hex, &case.decoded.write());
    }
    for case in &mut file.rejected {
        let error = case.read::<F>().expect_err(&case.name);
        (case.code, case.reason) = (error.code().to_owned(), error.to_string());
    }
}

/// Replaces bytes that have changed; others keep the spaces that somebody put between their parts.
pub(crate) fn renew_hex(text: &mut String, bytes: &[u8]) {
    if text.is_empty() || unhex(text) != bytes {
        *text = hex(bytes);
    }
}

/// No two cases of a file have one name.
pub(crate) fn check_names<'a>(names: impl Iterator<Item = &'a String>) {
    let mut seen = BTreeSet::new();
    names.for_each(|name| assert!(seen.insert(name), "{name} is there twice"));
}

/// True when the files are to be written anew.
pub(crate) fn is_updating() -> bool {
    std::env::var_os("UPDATE_VECTORS").is_some_and(|value| value == "1")
}

pub(crate) fn load<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(path(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn store<T: Serialize>(name: &str, value: &T) {
    let pretty = serde_json::to_string_pretty(value).unwrap();
    let lines: Vec<&str> = pretty.lines().collect();
    let mut text = String::new();
    fold(&lines, &mut text);
    std::fs::write(path(name), text).unwrap();
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/vectors", name].iter().collect()
}

// Puts every list and object that fits on one line on one line: that is how people read them.
fn fold(lines: &[&str], text: &mut String) {
    let mut rest = lines;
    while let Some((first, after)) = rest.split_first() {
        let indent = first.len() - first.trim_start().len();
        let is_end = |line: &&str| line.len() - line.trim_start().len() == indent;
        let length =
            if first.ends_with(['{', '[']) { after.iter().position(is_end).map(|end| end + 2) } else { None };
        let whole = rest.get(..length.unwrap_or(1)).unwrap_or(rest);
        let line = whole.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        if indent + line.chars().count() <= LONGEST_LINE || whole.len() == 1 {
            text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
        } else {
            text.push_str(&format!("{first}\n"));
            fold(&whole[1..whole.len() - 1], text);
            text.push_str(&format!("{}\n", whole[whole.len() - 1]));
        }
        rest = &rest[whole.len()..];
    }
}

/// Bytes of hexadecimal digits. Spaces between them are for people; `61*500` is that byte 500 times.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    text.split_whitespace().flat_map(unhex_word).collect()
}

fn unhex_word(word: &str) -> Vec<u8> {
    let (digits, times) = word.split_once('*').unwrap_or((word, "1"));
    assert!(digits.len().is_multiple_of(2), "{word} has half a byte");
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect::<Vec<u8>>().repeat(times.parse().unwrap())
}

/// Hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
