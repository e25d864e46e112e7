//! Connections that the application has made to other replicas, and hands over as functions that send.
//!
//! Must not know what carries the messages: a message port, a data channel, or something of the application's own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eyot_core::engine::{EngineInput, FIRST_PEER_LINK, Link, LinkFailure, SyncState};
use futures_channel::oneshot;
use js_sys::{Function, Uint8Array};
use litemap::LiteMap;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::compression::{Line, Work};
use crate::doc::to_js;
use crate::driver::Driver;
use crate::errors::ShellError;
use crate::perform::event;
use crate::status::RawPeerStatus;

/// The connections to other replicas.
pub(crate) struct Joined {
    peers: RefCell<LiteMap<Link, Peer>>,
    next: Cell<Link>,
    // What interrupted deltas have left behind was taken up.
    looked: Cell<bool>,
}

struct Peer {
    compresses: bool,
    outgoing: Rc<Line>,
    incoming: Rc<Line>,
    // What has come before the engine could take it.
    early: Option<Vec<Vec<u8>>>,
    // Who waits until both sides have the same.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Default for Joined {
    fn default() -> Self {
        Self { peers: RefCell::default(), next: Cell::new(FIRST_PEER_LINK), looked: Cell::default() }
    }
}

impl Joined {
    pub(crate) fn links(&self) -> Vec<Link> {
        self.peers.borrow().keys().copied().collect()
    }

    fn incoming(&self, link: Link) -> Option<Rc<Line>> {
        self.peers.borrow().get(&link).map(|peer| Rc::clone(&peer.incoming))
    }

    fn is_early(&self, link: Link) -> bool {
        self.peers.borrow().get(&link).is_some_and(|peer| peer.early.is_some())
    }

    /// Sends a message. `may_compress` says whether the other side can decompress.
    pub(crate) fn send(&self, link: Link, bytes: Vec<u8>, may_compress: bool) {
        let line = self.peers.borrow().get(&link).map(|peer| (Rc::clone(&peer.outgoing), peer.compresses));
        if let Some((line, compresses)) = line {
            line.push(bytes, Work::to_send(may_compress && compresses));
        }
    }
}

// A channel that cannot send is about to report its end.
fn outgoing(send: Function) -> Rc<Line> {
    Line::new(move |message| drop(send.call1(&JsValue::UNDEFINED, &Uint8Array::from(message.as_slice()))))
}

impl Driver {
    /// Takes up a connection. One side of it calls. `compresses` says whether messages are worth compressing on it.
    pub(crate) fn join_peer(self: &Rc<Self>, calls: bool, compresses: bool, send: Function) -> Link {
        let link = self.joined.next.get();
        self.joined.next.set(link + 1);
        let driver = Rc::downgrade(self);
        let incoming = Line::new(move |message| {
            if let Some(driver) = driver.upgrade() {
                driver.take_from_peer(link, message);
            }
        });
        let (early, waiting) = (Some(Vec::new()), Vec::new());
        let peer = Peer { compresses, outgoing: outgoing(send), incoming, early, waiting };
        self.joined.peers.borrow_mut().insert(link, peer);
        let driver = Rc::clone(self);
        spawn_local(async move {
            // Where this tab syncs, it has looked already; where another does, what lies there may be that one's. Once is enough:
            // what is staged from here on is this tab's own, or that of another tab that is at it.
            if driver.election.borrow().is_none() && !driver.joined.looked.replace(true) {
                // What cannot be read is received anew.
                let _ = driver.take_up_stages().await;
            }
            // It may have ended meanwhile.
            if !driver.joined.is_early(link) {
                return;
            }
            driver.dispatch(EngineInput::PeerJoined { link, calls });
            let early = driver.joined.peers.borrow_mut().get_mut(&link).and_then(|peer| peer.early.take());
            for bytes in early.unwrap_or_default() {
                driver.dispatch(EngineInput::LinkReceived(link, bytes));
            }
        });
        link
    }

    pub(crate) fn hear_peer(&self, link: Link, bytes: Vec<u8>) {
        if let Some(line) = self.joined.incoming(link) {
            line.push(bytes, Work::Decompress);
        }
    }

