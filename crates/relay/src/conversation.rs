//! The conversation: hosts one session. Hands in what happens, performs what the session decides.
//!
//! Knows no protocol: what to say, and when, is the session's matter. Adds what only a relay has: grants, bounds on what
//! waits, and the store's failures.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use eyot_core::message::DeltaClock;
use eyot_core::session::{PageRequest, Role, Session, SessionConfig, SessionEffect, SessionInput};
use eyot_core::{Cursor, Seq};
use hyper_tungstenite::tungstenite::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::admission::{Admission, failed, message_of, token_of};
use crate::auth::{Access, Grant};
use crate::compression::{compress, decompress};
use crate::connection::Ending;
use crate::hub::Seat;
use crate::life;
use crate::reader::Reader;
use crate::refusal::Code;
use crate::searching::Searching;
use crate::server::Shared;
use crate::socket::{Incoming, Socket};
use crate::store::{Applied, Database, Delta, PeerKnown, StoreError, Survey};
use crate::work::{Done, Work, done, finished, first_finished};

// How much a session may have waiting while the store is busy with it, before nothing more is read from its socket.
const UNSTORED_BYTES: usize = 256 * 1024;

// A client that may not write, or whose disk is full here, can still be given what it lacks: it would send the same again
// with every connection, and never hear of anything if it were refused at once. After this time it is told.
const READ_ON: Duration = Duration::from_secs(2);

// A session may be due while what it waits for is on its way; it is not asked more often than this.
const TICK_PAUSE: Duration = Duration::from_millis(20);

/// A session and everything that it needs.
pub(crate) struct Conversation<'a> {
    shared: Arc<Shared>,
    socket: &'a mut Socket,
    grant: Grant,
    seat: Seat,
    database: Database,
    session: Session,
    first: Option<Bytes>,
    began_at: Instant,
    ticked_at: Instant,
    hello_by: Instant,
    expires_at: Option<Instant>,
    // At most one of each is under way: the session sees to that.
    reading: Option<Work>,
    storing: Option<Work>,
    // At most one for each direction; the first is under way.
    surveys: VecDeque<Work>,
    searching: Searching,
    // A reading that waits until the socket has room for its result.
    held_reading: Option<PageRequest>,
    unstored_bytes: usize,
    reader: Reader,
    // The log as it was when the session began.
    opened: Cursor,
    // How many chunks of the delta under way are in the store.
    chunks: u64,
    // Set once something cannot be stored: then nothing is any more, and at this time the client is refused.
    refusal: Option<(Instant, Code)>,
}

enum Event {
    Incoming(Incoming),
    Read(Done),
    Surveyed(Done),
    Stored(Done),
    HeadMoved(Option<Seq>),
    Tick,
    Stop,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(shared: Arc<Shared>, admission: Admission, socket: &'a mut Socket) -> Self {
        let limits = &shared.config.limits;
        let mut config = SessionConfig::new(Role::Acceptor);
        config.limits = limits.core();
        config.decompresses = true;
        // Without random bits of the system's, those of the peer's half are left.
        config.nonce = getrandom::u64().unwrap_or_default();
        config.ping_after_ms = limits.ping_interval_ms;
        config.silent_after_ms = limits.idle_timeout_ms;
        let (now, local) = (Instant::now(), admission.opened.local);
        let opened = Cursor { epoch: local.epoch, seq: local.head };
        Self {
            session: Session::new(config, local),
            database: admission.opened.database,
            began_at: now,
            ticked_at: now,
            hello_by: now + limits.handshake_timeout(),
            expires_at: expiry(&admission.grant, now),
            grant: admission.grant,
            seat: admission.seat,
            first: admission.first,
            reading: None,
            storing: None,
            surveys: VecDeque::new(),
            searching: Searching::default(),
            held_reading: None,
            unstored_bytes: 0,
            reader: Reader::default(),
            opened,
            chunks: 0,
            refusal: None,
            socket,
            shared,
        }
    }

