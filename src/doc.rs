//! A record as JavaScript gets it.

use eyot_core::engine::Engine;
use eyot_core::{Context, Record, Sibling, siblings};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::errors::ShellError;

/// A record as the application sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawDoc {
    context: String,
    conflicted: bool,
    pending: bool,
    versions: Vec<RawVersion>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawVersion {
    text: Option<String>,
    at: f64,
    replica: String,
    dots: Vec<String>,
}

/// The record of that key; undefined where there is none, or nothing but deletions.
pub(crate) fn doc(engine: &Engine, key: &str) -> JsValue {
    match engine.record(key).filter(|record| is_shown(record)) {
        Some(record) => to_js(&raw(record, &engine.context_of(key), engine.is_unsent(key))),
        None => JsValue::UNDEFINED,
    }
}

/// The record of that key for whoever has just written it: with what that writer has seen, and also when nothing but
/// deletions stands. A deletion is undone with the context of this.
pub(crate) fn written_doc(engine: &Engine, key: &str, context: &Context) -> JsValue {
    engine
        .record(key)
        .map_or(JsValue::UNDEFINED, |record| to_js(&raw(record, context, engine.is_unsent(key))))
}

/// A record is shown while an edit stands, also beside a deletion.
pub(crate) fn is_shown(record: &Record) -> bool {
    !record.is_deleted()
}

fn raw(record: &Record, context: &Context, pending: bool) -> RawDoc {
    let siblings = siblings(record);
    RawDoc {
        context: context.to_string(),
        conflicted: siblings.len() > 1,
        pending,
        versions: siblings.into_iter().map(raw_version).collect(),
    }
}

fn raw_version(sibling: Sibling) -> RawVersion {
    RawVersion {
        // Contents that are not text were not written by this facade; it reports them as unreadable.
        text: sibling.content.map(|content| String::from_utf8_lossy(&content).into_owned()),
        at: sibling.at.ms as f64,
        replica: sibling.dots.first().map(|dot| dot.replica.to_string()).unwrap_or_default(),
        dots: sibling.dots.iter().map(ToString::to_string).collect(),
    }
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
