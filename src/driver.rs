//! The driver: feeds the engine what happens and performs what it says, in order.
//!
//! An effect may call JavaScript, and JavaScript may call back in. So the engine is never borrowed while effects are
//! performed, and a nested call only adds to the queue that the outermost call works off.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use eyot_core::Context;
use eyot_core::engine::{Engine, EngineEffect, EngineInput, Link, StorageOptions, Ticket};
use futures_channel::oneshot;
use gloo_timers::callback::Timeout;
use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::clock::now_ms;
use crate::election::Election;
use crate::errors::ShellError;
use crate::joined::Joined;
use crate::locks::Lock;
use crate::page::PageListener;
use crate::socket::{Endpoint, Sender};
use crate::status::RawHealth;
use crate::storage::{Loss, Marker, Reader, Writer, reopen};
use crate::tabs::{TabMessage, Tabs};

/// A timer is set anew at least this often: a clock may be set, and a device may sleep.
const LONGEST_WAIT_MS: u64 = 60_000;

/// What a request of the application came to.
pub(crate) enum Answer {
    /// The writes are durable; for each what its writer has seen.
    Written(Vec<Context>),
    /// The import is durable; so many records changed.
    Imported(usize),
    /// What was waited for has come.
    Awaited,
    /// The whole database as bytes.
    Exported(Vec<u8>),
}

type Waiting = oneshot::Sender<Result<Answer, ShellError>>;

pub(crate) struct Driver {
    pub(crate) name: String,
    engine: RefCell<Engine>,
    effects: RefCell<VecDeque<EngineEffect>>,
    performing: Cell<bool>,
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) tabs: Tabs,
    pub(crate) marker: Marker,
    // In the order of the tickets, which is nearly the order in which they are answered.
    waiting: RefCell<VecDeque<(Ticket, Waiting)>>,
    last_ticket: Cell<Ticket>,
    // The tickets of those that wait for all records to be in memory, to export them.
    pub(crate) exports: RefCell<Vec<Ticket>>,
    listener: Function,
    // When it goes off, too.
    timer: RefCell<Option<(u64, Timeout)>>,
    pub(crate) endpoint: RefCell<Option<Endpoint>>,
    pub(crate) election: RefCell<Option<Election>>,
    pub(crate) socket: RefCell<Option<(Link, Sender)>>,
    // The right to compact.
    pub(crate) compacting: RefCell<Option<Lock>>,
    pub(crate) joined: Joined,
    pub(crate) candidate_since_ms: Cell<u64>,
    // What the tab that holds the sync has told last, and when.
    pub(crate) heard: RefCell<Option<(u64, JsValue)>>,
    pub(crate) status_due: Cell<bool>,
    // The other tabs have just been told of a commit; there is another one of which they have not.
    pub(crate) announced: Cell<bool>,
    pub(crate) unannounced: Cell<bool>,
    pub(crate) health: RefCell<RawHealth>,
    reading: Cell<bool>,
    hinted: Cell<bool>,
    closed: Cell<Option<&'static str>>,
    pub(crate) page_events: RefCell<Vec<PageListener>>,
}

impl Driver {
    /// A driver of an engine that has taken in the log.
    pub(crate) fn new(
        name: String,
        engine: Engine,
        reader: Reader,
        listener: Function,
        writer: Writer,
        tabs: Tabs,
        marker: Marker,
    ) -> Rc<Self> {
        Rc::new(Self {
            name,
            engine: RefCell::new(engine),
            effects: RefCell::default(),
            performing: Cell::new(false),
            reader,
            writer,
            tabs,
            marker,
            waiting: RefCell::default(),
            last_ticket: Cell::new(0),
            exports: RefCell::default(),
            listener,
            timer: RefCell::default(),
            endpoint: RefCell::default(),
            election: RefCell::default(),
            socket: RefCell::default(),
            compacting: RefCell::default(),
            joined: Joined::default(),
            candidate_since_ms: Cell::new(0),
            heard: RefCell::default(),
            status_due: Cell::new(false),
            announced: Cell::new(false),
            unannounced: Cell::new(false),
            health: RefCell::default(),
            reading: Cell::new(false),
            hinted: Cell::new(false),
            closed: Cell::new(None),
            page_events: RefCell::default(),
        })
    }

