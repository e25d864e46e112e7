//! The engine's connection: hosts a session, answers what it asks for, and carries its messages.

use std::collections::VecDeque;

use super::Engine;
use super::io::{EngineEffect, Link, LinkFailure};
use crate::id::{Cursor, Seq};
use crate::session::{
    Closing, Local, PageRequest, Role, Session, SessionConfig, SessionEffect, SessionInput,
};

/// After so long what is known of peers is remembered: often enough for other tabs, seldom enough for the disk.
const REMEMBER_AFTER_MS: u64 = 50;

#[derive(Default)]
pub(super) struct Links {
    current: Option<Current>,
    remember_at_ms: Option<u64>,
    pub(super) traffic: Traffic,
}

struct Current {
    link: Link,
    // None until what it tells the peer is known to be on disk.
    session: Option<Session>,
    read: Option<PageRequest>,
}

/// What has crossed the network since the engine was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Traffic {
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) round_trips: u64,
    pub(super) last_heard_ms: Option<u64>,
    // Something was sent since something was received last.
    asked: bool,
}

impl Links {
    pub(super) fn is_connected(&self) -> bool {
        self.current.is_some()
    }

    /// True when a connection stands on which nothing was said yet.
    pub(super) fn wants_session(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.session.is_none())
    }

    /// True when a session waits for a part of the log.
    pub(super) fn wants_page(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.read.is_some())
    }

    pub(super) fn current(&self) -> Option<Link> {
        self.current.as_ref().map(|current| current.link)
    }

    pub(super) fn session(&self) -> Option<&Session> {
        self.current.as_ref()?.session.as_ref()
    }

    /// The clock was set back by so much, and this is the time now.
    pub(super) fn set_back(&mut self, back_ms: u64, now_ms: u64) {
        let times = [self.remember_at_ms.as_mut(), self.traffic.last_heard_ms.as_mut()];
        times.into_iter().flatten().for_each(|time_ms| *time_ms = time_ms.saturating_sub(back_ms));
        if let Some(session) = self.current.as_mut().and_then(|current| current.session.as_mut()) {
            session.pass_time(now_ms);
        }
    }

    pub(super) fn next_wake_ms(&self) -> Option<u64> {
        let session = self.session().and_then(Session::next_wake_ms);
        [session, self.remember_at_ms].into_iter().flatten().min()
    }
}

impl Engine {
    pub(super) fn link_opened(&mut self, link: Link) {
        if self.connector.opened(link) {
            self.links.current = Some(Current { link, session: None, read: None });
            self.effects.push(EngineEffect::StatusChanged);
        } else {
            self.effects.push(EngineEffect::Disconnect(link));
        }
    }

    pub(super) fn link_received(&mut self, link: Link, bytes: Vec<u8>) {
        let traffic = &mut self.links.traffic;
        traffic.bytes_in += bytes.len() as u64;
        traffic.round_trips += u64::from(std::mem::take(&mut traffic.asked));
        traffic.last_heard_ms = Some(self.now_ms);
        self.feed_link(link, SessionInput::Frame(bytes));
    }

    pub(super) fn link_closed(&mut self, link: Link, failure: LinkFailure) {
        if self.links.current.as_ref().is_some_and(|current| current.link == link) {
            self.links.current = None;
        }
        self.connector.closed(link, failure, None, self.now_ms);
        self.effects.push(EngineEffect::StatusChanged);
    }

    /// Ends the connection from this side, and tells the peer why.
    pub(super) fn hang_up(&mut self, code: &'static str, message: &str) {
        let Some(mut current) = self.links.current.take() else { return };
        let effects =
            current.session.as_mut().map(|session| session.close(code, message, None)).unwrap_or_default();
        for effect in effects {
            if let SessionEffect::Send(bytes) = effect {
                self.transmit(current.link, bytes);
            }
        }
        self.effects.push(EngineEffect::Disconnect(current.link));
    }

    /// The session cannot go on as it is: it ends and is tried again later.
    pub(super) fn abandon_link(&mut self, code: &'static str, message: &str) {
        let Some(link) = self.links.current() else { return };
        self.hang_up(code, message);
        let failure = LinkFailure { code: code.to_owned(), message: message.to_owned() };
        self.connector.closed(link, failure, None, self.now_ms);
        self.effects.push(EngineEffect::StatusChanged);
    }

    /// Everything up to the head is on disk: what waited for that can be told.
    pub(super) fn links_after_barrier(&mut self) {
        let local = self.local();
        let guess =
            self.replica.peers().last_met().and_then(|(peer, cursor)| self.standing(peer, cursor.epoch));
        let nonce = self.stages.random_number();
        let Some(current) = &mut self.links.current else { return };
        let link = current.link;
        if current.session.is_none() {
            let mut config = SessionConfig::new(Role::Initiator { guess });
            config.limits = self.limits;
            config.nonce = nonce;
            current.session = Some(Session::new(config, local));
            self.feed_link(link, SessionInput::Start);
        } else if let Some(request) = current.read.take() {
            let page = self.replica.page(&request);
            self.feed_link(link, SessionInput::Page(page));
        }
    }

