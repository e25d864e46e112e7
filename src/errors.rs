//! The errors of the shell, each with the stable code that JavaScript sees.

use js_sys::{Error, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;

/// What went wrong, with a stable code.
#[derive(Clone, Debug)]
pub(crate) struct ShellError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl ShellError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The error of a database that has been closed.
    pub(crate) fn closed() -> Self {
        Self::new("closed", "The database is closed.")
    }
}

impl From<ShellError> for JsValue {
    fn from(error: ShellError) -> Self {
        let js = Error::new(&error.message);
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&js, &JsValue::from_str("code"), &JsValue::from_str(error.code));
        js.into()
    }
}

/// The stable code for what IndexedDB says.
pub(crate) fn storage_code(name: &str) -> &'static str {
    match name {
        "ConstraintError" => "collided",
        "QuotaExceededError" => "quota-exceeded",
        "AbortError" => "transaction-aborted",
        "InvalidStateError" => "storage-lost",
        "VersionError" => "newer-version",
        "SecurityError" | "NotAllowedError" => "storage-unavailable",
        _ => "storage-failed",
    }
}

impl From<&DomException> for ShellError {
    fn from(exception: &DomException) -> Self {
        Self::new(storage_code(&exception.name()), exception.message())
    }
}

/// What a thrown or rejected value says, as a storage error.
pub(crate) fn from_thrown(thrown: &JsValue) -> ShellError {
    match thrown.dyn_ref::<DomException>() {
        Some(exception) => exception.into(),
        None => ShellError::new("storage-failed", format!("{thrown:?}")),
    }
}

impl From<rexie::Error> for ShellError {
    fn from(error: rexie::Error) -> Self {
        match error {
            rexie::Error::IdbError(error) => error.into(),
            other => Self::new("transaction-aborted", other.to_string()),
        }
    }
}

impl From<idb::Error> for ShellError {
    fn from(error: idb::Error) -> Self {
        if let idb::Error::DomException(exception) = &error {
            return exception.into();
        }
        // The other variants carry the thrown value as text only; the exception's name stands in it.
        let text = error.to_string();
        let names =
            ["QuotaExceededError", "VersionError", "SecurityError", "InvalidStateError", "AbortError"];
        let name = names.into_iter().find(|name| text.contains(name)).unwrap_or("");
        Self::new(storage_code(name), text)
    }
}
