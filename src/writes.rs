//! Writes on their way from JavaScript to the engine, and their answers back.
//!
//! However many they are, they cross at once, as one text in UTF-8: of each write its collection (nothing: as of the write before),
//! its id, its content (nothing: a deletion), and its context behind a `=` (nothing: the record's present one), separated
//! by U+0000. Where an id or a context has that character it is U+0001 and `a`, and U+0001 is U+0001 and `b`. A context may be
//! followed by U+0002 and the write's references, with spaces between them; U+0002 in the context is U+0001 and `c`.

use std::borrow::Cow;
use std::rc::Rc;

use eyot_core::engine::{EngineInput, Write};
use eyot_core::{Context, Dot, RecordKey, References};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::doc::Packer;
use crate::driver::{Answer, Driver};
use crate::errors::ShellError;

/// Hands the engine a batch of writes. They show when this returns; the promise settles when they are durable, if `answered`
/// with the records as their writers have seen them.
pub(crate) fn write(driver: &Rc<Driver>, packed: &[u8], answered: bool) -> Result<Promise, ShellError> {
    driver.check_open()?;
    let writes = read_writes(packed)?;
    let keys: Vec<RecordKey> = match answered {
        true => writes.iter().map(|write| write.key.clone()).collect(),
        false => Vec::new(),
    };
    let mut answer = driver.request(|ticket| EngineInput::Write { ticket, writes });
    // A write that is refused is refused at once, and then nothing of it shows.
    if let Ok(Some(Err(error))) = answer.try_recv() {
        return Err(error);
    }
    let driver = Rc::clone(driver);
    Ok(future_to_promise(async move {
        match answer.await.map_err(|_| ShellError::closed())?? {
            Answer::Written(contexts) if answered => Ok(packed_answer(&driver, &keys, &contexts).into()),
            _ => Ok(JsValue::UNDEFINED),
        }
    }))
}

// With what each writer has seen, and also when nothing but deletions stands: a deletion is undone with the context of
// this.
fn packed_answer(driver: &Driver, keys: &[RecordKey], contexts: &[Context]) -> String {
    let engine = driver.engine();
    let mut packer = Packer::default();
    for (key, context) in keys.iter().zip(contexts) {
        match engine.record(key.as_str()) {
            Some(record) => packer.record(record, context, engine.is_unsent(key.as_str())),
            None => packer.absent(),
        }
    }
    packer.finish()
}

fn read_writes(packed: &[u8]) -> Result<Vec<Write>, ShellError> {
    let invalid = || ShellError::new("invalid-argument", "Every write takes four parts, in UTF-8.");
    let packed = std::str::from_utf8(packed).map_err(|_| invalid())?;
    let mut parts = packed.split('\0');
    let (mut writes, mut collection) = (Vec::new(), "");
    while let Some(part) = parts.next() {
        let mut next = || parts.next().ok_or_else(invalid);
        let (id, content, context) = (next()?, next()?, next()?);
        collection = if part.is_empty() { collection } else { part };
        let key = RecordKey::new(collection, &unescaped(id))
            .map_err(|error| ShellError::new("invalid-id", error.to_string()))?;
        let (context, references) = context.split_once('\u{2}').unwrap_or((context, ""));
        let context =
            context.strip_prefix('=').map(|context| read_context(&unescaped(context))).transpose()?;
        let content = (!content.is_empty()).then(|| content.as_bytes().into());
        writes.push(Write { key, context, content, references: read_references(references)? });
    }
    Ok(writes)
}

fn unescaped(text: &str) -> Cow<'_, str> {
    match text.contains('\u{1}') {
        true => text.replace("\u{1}c", "\u{2}").replace("\u{1}a", "\0").replace("\u{1}b", "\u{1}").into(),
        false => text.into(),
    }
}

fn read_references(text: &str) -> Result<References, ShellError> {
    let dots: Result<Vec<Dot>, _> = text.split(' ').filter(|dot| !dot.is_empty()).map(str::parse).collect();
    let invalid = |_| ShellError::new("invalid-argument", format!("Not references: {text:?}."));
    Ok(References::new(dots.map_err(invalid)?))
}

/// A context that was handed out before.
pub(crate) fn read_context(text: &str) -> Result<Context, ShellError> {
    text.parse().map_err(|_| ShellError::new("invalid-context", format!("Not a context: {text:?}.")))
}

/// What a request comes to, as a promise.
pub(crate) fn promise(
    driver: &Rc<Driver>,
    input: impl FnOnce(eyot_core::engine::Ticket) -> EngineInput,
) -> Result<Promise, ShellError> {
    driver.check_open()?;
    let answer = driver.request(input);
    Ok(future_to_promise(async move {
        match answer.await.map_err(|_| ShellError::closed())?? {
            Answer::Imported(records) => Ok(JsValue::from_f64(records as f64)),
            Answer::Written(_) | Answer::Awaited | Answer::Exported(_) => Ok(JsValue::UNDEFINED),
        }
    }))
}
