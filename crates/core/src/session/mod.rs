//! The sync session: the protocol as a state machine of one connection. The same between any two replicas.
//!
//! Knows nothing of sockets, storage or time but what its host hands in. Law: any subset, order and repetition of
//! messages, with any restarts in between, does no harm; what is out of order is refused, not repaired.

mod handshake;
mod incoming;
mod io;
mod outgoing;
mod reconciling;

pub use io::{
    Among, Chunk, Closing, Local, LogPage, PageRequest, Passed, Role, SessionConfig, SessionEffect,
    SessionInput, Standing,
};

use crate::codec::DecodeError;
use crate::id::{LogEpoch, ReplicaId, Seq};
use crate::message::{Message, Refuse};
use crate::seen::{LogPlace, Seen};
use incoming::Incoming;
use outgoing::Outgoing;
use reconciling::Searches;

/// How long the answer to a probe may take.
const PROBE_ANSWER_MS: u64 = 10_000;
/// When a peer comes again, at the latest, whose place has fallen below the floor.
const BELOW_FLOOR_RETRY_MS: u64 = 2_000;

/// One connection's state.
pub struct Session {
    config: SessionConfig,
    // As it was when the session began: its head and digest belong together.
    local: Local,
    head: Seq,
    peer: Option<Peer>,
    // What the peer says to have seen of this side, until the host has judged it.
    told: Option<Seen>,
    phase: Phase,
    outgoing: Outgoing,
    incoming: Incoming,
    searches: Searches,
    // Read while a delta of the peer's was being stored, which may be why the floor has risen.
    held_page: Option<LogPage>,
    now_ms: u64,
    heard_at_ms: u64,
    pinged: bool,
    // After a probe: the session ends if nothing has come by then.
    answer_by_ms: Option<u64>,
    effects: Vec<SessionEffect>,
}

/// What the other side has said of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The peer.
    pub replica: ReplicaId,
    /// The life of its log.
    pub epoch: LogEpoch,
    /// The last position of its log, as far as it has told.
    pub head: Seq,
    /// True when it can decompress messages: see [`crate::message::Compressed`].
    pub decompresses: bool,
    // Where it has forgotten deletions, and the digest of its clock, when it said hello.
    floor: Seq,
    digest: u64,
    // Where its log ended then.
    log: LogPlace,
}

