//! One open database as the tests use it, and looks beneath it into IndexedDB.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::rc::Rc;

use eyot::Shell;
use gloo_timers::future::TimeoutFuture;
use idb::{Database, Factory};
use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use rexie::{Rexie, TransactionMode};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

pub(crate) struct Tab {
    shell: Shell,
    closed: Rc<RefCell<Option<String>>>,
    notices: Rc<RefCell<Vec<String>>>,
}

impl Tab {
    pub(crate) async fn open(name: &str) -> Self {
        Self::try_open(name).await.unwrap()
    }

    /// Opens it, with all that is in it in memory.
    pub(crate) async fn try_open(name: &str) -> Result<Self, JsValue> {
        let tab = Self::open_with(name, JsValue::UNDEFINED).await?;
        tab.all_texts().await;
        Ok(tab)
    }

    /// Opens it with so much memory for what is read from the disk.
    pub(crate) async fn open_small(name: &str, cache_bytes: u32) -> Self {
        let options = Object::new();
        Reflect::set(&options, &"cacheBytes".into(), &cache_bytes.into()).unwrap();
        Self::open_with(name, options.into()).await.unwrap()
    }

    async fn open_with(name: &str, options: JsValue) -> Result<Self, JsValue> {
        let closed = Rc::new(RefCell::new(None));
        let notices = Rc::new(RefCell::new(Vec::new()));
        let (heard, noticed) = (Rc::clone(&closed), Rc::clone(&notices));
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let code = property(&event, "code").as_string();
            match property(&event, "kind").as_string().as_deref() {
                Some("closed") => drop(heard.replace(code)),
                Some("notice") => noticed.borrow_mut().extend(code),
                _ => {}
            }
        });
        let listener: Function = listener.into_js_value().unchecked_into();
        let shell = Shell::open(name.to_owned(), options, listener).await?;
        Ok(Self { shell, closed, notices })
    }

    /// Has the records after an id brought into memory.
    pub(crate) async fn fetch_after(&self, after: Option<&str>) {
        settled(self.shell.fetch_after("notes".to_owned(), after.map(str::to_owned))).await.unwrap();
    }

    /// The same with one record.
    pub(crate) async fn fetch(&self, id: &str) {
        settled(self.shell.fetch(format!("notes/{id}"))).await.unwrap();
    }

    /// True when the record is in memory.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.shell.get(&format!("notes/{id}")).is_none_or(|packed| !packed.is_empty())
    }

    /// The texts of all records, read from the beginning to the end, whatever of it is in memory.
    pub(crate) async fn all_texts(&self) -> Vec<String> {
        let (mut texts, mut after) = (Vec::new(), None);
        loop {
            let page = self.shell.page("notes", after.clone(), 7);
            let versions = unpack(&page.get(0).as_string().unwrap(), 1);
            texts.extend(versions.into_iter().filter_map(|(_, text)| text));
            after = page.get(1).as_string();
            match page.get(2).as_string().unwrap().as_str() {
                "none" => return texts,
                "away" => self.fetch_after(after.as_deref()).await,
                _ => {}
            }
        }
    }

    pub(crate) async fn close(self) {
        self.shell.close().await.unwrap();
    }

    pub(crate) fn closed_code(&self) -> Option<String> {
        self.closed.borrow().clone()
    }

    /// The codes of what was worth a notice.
    pub(crate) fn notices(&self) -> Vec<String> {
        self.notices.borrow().clone()
    }

    pub(crate) fn replica(&self) -> String {
        self.shell.replica()
    }

    /// Begins the write at once, also when nobody waits for it.
    pub(crate) fn write(
        &self,
        collection: &str,
        id: &str,
        text: Option<&str>,
        context: Option<&str>,
    ) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
        settled(self.shell.write(packed_write(collection, id, text, context).as_bytes(), true))
    }

    pub(crate) fn put(&self, id: &str, text: &str) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
        self.write("notes", id, Some(text), None)
    }

    pub(crate) fn put_with(
        &self,
        id: &str,
        text: &str,
        context: &str,
    ) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
        self.write("notes", id, Some(text), Some(context))
    }

    pub(crate) fn put_all<I: Iterator<Item = (String, String)>>(
        &self,
        entries: I,
    ) -> impl Future<Output = Result<JsValue, JsValue>> + use<I> {
        let writes: Vec<String> =
            entries.map(|(id, text)| packed_write("notes", &id, Some(&text), None)).collect();
        settled(self.shell.write(writes.join("\0").as_bytes(), false))
    }

    /// All versions that stand, the displayed one first; deletions as the word.
    pub(crate) fn texts(&self, id: &str) -> Vec<String> {
        let packed = self.shell.get(&format!("notes/{id}"));
        let versions = packed.map_or_else(Vec::new, |packed| unpack(&packed, 0));
        versions.into_iter().map(|(_, text)| text.unwrap_or("deleted".into())).collect()
    }

    pub(crate) fn context(&self, id: &str) -> String {
        context_of(&self.shell.get(&format!("notes/{id}")).unwrap())
    }

    pub(crate) fn count(&self) -> usize {
        self.shell.count("notes")
    }

    pub(crate) fn token(&self) -> String {
        self.shell.token()
    }

    pub(crate) async fn until(&self, token: &str) -> Result<JsValue, JsValue> {
        settled(self.shell.until(token)).await
    }

    pub(crate) async fn export(&self) -> Vec<u8> {
        let bytes = settled(self.shell.export_all()).await.unwrap();
        bytes.unchecked_into::<Uint8Array>().to_vec()
    }

    pub(crate) async fn import(&self, bytes: &[u8]) -> Result<usize, JsValue> {
        settled(self.shell.import_all(bytes.to_vec())).await.map(|count| count.as_f64().unwrap() as usize)
    }

    /// Writes until the log has been folded into pages.
    pub(crate) async fn fold(&self, name: &str) {
        for number in 0..2_000 {
            if number >= 64 && folded(name).await.1 > 0 {
                return;
            }
            self.put("z", &number.to_string()).await.unwrap();
        }
        panic!("the log is not folded");
    }

    /// Every dot of every version that stands, each with its text.
    pub(crate) fn all_dots(&self) -> BTreeSet<String> {
        let mut dots = BTreeSet::new();
        let packed = self.shell.page("notes", None, usize::MAX >> 1).get(0).as_string().unwrap();
        dots.extend(unpack(&packed, 1).into_iter().map(|(dots, _)| dots));
        dots
    }
}