    fn local(&self) -> Local {
        Local {
            database: self.identity.database.clone(),
            replica: self.replica.id(),
            epoch: self.replica.epoch(),
            head: self.replica.head(),
            floor: self.replica.floor(),
            digest: self.replica.clock().digest(),
        }
    }

    pub(super) fn head_moved(&mut self) {
        let head = self.replica.head();
        if let Some(link) = self.links.current() {
            self.feed_link(link, SessionInput::HeadMoved(head));
        }
        self.effects.push(EngineEffect::StatusChanged);
    }

    pub(super) fn tick_links(&mut self) {
        if self.links.remember_at_ms.is_some_and(|due| due <= self.now_ms) {
            self.links.remember_at_ms = None;
            self.effects.push(EngineEffect::SavePeers(self.replica.peers().to_bytes()));
        }
        if let Some(link) = self.links.current() {
            self.feed_link(link, SessionInput::Tick);
        }
    }

    /// Hands the session what it waits for, and does what it asks for.
    pub(super) fn feed_link(&mut self, link: Link, input: SessionInput) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let Some(current) = self.links.current.as_mut().filter(|current| current.link == link) else {
                return;
            };
            let Some(session) = &mut current.session else { return };
            let was_open = session.is_open();
            let effects = session.handle(input, self.now_ms);
            if session.is_open() && !was_open {
                self.connector.succeeded(self.now_ms);
                self.effects.push(EngineEffect::StatusChanged);
            }
            for effect in effects {
                self.perform(link, effect, &mut inputs);
            }
        }
    }

    fn perform(&mut self, link: Link, effect: SessionEffect, inputs: &mut VecDeque<SessionInput>) {
        match effect {
            SessionEffect::Send(bytes) => self.transmit(link, bytes),
            SessionEffect::LoadPeer { replica, epoch } => {
                let standing = self.standing(replica, epoch);
                let clock = self.replica.clock().to_vector();
                inputs.push_back(SessionInput::PeerKnown { standing, clock });
            }
            SessionEffect::Read(request) => {
                if let Some(current) = &mut self.links.current {
                    current.read = Some(request);
                }
            }
            SessionEffect::Stage(chunk) => self.stage_chunk(link, chunk),
            SessionEffect::Survey { own, key, peer_clock } => {
                let (snapshot, head) = (self.replica.survey(key, peer_clock.as_ref()), self.replica.head());
                inputs.push_back(SessionInput::Surveyed { own, snapshot, head });
            }
            SessionEffect::Apply { chunk, staged, clock, asked } => {
                self.deliver(link, chunk, staged, (clock, asked));
            }
            SessionEffect::MoveCursor { peer, cursor } => {
                self.replica.move_cursor(peer, cursor);
                self.remember_peers();
                self.effects.push(EngineEffect::StatusChanged);
            }
            SessionEffect::PeerReached { peer, seq } => {
                let before = self.unsent_keys();
                // It may have acknowledged before it has sent anything itself.
                if let Some(peer) = self.links.session().and_then(Session::peer) {
                    let cursor = Cursor { epoch: peer.epoch, seq: Seq::ZERO };
                    self.replica.move_cursor(peer.replica, cursor);
                }
                self.replica.move_reached(peer, seq);
                self.announce_saved(before);
                self.remember_peers();
                self.effects.push(EngineEffect::StatusChanged);
            }
            SessionEffect::Close(closing) => self.session_closed(link, closing),
        }
    }

    fn session_closed(&mut self, link: Link, closing: Closing) {
        let peer = self.links.session().and_then(Session::peer);
        self.links.current = None;
        // The peer's log is not what it was: next time it is asked by clock.
        if let Some(peer) =
            peer.filter(|_| matches!(closing.code.as_str(), "invalid-cursor" | "out-of-order"))
        {
            self.replica.forget_peer(peer.replica);
        }
        let failure = LinkFailure { code: closing.code, message: closing.message };
        self.connector.closed(link, failure, closing.retry_after_ms, self.now_ms);
        self.effects.push(EngineEffect::Disconnect(link));
        self.effects.push(EngineEffect::StatusChanged);
    }

    fn transmit(&mut self, link: Link, bytes: Vec<u8>) {
        self.links.traffic.bytes_out += bytes.len() as u64;
        self.links.traffic.asked = true;
        self.effects.push(EngineEffect::Transmit(link, bytes));
    }

    fn remember_peers(&mut self) {
        let due = self.now_ms.saturating_add(REMEMBER_AFTER_MS);
        self.links.remember_at_ms.get_or_insert(due);
    }
}