impl Peer {
    // A cursor of another life of the log, below its floor or beyond its end, is no place to go on. `own_head` is where
    // this side's log ends.
    fn holds(&self, standing: &Standing, own_head: Seq) -> bool {
        let Standing { cursor, staged } = *standing;
        cursor.epoch == self.epoch
            && handshake::is_above(self.floor, cursor.seq, staged, own_head)
            && cursor.seq.max(staged) <= self.head
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    AwaitingHello,
    LoadingPeer,
    Open,
    Closed,
}

// A protocol error: the code that the peer is told, and the words.
type Refusal = (&'static str, String);

impl Session {
    /// A session that has not begun.
    pub fn new(config: SessionConfig, local: Local) -> Self {
        let (incoming, head) = (Incoming::new(config.credits), local.head);
        Self {
            config,
            local,
            head,
            peer: None,
            told: None,
            phase: Phase::AwaitingHello,
            outgoing: Outgoing::default(),
            incoming,
            searches: Searches::default(),
            held_page: None,
            now_ms: 0,
            heard_at_ms: 0,
            pinged: false,
            answer_by_ms: None,
            effects: Vec::new(),
        }
    }

    /// Takes in what happened and says what is to be done, in order.
    pub fn handle(&mut self, input: SessionInput, now_ms: u64) -> Vec<SessionEffect> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        self.pass_time(now_ms);
        if let Err((code, message)) = self.take(input, now_ms).and_then(|()| self.pump(now_ms)) {
            self.refuse(code, message);
        }
        std::mem::take(&mut self.effects)
    }

    // A clock that is set back takes what is due with it: otherwise it would come as much later, by years perhaps.
    pub(crate) fn pass_time(&mut self, now_ms: u64) {
        let back_ms = self.now_ms.saturating_sub(now_ms);
        if back_ms > 0 {
            self.heard_at_ms = self.heard_at_ms.saturating_sub(back_ms);
            self.answer_by_ms = self.answer_by_ms.map(|at_ms| at_ms.saturating_sub(back_ms));
            self.outgoing.set_back(back_ms);
        }
        self.now_ms = now_ms;
    }

    /// When the session wants a `Tick` next.
    pub fn next_wake_ms(&self) -> Option<u64> {
        if self.phase == Phase::Closed {
            return None;
        }
        let patience = if self.pinged { self.config.silent_after_ms } else { self.config.ping_after_ms };
        let silence = Some(self.heard_at_ms.saturating_add(patience));
        [silence, self.answer_by_ms, self.outgoing.advance_at_ms()].into_iter().flatten().min()
    }

    /// The other side, once it has said hello.
    pub fn peer(&self) -> Option<Peer> {
        self.peer
    }

    /// What the other side says to have seen of this one, each time that it has said it. The host judges it by its own
    /// chain before it does anything else: what it has not written, a copy of it has.
    pub fn take_told(&mut self) -> Option<Seen> {
        self.told.take()
    }

    /// True when both know where the other stands.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// True while a search for differences is under way, in either direction, and its fingerprints are held.
    pub fn is_searching(&self) -> bool {
        self.phase != Phase::Closed && self.searches.is_under_way()
    }

    /// The position in the peer's log that has been received, staged chunks included.
    pub fn received(&self) -> Seq {
        self.incoming.position()
    }

    /// The position in the local log that the peer has durably taken in.
    pub fn peer_reached(&self) -> Seq {
        self.outgoing.reached()
    }

    /// True when the peer has acknowledged all of the local log that is for it.
    pub fn has_told_all(&self) -> bool {
        self.outgoing.has_told_all(self.head)
    }

    /// Ends the session from this side: the peer is told why.
    pub fn close(
        &mut self,
        code: &'static str,
        message: &str,
        retry_after_ms: Option<u64>,
    ) -> Vec<SessionEffect> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        self.end(code, message.to_owned(), retry_after_ms);
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, input: SessionInput, now_ms: u64) -> Result<(), Refusal> {
        match input {
            SessionInput::Start => {
                self.heard_at_ms = now_ms;
                if let Role::Initiator { guess, seen } = self.config.role {
                    let resume = guess.map(|standing| handshake::resume_at(&standing));
                    self.send_hello(resume, seen);
                }
            }
            SessionInput::Frame(bytes) => {
                self.heard_at_ms = now_ms;
                self.pinged = false;
                self.answer_by_ms = None;
                let message = Message::from_bytes(&bytes, &self.config.limits).map_err(decode_refusal)?;
                self.receive(message)?;
            }
            SessionInput::PeerKnown { standing, clock, seen } => self.know_peer(standing, clock, seen)?,
            SessionInput::Page(page) => self.take_page(page, now_ms)?,
            SessionInput::Surveyed { own, snapshot, head } => self.surveyed(own, snapshot, head)?,
            SessionInput::Staged => {
                self.incoming.staged(&mut self.effects);
                self.release_page(now_ms)?;
            }
            SessionInput::Applied { floor_before, floor } => {
                self.outgoing.accept_floor(floor_before, floor);
                self.incoming.applied(&mut self.effects);
                self.release_page(now_ms)?;
            }
            SessionInput::Overtaken { now } => {
                self.incoming.overtaken(now, &mut self.effects)?;
                self.release_page(now_ms)?;
            }
            SessionInput::Failed { code } => {
                return Err((code, "The request could not be stored.".to_owned()));
            }
            SessionInput::HeadMoved(head) => self.head = self.head.max(head),
            SessionInput::Probe => self.probe(now_ms),
            SessionInput::Tick => self.watch_silence(now_ms)?,
        }
        Ok(())
    }

    fn take_page(&mut self, page: LogPage, now_ms: u64) -> Result<(), Refusal> {
        if self.incoming.is_storing() && !self.outgoing.accepts_floor(page.floor) {
            self.held_page = Some(page);
            return Ok(());
        }
        self.outgoing.take_page(page, now_ms, &mut self.effects)
    }

    fn release_page(&mut self, now_ms: u64) -> Result<(), Refusal> {
        self.held_page.take().map_or(Ok(()), |page| self.take_page(page, now_ms))
    }