    fn take_from_peer(self: &Rc<Self>, link: Link, bytes: Vec<u8>) {
        if let Some(early) =
            self.joined.peers.borrow_mut().get_mut(&link).and_then(|peer| peer.early.as_mut())
        {
            return early.push(bytes);
        }
        self.dispatch(EngineInput::LinkReceived(link, bytes));
    }

    /// The connection has ended by itself. What it has brought before is taken in first.
    pub(crate) fn lose_peer(self: &Rc<Self>, link: Link, failure: LinkFailure) {
        let driver = Rc::clone(self);
        if let Some(line) = self.joined.incoming(link) {
            line.end(move || driver.end_peer(link, failure, false));
        }
    }

    /// The connection has ended, or is to end; the engine may not know of it yet.
    fn end_peer(self: &Rc<Self>, link: Link, failure: LinkFailure, is_wanted: bool) {
        if self.joined.is_early(link) {
            self.peer_left(link, &failure);
        } else if is_wanted {
            self.dispatch(EngineInput::PeerDismissed(link));
        } else {
            self.dispatch(EngineInput::LinkClosed(link, failure));
        }
    }

    /// Resolves when both sides have the same; fails when the connection ends before.
    pub(crate) fn wait_for_peer(self: &Rc<Self>, link: Link) -> Result<oneshot::Receiver<()>, ShellError> {
        self.check_open()?;
        let (sender, receiver) = oneshot::channel();
        match self.joined.peers.borrow_mut().get_mut(&link) {
            Some(peer) => peer.waiting.push(sender),
            None => return Err(peer_left()),
        }
        self.answer_peers();
        Ok(receiver)
    }

    /// Tells those who wait for a peer, once nothing is lacking on either side.
    pub(crate) fn answer_peers(&self) {
        let engine = self.engine();
        for (link, peer) in
            self.joined.peers.borrow_mut().iter_mut().filter(|(_, peer)| !peer.waiting.is_empty())
        {
            if engine.peer_status(*link).is_some_and(|status| status.state == SyncState::Live) {
                // Whoever has stopped to wait does not hear it.
                for waiting in peer.waiting.drain(..) {
                    let _ = waiting.send(());
                }
            }
        }
    }

    /// The connection is over. Those who wait for it hear so.
    pub(crate) fn peer_left(self: &Rc<Self>, link: Link, failure: &LinkFailure) {
        let peer = self.joined.peers.borrow_mut().remove(&link);
        if let Some(peer) = peer {
            let parts = [
                ("link", (link as f64).into()),
                ("code", failure.code.as_str().into()),
                ("message", failure.message.as_str().into()),
            ];
            let (driver, event) = (Rc::clone(self), event("peer-left", &parts));
            // The channel is closed then; why has to be told before.
            peer.outgoing.end(move || driver.emit(&event));
        }
    }

    pub(crate) fn dismiss_peers(self: &Rc<Self>) {
        for link in self.joined.links() {
            self.dismiss_peer(link);
        }
    }

    /// Ends a connection from this side.
    pub(crate) fn dismiss_peer(self: &Rc<Self>, link: Link) {
        let (code, message) = ("stopped".to_owned(), "The application has ended it.".to_owned());
        self.end_peer(link, LinkFailure { code, message }, true);
    }

    /// How a connection stands; undefined once it is over.
    pub(crate) fn peer_status(&self, link: Link) -> JsValue {
        self.engine()
            .peer_status(link)
            .map_or(JsValue::UNDEFINED, |status| to_js(&RawPeerStatus::from(status)))
    }

    pub(crate) fn emit_peers(&self) {
        for link in self.joined.links() {
            let status = self.peer_status(link);
            if !status.is_undefined() {
                self.emit(&event("peer", &[("link", (link as f64).into()), ("status", status)]));
            }
        }
    }
}

/// The error of a connection that has ended.
pub(crate) fn peer_left() -> ShellError {
    ShellError::new("peer-left", "The connection to the other replica has ended.")
}
