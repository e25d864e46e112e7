//! A relay: hosts sessions over a replica that is the fold of what it has stored.
//!
//! Everything that it has acknowledged is durable; what it was about to do is lost when it is restarted.

use std::collections::BTreeMap;

use eyot_core::message::{DeltaClock, write_vector};
use eyot_core::segment::{Received, Segment, StagedChunk, received_segment, staged_chunk};
use eyot_core::session::{Chunk, Local, Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Cursor, Limits, LogEpoch, Replica, ReplicaId, Seq, Writer};

use crate::Violation;
use crate::network::{ConnectionId, End};
use crate::world::{Event, World};

/// Something that a relay does in its own time.
#[derive(Debug)]
pub(crate) enum Work {
    // Answers the session, after doing what it asked for.
    Do(SessionEffect),
    Answer(SessionInput),
    Tick,
}

/// One relay.
pub struct RelayHost {
    /// What it holds.
    pub replica: Replica,
    // The values of its log, each with the chunks that were staged for it.
    log: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    stages: BTreeMap<ReplicaId, Stage>,
    sessions: BTreeMap<ConnectionId, Session>,
    // Counts its lives: what was planned in a former one does not happen.
    life: u64,
}

struct Stage {
    base: Cursor,
    position: Seq,
    chunks: Vec<Vec<u8>>,
}

impl RelayHost {
    pub(crate) fn new(id: ReplicaId, epoch: LogEpoch) -> Self {
        let (stages, sessions) = (BTreeMap::new(), BTreeMap::new());
        Self { replica: Replica::new(id, epoch), log: Vec::new(), stages, sessions, life: 0 }
    }

    fn local(&self) -> Result<Local, Violation> {
        let database = "notes".parse().map_err(|error| Violation(format!("{error}")))?;
        Ok(self.replica.local(database))
    }

    fn standing(&self, peer: ReplicaId, epoch: LogEpoch) -> Option<Standing> {
        let cursor = self.replica.cursor(peer, epoch);
        let base = cursor.unwrap_or(Cursor { epoch, seq: Seq::ZERO });
        let stage = self.stages.get(&peer).filter(|stage| stage.base == base);
        let staged = stage.map_or(base.seq, |stage| stage.position);
        (cursor.is_some() || stage.is_some()).then_some(Standing { cursor: base, staged })
    }

    // False where it does not go on from what is kept: another connection of the same peer was faster.
    fn stage(&mut self, chunk: &Chunk) -> bool {
        let (base, position) = (chunk.base, chunk.base.seq);
        if chunk.from == position {
            self.stages.insert(chunk.peer, Stage { base, position, chunks: Vec::new() });
        }
        let goes_on = |stage: &&mut Stage| stage.base == base && stage.position == chunk.from;
        let Some(stage) = self.stages.get_mut(&chunk.peer).filter(goes_on) else { return false };
        stage.position = chunk.up_to;
        let own = self.replica.epoch();
        stage.chunks.push(staged_chunk(own, chunk.peer, base, chunk.up_to, &chunk.block));
        true
    }

    fn completes(&self, last: &Chunk) -> bool {
        let stage = self.stages.get(&last.peer);
        stage.is_some_and(|stage| stage.base == last.base && stage.position == last.from)
    }

    fn apply(&mut self, chunk: Chunk, staged: bool, clock: DeltaClock) -> Result<(), Violation> {
        let cursor = Cursor { epoch: chunk.base.epoch, seq: chunk.up_to };
        let stage = self.stages.remove(&chunk.peer).filter(|stage| staged && stage.base == chunk.base);
        let chunks = stage.map(|stage| stage.chunks).unwrap_or_default();
        let entries = chunk.entries;
        let received = Received { peer: chunk.peer, cursor, clock, stage: None, entries };
        let value = received_segment(&received, &chunk.block);
        self.fold(&value, &chunks)?;
        self.log.push((value, chunks));
        Ok(())
    }

    fn fold(&mut self, value: &[u8], chunks: &[Vec<u8>]) -> Result<(), Violation> {
        let limits = Limits::default();
        let broken = |error| Violation(format!("a relay cannot read what it has stored: {error}"));
        let entries =
            chunks.iter().map(|bytes| StagedChunk::from_bytes(bytes, &limits).map(|chunk| chunk.entries));
        let entries = entries.collect::<Result<_, _>>().map_err(broken)?;
        self.replica.apply(Segment::from_bytes(value, &limits).map_err(broken)?, entries);
        Ok(())
    }