    fn receive(&mut self, message: Message) -> Result<(), Refusal> {
        match message {
            Message::Hello(hello) => self.take_hello(hello),
            Message::Refuse(refuse) => {
                self.phase = Phase::Closed;
                self.effects.push(SessionEffect::Close(Closing {
                    code: refuse.code,
                    message: refuse.message,
                    by_peer: true,
                    retry_after_ms: refuse.retry_after_ms,
                }));
                Ok(())
            }
            Message::Ping => {
                self.effects.push(SessionEffect::Send(Message::Pong.to_bytes()));
                Ok(())
            }
            Message::Pong => Ok(()),
            Message::Auth { .. } => Err(("unexpected-message", "A token is not for this side.".to_owned())),
            _ if self.peer.is_none() => Err(("unexpected-message", "The hello comes first.".to_owned())),
            Message::Resume(resume, seen) => {
                self.told = Some(seen);
                self.take_resume(resume)
            }
            Message::Delta(delta) => {
                let searched = self.end_search()?;
                self.incoming.queue(delta, searched)
            }
            Message::Ack(ack) => self.outgoing.take_ack(ack, &mut self.effects),
            // The host judges it before it does anything; if it is not of this log, nothing is said.
            Message::Seen { answers: false, seen } => {
                self.told = Some(seen);
                let answer = Message::Seen { answers: true, seen };
                self.effects.push(SessionEffect::Send(answer.to_bytes()));
                Ok(())
            }
            Message::Seen { answers: true, seen } => {
                self.incoming.judged(seen, &self.config.limits, &mut self.effects)
            }
            Message::Ranges(ranges) => self.take_ranges(ranges),
        }
    }

    fn pump(&mut self, now_ms: u64) -> Result<(), Refusal> {
        if self.phase != Phase::Open {
            return Ok(());
        }
        self.incoming.pump(&self.config.limits, &mut self.effects)?;
        if let Some(peer) = &mut self.peer {
            peer.head = peer.head.max(self.incoming.position());
        }
        let (budget_bytes, places) = (self.config.chunk_bytes, self.incoming.places());
        self.outgoing.pump(self.head, budget_bytes, places, now_ms, &mut self.effects);
        Ok(())
    }

    fn probe(&mut self, now_ms: u64) {
        if self.peer.is_some() && self.answer_by_ms.is_none() {
            self.answer_by_ms = Some(now_ms.saturating_add(PROBE_ANSWER_MS));
            self.effects.push(SessionEffect::Send(Message::Ping.to_bytes()));
        }
    }

    fn watch_silence(&mut self, now_ms: u64) -> Result<(), Refusal> {
        let silence_ms = now_ms.saturating_sub(self.heard_at_ms);
        let unanswered = self.answer_by_ms.is_some_and(|due| due <= now_ms);
        if silence_ms >= self.config.silent_after_ms || unanswered {
            return Err(("silent", "No sign of life from the other side.".to_owned()));
        }
        if silence_ms >= self.config.ping_after_ms && !self.pinged {
            self.pinged = true;
            self.effects.push(SessionEffect::Send(Message::Ping.to_bytes()));
        }
        Ok(())
    }

    fn refuse(&mut self, code: &'static str, message: String) {
        // Who is to search comes again soon, and not all at once.
        let retry_after_ms = (code == "below-floor").then_some(self.config.nonce % BELOW_FLOOR_RETRY_MS);
        self.end(code, message, retry_after_ms);
    }

    fn end(&mut self, code: &'static str, message: String, retry_after_ms: Option<u64>) {
        self.phase = Phase::Closed;
        let refuse = Refuse { code: code.to_owned(), message: message.clone(), retry_after_ms };
        self.effects.push(SessionEffect::Send(Message::Refuse(refuse).to_bytes()));
        let closing = Closing { code: code.to_owned(), message, by_peer: false, retry_after_ms };
        self.effects.push(SessionEffect::Close(closing));
    }
}

fn decode_refusal(error: DecodeError) -> Refusal {
    let code = match error {
        DecodeError::UnknownVersion(_) => "unsupported-version",
        DecodeError::TooLarge(_) => "too-large",
        _ => "bad-message",
    };
    (code, error.to_string())
}
