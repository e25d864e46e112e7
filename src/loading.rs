//! Opening a database: the stores, the identity, the checkpoint, and the log after it, read in slices so that the page can
//! draw in between.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use eyot_core::Limits;
use eyot_core::engine::{Engine, EngineEffect, EngineInput, Identity, StorageOptions};
use futures_util::future::join;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::clock::{now_ms, random_id, random_number};
use crate::compression;
use crate::driver::Driver;
use crate::errors::ShellError;
use crate::status::RawHealth;
use crate::storage::{FIRST_VALUES, LogPage, Loss, Marker, Reader, Writer, is_end, prepare, values_after};
use crate::tabs::Tabs;

/// After so long what was not asked for is read too.
const READ_AHEAD_AFTER_MS: u32 = 100;

/// What one copy of a database is called on this device: several people who use one browser have a copy each.
pub(crate) fn local_name(database: &str, profile: Option<&str>) -> String {
    // Neither a database nor a profile has an @ in its name.
    profile.map_or_else(|| database.to_owned(), |profile| format!("{database}@{profile}"))
}

/// How a database is opened.
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) keep_deletions_for_ms: Option<u64>,
    pub(crate) storage: StorageOptions,
}

/// Opens a copy of a database, with what is in it. `name` is what the copy is called on this device.
pub(crate) async fn load(
    database: &str,
    name: String,
    settings: Settings,
    listener: Function,
) -> Result<Rc<Driver>, ShellError> {
    let database = database
        .parse()
        .map_err(|_| ShellError::new("invalid-name", "A database's name is 1 to 64 of a-z, 0-9, - and _."))?;
    let (rexie, meta) = prepare(&name).await?;
    let reader = Reader::new(rexie);
    let (tab, seed) = (random_id()?, random_number()?);
    let identity = Identity { database, replica: meta.replica, epoch: meta.epoch, tab, seed };
    let mut engine = Engine::new(identity, settings.limits);
    if compression::is_supported() {
        engine.decompress_messages();
    }
    if let Some(ms) = settings.keep_deletions_for_ms {
        engine.keep_deletions_for_ms(ms);
    }
    // No page is read ahead while somebody waits for what comes first.
    engine.tune_storage(StorageOptions { reads_ahead: false, ..settings.storage });
    // The driver does not exist yet when these are made, so they reach it through what is filled in afterwards.
    let later: Rc<std::cell::OnceCell<Weak<Driver>>> = Rc::default();
    let early: Rc<Cell<Option<Loss>>> = Rc::default();
    let writer = {
        let (later, early) = (Rc::clone(&later), Rc::clone(&early));
        Writer::open(&name, (meta.replica, meta.epoch), move |loss| match later.get() {
            Some(_) => with(&later, |driver| driver.lost(loss)),
            None => early.set(Some(loss)),
        })
    };
    let (read, writer) = join(read_all(&mut engine, &reader), writer).await;
    let writer = writer?;
    // An open connection would keep other tabs from deleting the database.
    let mut left = read.inspect_err(|_| writer.close())?;
    if let Some(peers) = meta.peers {
        left.extend(engine.handle(EngineInput::PeersKnown(peers), now_ms()));
    }
    let tabs = {
        let later = Rc::clone(&later);
        Tabs::open(&name, move |message| with(&later, |driver| driver.hear(message)))
    };
    let marker = Marker::new(&name, meta.replica.to_string());
    let driver = Driver::new(name, engine, reader, listener, writer, tabs, marker);
    // Set once, right here.
    let _ = later.set(Rc::downgrade(&driver));
    // Nobody has asked for anything yet, so it was not told to anybody.
    let is_due = |effect: &EngineEffect| {
        matches!(
            effect,
            EngineEffect::BeginCompaction { .. }
                | EngineEffect::Name
                | EngineEffect::ReadPages(_)
                | EngineEffect::ReadCheckpoint
        )
    };
    left.retain(is_due);
    driver.begin(left);
    early.take().into_iter().for_each(|loss| driver.lost(loss));
    // What another tab has committed since the log was read.
    driver.read_news();
    spawn_local(read_health(Rc::clone(&driver)));
    spawn_local(look_for_loss(Rc::clone(&driver)));
    spawn_local(read_ahead(Rc::clone(&driver), settings.storage));
    Ok(driver)
}

// Whoever opens a database wants to see something of it at once, and the rest of it later.
async fn read_ahead(driver: Rc<Driver>, storage: StorageOptions) {
    TimeoutFuture::new(READ_AHEAD_AFTER_MS).await;
    driver.tune_storage(storage);
}

