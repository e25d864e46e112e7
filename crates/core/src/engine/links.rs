//! The engine's connections, to a relay and to other replicas: hosts their sessions, answers what these ask for, and
//! carries their messages.

use litemap::LiteMap;
use std::collections::VecDeque;

use super::Engine;
use super::io::{EngineEffect, FIRST_PEER_LINK, Link, LinkFailure};
use super::stages::Arrival;
use super::surveys::SurveyRequest;
use crate::id::{Cursor, ReplicaId, Seq};
use crate::seen::Seen;
use crate::session::{
    Closing, Local, PageRequest, Role, Session, SessionConfig, SessionEffect, SessionInput,
};

/// After so long what is known of peers is remembered: often enough for other tabs, seldom enough for the disk.
const REMEMBER_AFTER_MS: u64 = 50;

/// So many messages are kept that come before the disk lets the session begin.
const EARLY_MESSAGES: usize = 4;

#[derive(Default)]
pub(super) struct Links {
    open: LiteMap<Link, Open>,
    remember_at_ms: Option<u64>,
    pub(super) traffic: Traffic,
}

struct Open {
    role: LinkRole,
    // None until what it tells the peer is known to be on disk.
    session: Option<Session>,
    // What has come before the session began. Whoever calls sends no more than its hello, and waits.
    early: Vec<Vec<u8>>,
    read: Option<PageRequest>,
    survey: Option<SurveyRequest>,
}

/// Which side of a connection this one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LinkRole {
    /// It has called the relay, which is the one that it met last, most likely.
    CallsRelay,
    /// It has called another replica.
    Calls,
    /// Another replica has called it.
    Answers,
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
    /// True while that connection stands.
    pub(super) fn is_open(&self, link: Link) -> bool {
        self.open.contains_key(&link)
    }

    /// True when a connection stands on which nothing was said yet.
    pub(super) fn wants_session(&self) -> bool {
        self.open.values().any(|open| open.session.is_none())
    }

    /// The search that a session waits for.
    pub(super) fn survey(&mut self, link: Link) -> Option<&mut Option<SurveyRequest>> {
        self.open.get_mut(&link).map(|open| &mut open.survey)
    }

    /// The parts of the log that sessions wait for.
    pub(super) fn wanted_pages(&self) -> impl Iterator<Item = &PageRequest> {
        self.open.values().filter_map(|open| open.read.as_ref())
    }

    /// The connection to the relay.
    pub(super) fn relay(&self) -> Option<Link> {
        self.open.keys().next().copied().filter(|link| !is_peer(*link))
    }

    pub(super) fn all(&self) -> Vec<Link> {
        self.open.keys().copied().collect()
    }

    /// What is said on a connection.
    pub(super) fn session(&self, link: Link) -> Option<&Session> {
        self.open.get(&link)?.session.as_ref()
    }

    /// The connection to that replica.
    pub(super) fn to(&self, peer: ReplicaId) -> Option<Link> {
        let is_to = |open: &Open| {
            open.session.as_ref().and_then(Session::peer).is_some_and(|known| known.replica == peer)
        };
        self.open.iter().find(|(_, open)| is_to(open)).map(|(link, _)| *link)
    }

    /// The clock was set back by so much, and this is the time now.
    pub(super) fn set_back(&mut self, back_ms: u64, now_ms: u64) {
        let times = [self.remember_at_ms.as_mut(), self.traffic.last_heard_ms.as_mut()];
        times.into_iter().flatten().for_each(|time_ms| *time_ms = time_ms.saturating_sub(back_ms));
        let sessions = self.open.iter_mut().filter_map(|(_, open)| open.session.as_mut());
        sessions.for_each(|session| session.pass_time(now_ms));
    }

    pub(super) fn next_wake_ms(&self) -> Option<u64> {
        let sessions = self.open.values().filter_map(|open| open.session.as_ref()?.next_wake_ms());
        sessions.chain(self.remember_at_ms).min()
    }
}

/// True for a connection that the application has made.
fn is_peer(link: Link) -> bool {
    link >= FIRST_PEER_LINK
}

impl Engine {
    pub(super) fn link_opened(&mut self, link: Link) {
        if self.connector.opened(link) {
            self.open_link(link, LinkRole::CallsRelay);
        } else {
            self.effects.push(EngineEffect::Disconnect(link));
        }
    }