    /// Reads from the engine.
    pub(crate) fn engine(&self) -> std::cell::Ref<'_, Engine> {
        self.engine.borrow()
    }

    /// Fails once the database is closed.
    pub(crate) fn check_open(&self) -> Result<(), ShellError> {
        if self.closed.get().is_some() { Err(ShellError::closed()) } else { Ok(()) }
    }

    /// Performs what the engine has said before there was a driver.
    pub(crate) fn begin(self: &Rc<Self>, effects: Vec<EngineEffect>) {
        self.effects.borrow_mut().extend(effects);
        self.dispatch(EngineInput::Nudge);
    }

    /// How much is kept in memory, from now on.
    pub(crate) fn tune_storage(self: &Rc<Self>, options: StorageOptions) {
        self.engine.borrow_mut().tune_storage(options);
        self.dispatch(EngineInput::Tick);
    }

    /// Feeds the engine and performs what it says.
    pub(crate) fn dispatch(self: &Rc<Self>, input: EngineInput) {
        if self.closed.get().is_some_and(|code| code != "closing") {
            return;
        }
        let effects = self.engine.borrow_mut().handle(input, now_ms());
        self.effects.borrow_mut().extend(effects);
        if self.performing.replace(true) {
            return;
        }
        loop {
            // The queue must not be borrowed while an effect is performed.
            let effect = self.effects.borrow_mut().pop_front();
            match effect {
                Some(effect) => self.perform(effect),
                None => break,
            }
        }
        self.performing.set(false);
        self.answer_peers();
        self.set_timer();
    }

    // A timer that goes off too early is let be, and set anew when it has: nearly every input puts off what is due next.
    fn set_timer(self: &Rc<Self>) {
        let Some(wake_ms) = self.engine.borrow().next_wake_ms() else { return drop(self.timer.take()) };
        let now = now_ms();
        let due_ms = wake_ms.clamp(now, now + LONGEST_WAIT_MS);
        if self.timer.borrow().as_ref().is_some_and(|(set_ms, _)| (now..=due_ms).contains(set_ms)) {
            return;
        }
        let driver = Rc::downgrade(self);
        let timer = Timeout::new((due_ms - now) as u32, move || {
            if let Some(driver) = driver.upgrade() {
                driver.timer.take();
                driver.dispatch(EngineInput::Tick);
            }
        });
        self.timer.replace(Some((due_ms, timer)));
    }

    /// Hands the engine a request of the application, and answers when it is done.
    pub(crate) fn request(
        self: &Rc<Self>,
        input: impl FnOnce(Ticket) -> EngineInput,
    ) -> oneshot::Receiver<Result<Answer, ShellError>> {
        let ticket = self.last_ticket.get() + 1;
        self.last_ticket.set(ticket);
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push_back((ticket, sender));
        self.dispatch(input(ticket));
        receiver
    }

    pub(crate) fn answer(&self, ticket: Ticket, answer: Result<Answer, ShellError>) {
        let mut waiting = self.waiting.borrow_mut();
        let place = waiting.binary_search_by_key(&ticket, |(ticket, _)| *ticket);
        if let Some((_, sender)) = place.ok().and_then(|place| waiting.remove(place)) {
            // The application may have stopped to wait.
            let _ = sender.send(answer);
        }
    }

    /// Tells the application. What it throws is its own matter.
    pub(crate) fn emit(&self, event: &JsValue) {
        let _ = self.listener.call1(&JsValue::UNDEFINED, event);
    }

    /// Another tab may have committed: reads what is new in the log.
    pub(crate) fn read_news(self: &Rc<Self>) {
        if self.reading.replace(true) {
            return self.hinted.set(true);
        }
        let driver = Rc::clone(self);
        spawn_local(async move {
            loop {
                driver.hinted.set(false);
                let position = driver.engine.borrow().next_position();
                match driver.reader.rest(position).await {
                    Ok((checkpoint, segments)) => {
                        checkpoint
                            .into_iter()
                            .for_each(|stored| driver.dispatch(EngineInput::Checkpoint(stored)));
                        if !segments.is_empty() {
                            driver.dispatch(EngineInput::Segments(segments));
                        }
                    }
                    Err(error) => driver.degrade(error.code),
                }
                if !driver.hinted.get() {
                    break;
                }
            }
            driver.reading.set(false);
        });
    }

    pub(crate) fn hear(self: &Rc<Self>, message: TabMessage) {
        match message {
            TabMessage::Committed => self.read_news(),
            TabMessage::Peers(bytes) => self.dispatch(EngineInput::PeersKnown(bytes)),
            TabMessage::Status(status) => {
                self.heard.replace(Some((now_ms(), status)));
                self.status_changed();
            }
            TabMessage::Destroy => {
                // A worker that destroys it cannot do this.
                self.marker.clear();
                self.shut("destroyed-elsewhere");
            }
        }
    }

    /// The connection to IndexedDB went away by itself.
    pub(crate) fn lost(self: &Rc<Self>, loss: Loss) {
        match loss {
            Loss::VersionChange => self.shut("version-change"),
            Loss::Gone => self.shut("storage-lost"),
            Loss::Closed => {
                self.degrade("storage-lost");
                spawn_local(Rc::clone(self).reconnect());
            }
        }
    }

    // Where that fails for now, the next commit tries it too.
    async fn reconnect(self: Rc<Self>) {
        if self.writer.reconnect().await.is_err() {
            return;
        }
        if let Ok(rexie) = reopen(&self.name).await {
            if self.check_open().is_err() {
                return rexie.close();
            }
            self.reader.replace(rexie);
            self.recover();
            self.read_news();
        }
    }

    /// True when nothing is on its way to the disk.
    pub(crate) fn is_settled(&self) -> bool {
        self.engine.borrow().is_settled()
    }

    /// From now on no requests are taken; what is under way goes on.
    pub(crate) fn begin_close(self: &Rc<Self>) {
        self.closed.set(Some("closing"));
        self.election.take();
        self.dispatch(EngineInput::Sync(false));
        self.dismiss_peers();
    }

    /// Closes at once. Requests that are still waiting fail.
    pub(crate) fn shut(self: &Rc<Self>, code: &'static str) {
        if self.closed.get().is_some_and(|code| code != "closing") {
            return;
        }
        let asked_for = self.closed.replace(Some(code)).is_some();
        self.election.take();
        self.timer.take();
        self.compacting.take();
        self.page_events.take();
        if let Some((_, socket)) = self.socket.take() {
            socket.close();
        }
        if self.unannounced.take() {
            self.tabs.tell(&TabMessage::Committed);
        }
        self.tabs.close();
        self.writer.close();
        self.reader.close();
        for (_, waiting) in self.waiting.take() {
            let _ = waiting.send(Err(ShellError::closed()));
        }
        if !asked_for {
            self.emit(&crate::perform::closed_event(code));
        }
    }
}