    // What is on disk, read anew.
    fn reopen(&mut self, epoch: LogEpoch) -> Result<(), Violation> {
        self.life += 1;
        self.sessions.clear();
        self.replica = Replica::new(self.replica.id(), epoch);
        for (value, chunks) in std::mem::take(&mut self.log) {
            self.fold(&value, &chunks)?;
            self.log.push((value, chunks));
        }
        Ok(())
    }

    /// A number that says what the relay holds and where: two that differ must differ here.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.number(self.replica.head().0);
        write_vector(&mut writer, &self.replica.clock().to_vector());
        writer.into_bytes()
    }
}

impl World {
    pub(crate) fn accept(&mut self, id: ConnectionId) -> Result<(), Violation> {
        let Some(relay) = self.network.get(id).map(|connection| connection.relay) else { return Ok(()) };
        let mut config = SessionConfig::new(Role::Acceptor);
        config.chunk_bytes = self.setting.relay_chunk_bytes;
        config.credits = self.setting.relay_credits;
        let host = self.relay_mut(relay)?;
        let session = Session::new(config, host.local()?);
        host.sessions.insert(id, session);
        self.serve(id, SessionInput::Start)
    }

    pub(crate) fn relay_mut(&mut self, relay: usize) -> Result<&mut RelayHost, Violation> {
        self.relays.get_mut(relay).ok_or_else(|| Violation(format!("there is no relay {relay}")))
    }

    pub(crate) fn forget_session(&mut self, id: ConnectionId) {
        for relay in &mut self.relays {
            relay.sessions.remove(&id);
        }
    }

    fn relay_of(&self, id: ConnectionId) -> Option<usize> {
        self.relays.iter().position(|relay| relay.sessions.contains_key(&id))
    }

