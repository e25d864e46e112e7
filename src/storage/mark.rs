//! A mark outside of IndexedDB that a database was stored, so that its loss can be told when it is gone.
//!
//! The mark is in localStorage, which browsers keep elsewhere. Workers have none and make no marks. A browser that forgets
//! both at once (a private window that is closed) leaves nothing to tell, and nobody to tell it to. Must not know what the
//! application is told.

use std::cell::{Cell, RefCell};

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

use super::database_name;

/// The version of a mark's text.
const VERSION: &str = "1";
/// How often at most the mark is written because everything is saved.
const SAVED_PAUSE_MS: u64 = 1_000;

/// What a mark says: which replica was stored, and when a relay was last known to have everything of it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Mark {
    replica: String,
    saved_ms: Option<u64>,
}

/// A database that is no longer there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lost {
    /// When a relay was last known to have everything of it.
    pub(crate) saved_ms: Option<u64>,
}

/// Keeps the mark of one open database.
pub(crate) struct Marker {
    key: String,
    replica: String,
    // A loss must not be covered up before it was looked for.
    has_looked: Cell<bool>,
    known: RefCell<Option<Mark>>,
}

impl Marker {
    /// For the database of that name, in which this replica is stored.
    pub(crate) fn new(name: &str, replica: String) -> Self {
        let key = database_name(name);
        Self { key, replica, has_looked: Cell::new(false), known: RefCell::default() }
    }

    /// Looks whether the mark is of another database than the one that is there now. It is told once.
    pub(crate) fn look(&self) -> Option<Lost> {
        self.has_looked.set(true);
        let mark = read(&self.key)?;
        if mark.replica == self.replica {
            self.known.replace(Some(mark));
            return None;
        }
        remove(&self.key);
        Some(Lost { saved_ms: mark.saved_ms })
    }

    /// Something is stored.
    pub(crate) fn note_stored(&self) {
        if self.has_looked.get() && self.known.borrow().is_none() {
            // Another tab may have made it, and may know more.
            let found = read(&self.key).filter(|mark| mark.replica == self.replica);
            match found {
                Some(mark) => drop(self.known.replace(Some(mark))),
                None => self.write(None),
            }
        }
    }

    /// A relay has everything that is stored here.
    pub(crate) fn note_saved(&self, now_ms: u64) {
        let known = self.known.borrow().as_ref().map(|mark| mark.saved_ms);
        let is_due = |saved_ms: Option<u64>| saved_ms.is_none_or(|ms| now_ms.abs_diff(ms) >= SAVED_PAUSE_MS);
        if known.is_some_and(is_due) {
            self.write(Some(now_ms));
        }
    }

    /// The application wants the database to go.
    pub(crate) fn clear(&self) {
        self.known.take();
        remove(&self.key);
    }

    fn write(&self, saved_ms: Option<u64>) {
        let mark = Mark { replica: self.replica.clone(), saved_ms };
        if let Some(storage) = local_storage() {
            // Where it is refused, a loss cannot be told; nothing else depends on it.
            let _ = storage.set_item(&self.key, &mark.to_text());
        }
        self.known.replace(Some(mark));
    }
}

impl Mark {
    fn to_text(&self) -> String {
        let saved = self.saved_ms.map_or(String::new(), |ms| format!(" {ms}"));
        format!("{VERSION} {}{saved}", self.replica)
    }

    // Anything else than a mark of this version is none.
    fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        parts.next().filter(|version| *version == VERSION)?;
        let replica = parts.next().filter(|replica| !replica.is_empty())?.to_owned();
        Some(Self { replica, saved_ms: parts.next().and_then(|ms| ms.parse().ok()) })
    }
}

/// The application wants the database of that name to go: its absence is no loss.
pub(crate) fn clear(name: &str) {
    remove(&database_name(name));
}

fn read(key: &str) -> Option<Mark> {
    Mark::from_text(&local_storage()?.get_item(key).ok()??)
}

fn remove(key: &str) {
    if let Some(storage) = local_storage() {
        let _ = storage.remove_item(key);
    }
}

// Where a page may not store anything, asking for it throws.
fn local_storage() -> Option<web_sys::Storage> {
    let global: JsValue = js_sys::global().into();
    Reflect::get(&global, &"localStorage".into()).ok()?.dyn_into().ok()
}