fn packed_write(collection: &str, id: &str, text: Option<&str>, context: Option<&str>) -> String {
    let context = context.map_or(String::new(), |context| format!("={context}"));
    [collection, id, text.unwrap_or(""), &context].join("\0")
}

/// The context of the first record in it.
pub(crate) fn context_of(packed: &str) -> String {
    let head = Array::from(&JSON::parse(packed.lines().next().unwrap()).unwrap());
    // Where it is not told it is what the dots are.
    head.get(0).as_string().or_else(|| head.get(4).as_string()).unwrap()
}

// The dots and the text of each version of all records in it; so many items stand before each record.
fn unpack(packed: &str, before: u32) -> Vec<(String, Option<String>)> {
    let (head, mut rest) = packed.split_once('\n').unwrap();
    let head = Array::from(&JSON::parse(head).unwrap());
    let (mut versions, mut place) = (Vec::new(), 0);
    while place < head.length() {
        place += before + 3;
        for _ in 0..head.get(place - 1).as_f64().unwrap() as u32 {
            // All that these tests write is ASCII.
            let length = head.get(place + 2).as_f64().unwrap();
            let text = (length >= 0.0).then(|| rest.split_at(length as usize));
            rest = text.map_or(rest, |(_, rest)| rest);
            versions.push((head.get(place + 1).as_string().unwrap(), text.map(|(text, _)| text.to_owned())));
            place += 3;
        }
    }
    versions
}

async fn settle(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

fn settled(promise: Result<Promise, JsValue>) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    settle(promise)
}

pub(crate) fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

pub(crate) fn code_of(error: &JsValue) -> String {
    property(error, "code").as_string().unwrap_or_else(|| format!("no code: {error:?}"))
}

/// A name that no other test uses.
pub(crate) fn unused_name() -> String {
    format!("test-{:.0}", js_sys::Math::random() * 1e15)
}

/// Waits until something is so; fails when it does not come.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        TimeoutFuture::new(2).await;
    }
    panic!("what was waited for has not come");
}

async fn log_values(name: &str) -> Vec<JsValue> {
    let rexie = Rexie::builder(&format!("eyot:{name}")).build().await.unwrap();
    let transaction = rexie.transaction(&["log"], TransactionMode::ReadOnly).unwrap();
    let values = transaction.store("log").unwrap().get_all(None, None).await.unwrap();
    rexie.close();
    values
}

/// How many values the log has.
pub(crate) async fn log_length(name: &str) -> usize {
    log_values(name).await.len()
}

/// The first key of the log, and how many pages there are.
pub(crate) async fn folded(name: &str) -> (f64, usize) {
    let rexie = Rexie::builder(&format!("eyot:{name}")).build().await.unwrap();
    let transaction = rexie.transaction(&["log", "pages"], TransactionMode::ReadOnly).unwrap();
    let first = transaction.store("log").unwrap().get_all_keys(None, Some(1)).await.unwrap();
    let pages = transaction.store("pages").unwrap().count(None).await.unwrap() as usize;
    rexie.close();
    (first.first().and_then(JsValue::as_f64).unwrap_or(0.0), pages)
}

/// How many bytes the largest of them takes.
pub(crate) async fn largest_value(name: &str) -> u32 {
    let values = log_values(name).await;
    values.iter().map(|value| value.unchecked_ref::<Uint8Array>().length()).max().unwrap_or(0)
}

/// Damages the log.
pub(crate) async fn overwrite_log(name: &str, position: u32, bytes: &[u8]) {
    let rexie = Rexie::builder(&format!("eyot:{name}")).build().await.unwrap();
    let transaction = rexie.transaction(&["log"], TransactionMode::ReadWrite).unwrap();
    let store = transaction.store("log").unwrap();
    store.put(&Uint8Array::from(bytes), Some(&JsValue::from(position))).await.unwrap();
    transaction.done().await.unwrap();
    rexie.close();
}

/// Opens the stores as something else would that does not hear when others want them, and holds on to them.
pub(crate) async fn hold_open(name: &str, version: u32) -> Database {
    let request = Factory::new().unwrap().open(&format!("eyot:{name}"), Some(version)).unwrap();
    request.await.unwrap()
}