// The first look into localStorage may take its time, for which nobody should wait who opens a database.
async fn look_for_loss(driver: Rc<Driver>) {
    TimeoutFuture::new(0).await;
    if driver.check_open().is_err() {
        return;
    }
    if let Some(lost) = driver.marker.look() {
        driver.emit_lost(lost);
    }
    if driver.engine().next_position() > 1 {
        driver.marker.note_stored();
    }
}

fn with(later: &std::cell::OnceCell<Weak<Driver>>, act: impl FnOnce(&Rc<Driver>)) {
    if let Some(driver) = later.get().and_then(Weak::upgrade) {
        act(&driver);
    }
}

// Reads the checkpoint, the log after it, and the pages that this takes. Returns what is to be done when the database is open.
async fn read_all(engine: &mut Engine, reader: &Reader) -> Result<Vec<EngineEffect>, ShellError> {
    let mut left = Vec::new();
    if let Some((_, checkpoint)) = reader.checkpoint().await? {
        left.extend(feed(engine, reader, EngineInput::Checkpoint(checkpoint)).await?);
    }
    let (mut ahead, mut most) = (None, FIRST_VALUES);
    loop {
        let position = engine.next_position();
        let page = match ahead.take().filter(|(at, _)| *at == position) {
            Some((_, page)) => page?,
            None => reader.page(position, most).await?,
        };
        match page {
            LogPage::Segments(page) if is_end(&page, most) => {
                let next = position + page.len() as u64;
                left.extend(feed(engine, reader, EngineInput::Segments(page)).await?);
                // A checkpoint that was taken meanwhile may reach elsewhere.
                if engine.next_position() == next {
                    break;
                }
            }
            LogPage::Segments(page) => {
                // What comes next is read while this is folded in.
                let next = position + page.len() as u64;
                most = values_after(&page);
                let fold = feed(engine, reader, EngineInput::Segments(page));
                let (page, done) = join(reader.page(next, most), fold).await;
                left.extend(done?);
                ahead = Some((next, page));
            }
            LogPage::Behind => {
                if let Some((_, checkpoint)) = reader.checkpoint().await? {
                    left.extend(feed(engine, reader, EngineInput::Checkpoint(checkpoint)).await?);
                }
            }
        }
    }
    Ok(left)
}

// Does what it takes to read. The rest has to wait; but what is stored may turn out to be unreadable.
async fn feed(
    engine: &mut Engine,
    reader: &Reader,
    input: EngineInput,
) -> Result<Vec<EngineEffect>, ShellError> {
    let (mut inputs, mut left) = (VecDeque::from([input]), Vec::new());
    while let Some(input) = inputs.pop_front() {
        for effect in engine.handle(input, now_ms()) {
            match effect {
                EngineEffect::ReadPages(pages) => {
                    inputs.push_back(EngineInput::PagesRead(reader.pages(&pages).await?));
                }
                EngineEffect::ReadCheckpoint => {
                    let stored = reader.checkpoint().await?;
                    inputs.extend(stored.map(|(_, stored)| EngineInput::Checkpoint(stored)));
                }
                EngineEffect::Continue => {
                    TimeoutFuture::new(0).await;
                    inputs.push_back(EngineInput::Continue);
                }
                EngineEffect::Corrupt { position, message } => {
                    let message = match position {
                        0 => format!("The checkpoint cannot be read: {message}."),
                        _ => format!("Segment {position} of the log cannot be read: {message}."),
                    };
                    return Err(ShellError::new("storage-corrupt", message));
                }
                effect => left.push(effect),
            }
        }
    }
    Ok(left)
}

/// Asks the browser how much room there is and whether it keeps the data under pressure.
pub(crate) async fn read_health(driver: Rc<Driver>) {
    let persisted = ask_storage("persisted").await.and_then(|value| value.as_bool());
    let estimate = ask_storage("estimate").await;
    let number = |name: &str| Reflect::get(estimate.as_ref()?, &name.into()).ok()?.as_f64();
    let (usage, quota) = (number("usage"), number("quota"));
    let degraded = driver.health.borrow().degraded.clone();
    driver.health.replace(RawHealth { persisted, usage, quota, degraded });
    driver.emit_health();
}

async fn ask_storage(method: &str) -> Option<JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let storage = Reflect::get(&navigator, &"storage".into()).ok()?;
    let method: Function = Reflect::get(&storage, &method.into()).ok()?.dyn_into().ok()?;
    let promise: Promise = method.call0(&storage).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()
}