    /// Talks until one side ends it.
    pub(crate) async fn run(&mut self) -> Ending {
        match self.talk().await {
            Ok(never) => match never {},
            Err(ending) => ending,
        }
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, Ending> {
        self.input(SessionInput::Start)?;
        if let Some(message) = self.first.take() {
            self.message(message)?;
        }
        loop {
            self.read_held();
            let event = self.next_event().await;
            self.take(event)?;
        }
    }

    async fn next_event(&mut self) -> Event {
        let (wake_at, may_receive) = (self.wake_at(), self.may_receive());
        tokio::select! {
            () = self.shared.stop.cancelled() => Event::Stop,
            incoming = self.socket.drive(may_receive) => Event::Incoming(incoming),
            done = finished(&mut self.reading) => Event::Read(done),
            done = first_finished(&mut self.surveys) => Event::Surveyed(done),
            done = finished(&mut self.storing) => Event::Stored(done),
            head = self.seat.moved() => Event::HeadMoved(head),
            () = sleep_until(wake_at) => Event::Tick,
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Ending> {
        match event {
            Event::Stop => Err(Ending::Refused(Code::ShuttingDown)),
            Event::Incoming(incoming) => match message_of(incoming)? {
                Some(message) => self.message(message),
                None => Ok(()),
            },
            Event::Read(done) => {
                self.reading = None;
                self.done(done)
            }
            Event::Surveyed(done) => {
                self.surveys.pop_front();
                self.done(done)
            }
            Event::Stored(done) => {
                self.storing = None;
                self.done(done)?;
                if self.storing.is_none() {
                    self.unstored_bytes = 0;
                }
                Ok(())
            }
            Event::HeadMoved(Some(head)) => self.input(SessionInput::HeadMoved(head)),
            Event::HeadMoved(None) => {
                let message = "The log was set back, and has a new epoch now.";
                let effects = self.session.close("invalid-cursor", message, Some(0));
                effects.into_iter().try_for_each(|effect| self.perform(effect))
            }
            Event::Tick => self.tick(),
        }
    }

    fn message(&mut self, message: Bytes) -> Result<(), Ending> {
        if let Some(token) = token_of(&self.shared, &message)? {
            return self.renew(&token);
        }
        let message = decompress(message, &self.shared.config.limits.core());
        if self.storing.is_some() {
            self.unstored_bytes += message.len();
        }
        self.input(SessionInput::Frame(message.into()))?;
        if let Some(told) = self.session.take_told().filter(|told| told.log.seq > self.opened.seq) {
            life::look_into(&self.shared, &self.database, Cursor { seq: told.log.seq, ..self.opened });
        }
        Ok(())
    }

    // A renewal is for the same client: whoever wants to be another one connects as that.
    fn renew(&mut self, token: &str) -> Result<(), Ending> {
        let grant = self.shared.authority.grant(token, &self.database.name).map_err(Ending::Refused)?;
        if grant.subject != self.grant.subject {
            return Err(Ending::Refused(Code::Unauthenticated));
        }
        if self.session.peer().is_some_and(|peer| !grant.speaks_for(peer.replica)) {
            return Err(Ending::Refused(Code::ReplicaMismatch));
        }
        self.expires_at = expiry(&grant, Instant::now());
        self.grant = grant;
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        self.ticked_at = now;
        let is_over = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        for (limit, code) in [
            (self.expires_at, Code::TokenExpired),
            (self.hello_limit(), Code::HandshakeTimeout),
            (self.write_limit(), Code::SlowReceiver),
            (self.searching.limit(), Code::SlowReceiver),
        ] {
            if is_over(limit) {
                return Err(Ending::Refused(code));
            }
        }
        match self.refusal {
            Some((time, code)) if time <= now => Err(Ending::Refused(code)),
            _ => self.input(SessionInput::Tick),
        }
    }

    fn done(&mut self, done: Done) -> Result<(), Ending> {
        match done {
            Done::Input(input) => self.input(input),
            Done::Surveyed(slot, input) => {
                self.searching.take(slot);
                self.input(input)
            }
            Done::Peer(known) => self.know_peer(known),
            Done::Failed(StoreError::Full) => {
                self.shared.health.note_full();
                self.read_on(Code::StorageFull);
                Ok(())
            }
            // It is asked whether that is its own.
            Done::Failed(StoreError::Overtaken(now)) => self.input(SessionInput::Overtaken { now }),
            // It comes again, with a clock that tells of it.
            Done::Failed(StoreError::HeardMeanwhile) => {
                self.input(SessionInput::Failed { code: "below-floor" })
            }
            Done::Failed(error) => Err(failed(&error)),
        }
    }

    fn know_peer(&mut self, known: PeerKnown) -> Result<(), Ending> {
        self.chunks = known.chunks;
        let PeerKnown { standing, clock, seen, .. } = known;
        self.input(SessionInput::PeerKnown { standing, clock, seen })
    }

    fn input(&mut self, input: SessionInput) -> Result<(), Ending> {
        let now_ms = u64::try_from(self.began_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let effects = self.session.handle(input, now_ms);
        if !self.session.is_searching() {
            self.searching.end();
        }
        effects.into_iter().try_for_each(|effect| self.perform(effect))
    }

    fn perform(&mut self, effect: SessionEffect) -> Result<(), Ending> {
        let (store, database) = (Arc::clone(&self.shared.store), self.database.clone());
        match effect {
            SessionEffect::Send(message) if self.session.peer().is_some_and(|peer| peer.decompresses) => {
                self.socket.send(compress(message));
            }
            SessionEffect::Send(message) => self.socket.send(message),
            SessionEffect::LoadPeer { replica, epoch } => {
                if !self.grant.speaks_for(replica) {
                    return Err(Ending::Refused(Code::ReplicaMismatch));
                }
                self.reading = Some(Box::pin(async move {
                    store.peer(&database, replica, epoch).await.map_or_else(Done::Failed, Done::Peer)
                }));
            }
            SessionEffect::Read(request) => self.held_reading = Some(request),
            SessionEffect::Survey { own, key, peer_clock } => {
                let slot = self.searching.ask(&self.shared.searches);
                self.surveys.push_back(Box::pin(async move {
                    let slot = slot.await;
                    let survey = store.survey(&database, key, peer_clock).await;
                    survey.map_or_else(Done::Failed, |Survey { snapshot, head }| {
                        Done::Surveyed(slot, SessionInput::Surveyed { own, snapshot, head })
                    })
                }));
            }
            SessionEffect::Stage(chunk) => {
                // A reader is heard out.
                if self.grant.access != Access::Write {
                    self.reader.hear(&chunk);
                    return self.input(SessionInput::Staged);
                }
                // Where a delta begins anew, what the store has of it is void.
                self.chunks = if chunk.from == chunk.base.seq { 1 } else { self.chunks + 1 };
                self.storing = Some(Box::pin(async move {
                    done(store.stage(&database, chunk).await.map(|()| SessionInput::Staged))
                }));
            }
            SessionEffect::Apply { mut chunk, staged, mut clock, judged, asked } => {
                let may_write = self.grant.access == Access::Write;
                if !may_write && self.reader.has_written(&chunk, &clock) {
                    self.read_on(Code::ReadOnly);
                    return Ok(());
                }
                let mut chunks = if staged { self.chunks } else { 0 };
                // What a reader says of the clock, or has nothing of, is nobody's news: it has written nothing here.
                if !may_write {
                    chunks = 0;
                    clock = DeltaClock { link: clock.link, ..DeltaClock::default() };
                    chunk.entries.clear();
                }
                let delta = Delta { last: chunk, chunks, clock, judged, asked };
                self.storing = Some(Box::pin(async move {
                    let applied = store.apply(&database, delta).await;
                    done(applied.map(|Applied { floor_before, floor, .. }| SessionInput::Applied {
                        floor_before,
                        floor,
                    }))
                }));
            }
            SessionEffect::MoveCursor(passed) => {
                // Not waited for: if it is forgotten the peer says again what it has said.
                self.shared.connections.spawn(async move {
                    if let Err(error) = store.move_cursor(&database, passed).await {
                        tracing::debug!(%error, "a cursor was not remembered");
                    }
                });
            }
            SessionEffect::PeerReached { .. } => {}
            SessionEffect::Close(closing) => return Err(Ending::Closed(closing)),
        }
        Ok(())
    }

    fn read_on(&mut self, code: Code) {
        self.refusal.get_or_insert_with(|| (Instant::now() + READ_ON, code));
    }

    // A client that takes what it is sent slowly is not read for: the log itself is the queue.
    fn read_held(&mut self) {
        if self.socket.waiting_bytes() < self.shared.config.limits.outbound_bytes
            && let Some(request) = self.held_reading.take()
        {
            let (store, database) = (Arc::clone(&self.shared.store), self.database.clone());
            self.reading =
                Some(Box::pin(
                    async move { done(store.page(&database, request).await.map(SessionInput::Page)) },
                ));
        }
    }

    fn may_receive(&self) -> bool {
        let storing = self.storing.is_some() && self.refusal.is_none();
        let unstored = storing && self.unstored_bytes >= UNSTORED_BYTES;
        !unstored && self.socket.waiting_bytes() < self.shared.config.limits.outbound_bytes
    }

    fn wake_at(&self) -> Instant {
        let session = self.session.next_wake_ms().map(|ms| self.began_at + Duration::from_millis(ms));
        let refusal = self.refusal.map(|(time, _)| time);
        let limits = [self.expires_at, self.hello_limit(), self.write_limit(), self.searching.limit()];
        limits
            .into_iter()
            .chain([session, refusal])
            .flatten()
            .min()
            .unwrap_or_else(|| Instant::now() + self.shared.config.limits.ping_interval())
            .max(self.ticked_at + TICK_PAUSE)
    }

    fn hello_limit(&self) -> Option<Instant> {
        self.session.peer().is_none().then_some(self.hello_by)
    }

    fn write_limit(&self) -> Option<Instant> {
        self.socket.waiting_since().map(|since| since + self.shared.config.limits.write_timeout())
    }
}

fn expiry(grant: &Grant, now: Instant) -> Option<Instant> {
    // A time too far away to be counted is as good as none.
    grant.remaining(SystemTime::now()).and_then(|remaining| now.checked_add(remaining))
}