    pub(super) fn peer_joined(&mut self, link: Link, calls: bool) {
        if self.corrupt || !is_peer(link) || self.links.is_open(link) {
            let message = "The connection cannot be taken up.".to_owned();
            self.effects.push(EngineEffect::Disconnect(link));
            return self.ended(link, LinkFailure { code: "refused".to_owned(), message }, None);
        }
        self.open_link(link, if calls { LinkRole::Calls } else { LinkRole::Answers });
    }

    fn open_link(&mut self, link: Link, role: LinkRole) {
        self.links
            .open
            .insert(link, Open { role, session: None, early: Vec::new(), read: None, survey: None });
        self.effects.push(EngineEffect::StatusChanged);
    }

    pub(super) fn link_received(&mut self, link: Link, bytes: Vec<u8>) {
        let traffic = &mut self.links.traffic;
        traffic.bytes_in += bytes.len() as u64;
        traffic.round_trips += u64::from(std::mem::take(&mut traffic.asked));
        traffic.last_heard_ms = Some(self.now_ms);
        match self.links.open.get_mut(&link).filter(|open| open.session.is_none()) {
            Some(open) if open.early.len() < EARLY_MESSAGES => open.early.push(bytes),
            Some(_) => self.abandon_link(link, "unexpected-message", "An answer is to be waited for."),
            None => self.feed_link(link, SessionInput::Frame(bytes)),
        }
    }

    pub(super) fn link_closed(&mut self, link: Link, failure: LinkFailure) {
        let stood = self.links.open.remove(&link).is_some();
        if stood || !is_peer(link) {
            self.ended(link, failure, None);
        }
    }

    /// Ends the connection from this side, and tells the peer why.
    pub(super) fn abandon_link(&mut self, link: Link, code: &'static str, message: &str) {
        if self.hang_up(link, code, message) {
            let failure = LinkFailure { code: code.to_owned(), message: message.to_owned() };
            self.ended(link, failure, None);
        }
    }

    /// No session can go on as it is.
    pub(super) fn abandon_links(&mut self, code: &'static str, message: &str) {
        for link in self.links.all() {
            self.abandon_link(link, code, message);
        }
    }

    /// Tells the peer why, and ends the connection; false where there was none.
    pub(super) fn hang_up(&mut self, link: Link, code: &'static str, message: &str) -> bool {
        let Some(mut open) = self.links.open.remove(&link) else { return false };
        let effects =
            open.session.as_mut().map(|session| session.close(code, message, None)).unwrap_or_default();
        for effect in effects {
            if let SessionEffect::Send(bytes) = effect {
                self.transmit(link, bytes);
            }
        }
        self.effects.push(EngineEffect::Disconnect(link));
        true
    }

    // The relay is called again; who else is called the application decides.
    fn ended(&mut self, link: Link, failure: LinkFailure, retry_after_ms: Option<u64>) {
        self.save_peers();
        if is_peer(link) {
            self.effects.push(EngineEffect::PeerLeft(link, failure));
        } else {
            self.connector.closed(link, failure, retry_after_ms, self.now_ms);
        }
        self.effects.push(EngineEffect::StatusChanged);
    }

    /// Everything up to the head is on disk: what waited for that can be told. `begins` says whether what was stored for
    /// earlier connections is as well, so that new ones can begin.
    pub(super) fn links_after_barrier(&mut self, begins: bool) {
        for link in self.links.all() {
            let Some(open) = self.links.open.get_mut(&link) else { continue };
            let is_here = |request: &mut PageRequest| self.replica.away_of_page(request).is_empty();
            if let Some(request) = open.read.take_if(is_here) {
                let page = self.replica.page(&request);
                self.feed_link(link, SessionInput::Page(page));
            } else if begins && open.session.is_none() {
                self.begin_session(link);
            }
        }
    }

    fn begin_session(&mut self, link: Link) {
        let (local, nonce) = (self.local(), self.stages.random_number());
        let Some(role) = self.links.open.get(&link).map(|open| open.role) else { return };
        let role = match role {
            LinkRole::CallsRelay => self.relay_guess(),
            LinkRole::Calls => Role::Initiator { guess: None, seen: Seen::default() },
            LinkRole::Answers => Role::Acceptor,
        };
        let mut config = SessionConfig::new(role);
        config.limits = self.limits;
        config.nonce = nonce;
        config.decompresses = self.decompresses;
        let Some(open) = self.links.open.get_mut(&link) else { return };
        open.session = Some(Session::new(config, local));
        let early = std::mem::take(&mut open.early);
        self.feed_link(link, SessionInput::Start);
        for bytes in early {
            self.feed_link(link, SessionInput::Frame(bytes));
        }
    }