    /// Gives a relay's session an input and performs what it says.
    pub(crate) fn serve(&mut self, id: ConnectionId, input: SessionInput) -> Result<(), Violation> {
        let now_ms = self.schedule.now_ms();
        let Some(relay) = self.relay_of(id) else { return Ok(()) };
        let host = self.relay_mut(relay)?;
        let life = host.life;
        let Some(session) = host.sessions.get_mut(&id) else { return Ok(()) };
        let is_tick = input == SessionInput::Tick;
        let effects = session.handle(input, now_ms);
        let wake_ms = session.next_wake_ms();
        if is_tick && wake_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            return Err(Violation(
                "a tick does not bring what the session asked for, so its host spins".into(),
            ));
        }
        if let Some(at_ms) = wake_ms {
            self.schedule.at(at_ms, Event::Relay { relay, life, connection: id, work: Work::Tick });
        }
        for effect in effects {
            match effect {
                SessionEffect::Send(bytes) => self.send_to_tab(id, bytes),
                SessionEffect::Close(_) => self.close_from_relay(id),
                SessionEffect::MoveCursor { peer, cursor } => {
                    self.relay_mut(relay)?.replica.move_cursor(peer, cursor);
                }
                SessionEffect::PeerReached { peer, seq } => {
                    self.relay_mut(relay)?.replica.move_reached(peer, seq)
                }
                work => {
                    let (delay_ms, work) = (self.random.u64(0..5), Work::Do(work));
                    self.schedule.after(delay_ms, Event::Relay { relay, life, connection: id, work });
                }
            }
        }
        Ok(())
    }

    fn send_to_tab(&mut self, id: ConnectionId, bytes: Vec<u8>) {
        self.network.count(&bytes);
        let earliest_ms = self.schedule.now_ms() + self.random.u64(1..40);
        if let Some(at_ms) = self.network.arrival(id, End::Tab, earliest_ms) {
            self.schedule.at(at_ms, Event::Arrive(id, bytes));
        }
    }

    fn close_from_relay(&mut self, id: ConnectionId) {
        self.forget_session(id);
        let earliest_ms = self.schedule.now_ms() + 1;
        if let Some(at_ms) = self.network.arrival(id, End::Tab, earliest_ms) {
            self.schedule.at(at_ms, Event::HangUp(id));
        }
    }

    pub(crate) fn relay_works(
        &mut self,
        relay: usize,
        life: u64,
        id: ConnectionId,
        work: Work,
    ) -> Result<(), Violation> {
        let now_ms = self.schedule.now_ms();
        let host = self.relay_mut(relay)?;
        if host.life != life {
            return Ok(());
        }
        let effect = match work {
            Work::Answer(input) => return self.serve(id, input),
            Work::Tick => {
                let wake_ms = host.sessions.get(&id).and_then(Session::next_wake_ms);
                let is_due = wake_ms.is_some_and(|at_ms| at_ms <= now_ms);
                return if is_due { self.serve(id, SessionInput::Tick) } else { Ok(()) };
            }
            Work::Do(effect) => effect,
        };
        let has_applied = matches!(effect, SessionEffect::Apply { .. });
        let Some(answer) = self.relay_does(relay, effect)? else { return Ok(()) };
        let (delay_ms, work) = (self.random.u64(0..5), Work::Answer(answer));
        self.schedule.after(delay_ms, Event::Relay { relay, life, connection: id, work });
        if has_applied {
            self.check_relay(relay)?;
            self.tell_head(relay)?;
        }
        Ok(())
    }

    // Done now, and durable; the session learns of it later.
    fn relay_does(&mut self, relay: usize, effect: SessionEffect) -> Result<Option<SessionInput>, Violation> {
        let host = self.relay_mut(relay)?;
        Ok(match effect {
            SessionEffect::LoadPeer { replica, epoch } => {
                let (standing, clock) = (host.standing(replica, epoch), host.replica.clock().to_vector());
                let seen = host.replica.seen_of(replica, epoch);
                Some(SessionInput::PeerKnown { standing, clock, seen })
            }
            SessionEffect::Survey { own, key, peer_clock } => {
                let (snapshot, head) = (host.replica.survey(key, peer_clock.as_ref()), host.replica.head());
                Some(SessionInput::Surveyed { own, snapshot, head })
            }
            SessionEffect::Read(request) => Some(SessionInput::Page(host.replica.page(&request))),
            SessionEffect::Stage(chunk) if host.stage(&chunk) => Some(SessionInput::Staged),
            SessionEffect::Apply { chunk, staged, .. } if staged && !host.completes(&chunk) => {
                Some(SessionInput::Failed { code: "staging-lost" })
            }
            SessionEffect::Stage(_) => Some(SessionInput::Failed { code: "staging-lost" }),
            SessionEffect::Apply { chunk, clock, chain, .. }
                if chain.has_forked(host.replica.clock().end(chunk.peer), clock.changed.end(chunk.peer)) =>
            {
                Some(SessionInput::Failed { code: "replica-forked" })
            }
            SessionEffect::Apply { chunk, staged, clock, .. } => {
                let floor_before = host.replica.floor();
                host.apply(chunk, staged, clock)?;
                Some(SessionInput::Applied { floor_before, floor: host.replica.floor() })
            }
            _ => None,
        })
    }

    fn tell_head(&mut self, relay: usize) -> Result<(), Violation> {
        let host = self.relay_mut(relay)?;
        let (life, head) = (host.life, host.replica.head());
        for connection in host.sessions.keys().copied().collect::<Vec<_>>() {
            let work = Work::Answer(SessionInput::HeadMoved(head));
            self.schedule.after(self.random.u64(0..5), Event::Relay { relay, life, connection, work });
        }
        Ok(())
    }

    /// A relay is killed and started again.
    pub fn restart_relay(&mut self, relay: usize) -> Result<(), Violation> {
        let host = self.relay_mut(relay)?;
        let (before, epoch) = (host.fingerprint(), host.replica.epoch());
        host.reopen(epoch)?;
        if host.fingerprint() != before {
            return Err(Violation(format!("relay {relay} is not what it was before it was restarted")));
        }
        self.drop_connections(relay);
        Ok(())
    }

    /// A relay is set back to what it had stored up to some share of its log, in percent, under a new epoch.
    pub fn restore_relay(&mut self, relay: usize, percent: usize) -> Result<(), Violation> {
        let epoch = LogEpoch(self.random.u64(..));
        self.was_set_back = true;
        let host = self.relay_mut(relay)?;
        host.log.truncate(host.log.len() * percent.min(100) / 100);
        host.stages.clear();
        host.reopen(epoch)?;
        self.drop_connections(relay);
        Ok(())
    }

    fn drop_connections(&mut self, relay: usize) {
        for id in self.network.of(|connection| connection.relay == relay) {
            self.network.kill(id);
            self.schedule.after(self.random.u64(1..50), Event::HangUp(id));
        }
    }
}
