//! Writes on their way from JavaScript to the engine, and their answers back.

use std::rc::Rc;

use eyot_core::engine::{EngineInput, Write};
use eyot_core::{Context, RecordKey};
use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::doc::written_doc;
use crate::driver::{Answer, Driver};
use crate::errors::ShellError;

/// How many items stand for one write: collection, id, text, context.
const ITEMS: u32 = 4;

/// Hands the engine a batch of writes. They show when this returns; the promise settles when they are durable.
pub(crate) fn write(driver: &Rc<Driver>, flat: &Array) -> Result<Promise, ShellError> {
    driver.check_open()?;
    if !flat.length().is_multiple_of(ITEMS) {
        return Err(ShellError::new("invalid-argument", "Every write takes four items."));
    }
    let writes = (0..flat.length()).step_by(ITEMS as usize).map(|at| read_write(flat, at));
    let writes: Vec<Write> = writes.collect::<Result<_, _>>()?;
    let keys: Vec<RecordKey> = writes.iter().map(|write| write.key.clone()).collect();
    let mut answer = driver.request(|ticket| EngineInput::Write { ticket, writes });
    // A write that is refused is refused at once, and then nothing of it shows.
    if let Ok(Some(Err(error))) = answer.try_recv() {
        return Err(error);
    }
    let driver = Rc::clone(driver);
    Ok(future_to_promise(async move {
        let contexts = match answer.await.map_err(|_| ShellError::closed())?? {
            Answer::Written(contexts) => contexts,
            _ => Vec::new(),
        };
        let engine = driver.engine();
        let docs =
            keys.iter().zip(&contexts).map(|(key, context)| written_doc(&engine, key.as_str(), context));
        Ok(docs.collect::<Array>().into())
    }))
}

fn read_write(flat: &Array, at: u32) -> Result<Write, ShellError> {
    let text = |item: u32| flat.get(at + item).as_string();
    let key = RecordKey::new(&text(0).unwrap_or_default(), &text(1).unwrap_or_default())
        .map_err(|error| ShellError::new("invalid-id", error.to_string()))?;
    let context = match text(3) {
        Some(context) => Some(read_context(&context)?),
        None => None,
    };
    Ok(Write { key, context, content: text(2).map(|text| text.into_bytes().into()) })
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
            Answer::Written(_) | Answer::Awaited => Ok(JsValue::UNDEFINED),
        }
    }))
}