    fn relay_guess(&self) -> Role {
        let met = self.replica.peers().last_met();
        let guess = met.and_then(|(peer, cursor)| self.standing(peer, cursor.epoch));
        let seen = met.filter(|_| guess.is_some()).map(|(peer, at)| self.seen_of(peer, at.epoch));
        Role::Initiator { guess, seen: seen.unwrap_or_default() }
    }

    fn local(&self) -> Local {
        self.replica.local(self.identity.database.clone())
    }

    pub(super) fn head_moved(&mut self) {
        let head = self.replica.head();
        self.feed_links(&SessionInput::HeadMoved(head));
        self.effects.push(EngineEffect::StatusChanged);
    }

    pub(super) fn tick_links(&mut self) {
        if self.links.remember_at_ms.is_some_and(|due| due <= self.now_ms) {
            self.save_peers();
        }
        self.feed_links(&SessionInput::Tick);
    }

    /// What is remembered of peers and was to be stored soon is stored now: the page may be about to go.
    pub(super) fn save_peers(&mut self) {
        if self.links.remember_at_ms.take().is_some() {
            self.effects.push(EngineEffect::SavePeers(self.replica.peers().to_bytes()));
        }
    }

    /// Hands every session the same.
    pub(super) fn feed_links(&mut self, input: &SessionInput) {
        for link in self.links.all() {
            self.feed_link(link, input.clone());
        }
    }

    /// Hands the session what it waits for, and does what it asks for.
    pub(super) fn feed_link(&mut self, link: Link, input: SessionInput) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let open = self.links.open.get_mut(&link);
            let Some(session) = open.and_then(|open| open.session.as_mut()) else { return };
            let was_open = session.is_open();
            let effects = session.handle(input, self.now_ms);
            if let Some(told) = session.take_told()
                && !self.is_own(told)
            {
                return;
            }
            let Some(session) = self.links.session(link) else { return };
            if session.is_open() && !was_open {
                if !is_peer(link) {
                    self.connector.succeeded(self.now_ms);
                }
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
                if !is_peer(link) {
                    self.replica.meet(replica);
                }
                let standing = self.standing(replica, epoch);
                let clock = self.replica.clock().to_vector();
                let seen = self.seen_of(replica, epoch);
                inputs.push_back(SessionInput::PeerKnown { standing, clock, seen });
            }
            SessionEffect::Read(request) => {
                if let Some(open) = self.links.open.get_mut(&link) {
                    open.read = Some(request);
                }
            }
            SessionEffect::Stage(chunk) => self.stage_chunk(link, chunk),
            SessionEffect::Survey { own, key, peer_clock } => {
                let request = SurveyRequest { own, key, peer_clock };
                match self.survey(&request) {
                    Some(surveyed) => inputs.push_back(surveyed),
                    None => {
                        self.links.survey(link).into_iter().for_each(|open| *open = Some(request.clone()))
                    }
                }
            }
            SessionEffect::Apply { chunk, staged, clock, judged, asked } => {
                self.arrive(Arrival { link, chunk, staged, clock, judged, asked });
            }
            SessionEffect::MoveCursor(passed) => {
                self.replica.pass(&passed);
                self.remember_peers();
                self.effects.push(EngineEffect::StatusChanged);
            }
            SessionEffect::PeerReached { peer, seq } => {
                let before = self.unsent_keys();
                // It may have acknowledged before it has sent anything itself.
                if let Some(peer) = self.links.session(link).and_then(Session::peer) {
                    let cursor = Cursor { epoch: peer.epoch, seq: Seq::ZERO };
                    self.replica.move_cursor(peer.replica, cursor, 0);
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
        let peer = self.links.session(link).and_then(Session::peer);
        self.links.open.remove(&link);
        // The peer's log is not what it was: next time it is asked by clock.
        if let Some(peer) =
            peer.filter(|_| matches!(closing.code.as_str(), "invalid-cursor" | "out-of-order"))
        {
            self.replica.forget_peer(peer.replica);
        }
        let failure = LinkFailure { code: closing.code, message: closing.message };
        self.effects.push(EngineEffect::Disconnect(link));
        self.ended(link, failure, closing.retry_after_ms);
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
