//! A relay: hosts sessions over a replica that is the fold of what it has stored.
//!
//! Everything that it has acknowledged is durable; what it was about to do is lost when it is restarted.

use std::collections::BTreeMap;

use eyot_core::message::write_vector;
use eyot_core::segment::{Received, Segment, StagedChunk, received_segment, staged_chunk};
use eyot_core::session::{Chunk, Local, Role, Session, SessionConfig, SessionEffect, SessionInput, Standing};
use eyot_core::{Cursor, DatabaseName, Limits, LogEpoch, Replica, ReplicaId, Seq, VersionVector, Writer};

use crate::check::View;
use crate::network::{ConnectionId, End};
use crate::violation::{CONTRACT, Violation};
use crate::world::{Event, World};

/// Something that a relay does in its own time.
#[derive(Debug)]
pub(crate) enum Work {
    // Answers the session, after doing what it asked for.
    Do(Box<SessionEffect>),
    Answer(Box<SessionInput>),
    Tick,
}

/// One relay.
pub struct RelayHost {
    /// What it holds.
    pub replica: Replica,
    // The values of its log, each with the chunks that were staged for it.
    log: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    stages: BTreeMap<ReplicaId, Stage>,
    sessions: BTreeMap<ConnectionId, Hosted>,
    // Counts its lives: what was planned in a former one does not happen.
    life: u64,
    // What it was found to show.
    pub(crate) view: View,
}

struct Hosted {
    session: Session,
    // When it is woken next, as far as that is planned.
    wakes_at_ms: Option<u64>,
}

struct Stage {
    base: Cursor,
    position: Seq,
    chunks: Vec<Vec<u8>>,
}

impl RelayHost {
    pub(crate) fn new(id: ReplicaId, epoch: LogEpoch) -> Self {
        let (stages, sessions) = (BTreeMap::new(), BTreeMap::new());
        Self {
            replica: Replica::new(id, epoch),
            log: Vec::new(),
            stages,
            sessions,
            life: 0,
            view: View::default(),
        }
    }

    fn local(&self, database: DatabaseName) -> Local {
        Local {
            database,
            replica: self.replica.id(),
            epoch: self.replica.epoch(),
            head: self.replica.head(),
            floor: Seq::ZERO,
            digest: self.replica.clock().digest(),
        }
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
        stage.chunks.push(staged_chunk(chunk.peer, base, chunk.up_to, &chunk.block));
        true
    }

    fn completes(&self, last: &Chunk) -> bool {
        let stage = self.stages.get(&last.peer);
        stage.is_some_and(|stage| stage.base == last.base && stage.position == last.from)
    }

    fn apply(&mut self, chunk: Chunk, staged: bool, clock: VersionVector) -> Result<(), Violation> {
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
        let broken = |error| Violation::new(5, format!("a relay cannot read what it has stored: {error}"));
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
        let database = self.database.clone();
        let host = self.relay_mut(relay)?;
        let session = Session::new(config, host.local(database));
        host.sessions.insert(id, Hosted { session, wakes_at_ms: None });
        self.serve(id, SessionInput::Start)
    }

    pub(crate) fn relay_mut(&mut self, relay: usize) -> Result<&mut RelayHost, Violation> {
        self.relays
            .get_mut(relay)
            .ok_or_else(|| Violation::new(CONTRACT, format!("there is no relay {relay}")))
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
        let now_ms = self.agenda.now_ms();
        let Some(relay) = self.relay_of(id) else { return Ok(()) };
        let host = self.relay_mut(relay)?;
        let life = host.life;
        let Some(Hosted { session, wakes_at_ms }) = host.sessions.get_mut(&id) else { return Ok(()) };
        let is_tick = matches!(input, SessionInput::Tick);
        let effects = session.handle(input, now_ms);
        let wake_ms = session.next_wake_ms();
        if is_tick && wake_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            let what = "a tick does not bring what the session asked for, so its host spins";
            return Err(Violation::new(CONTRACT, what));
        }
        // What is planned and comes too early plans anew.
        if let Some(at_ms) = wake_ms.filter(|at_ms| wakes_at_ms.is_none_or(|planned| planned > *at_ms)) {
            *wakes_at_ms = Some(at_ms);
            self.agenda.at(at_ms, Event::Relay { relay, life, connection: id, work: Work::Tick });
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
                    let (delay_ms, work) = (self.random.u64(0..5), Work::Do(Box::new(work)));
                    self.agenda.after(delay_ms, Event::Relay { relay, life, connection: id, work });
                }
            }
        }
        Ok(())
    }

    fn send_to_tab(&mut self, id: ConnectionId, bytes: Vec<u8>) {
        self.network.count(&bytes);
        let earliest_ms = self.agenda.now_ms() + self.random.u64(1..40);
        if let Some(at_ms) = self.network.arrival(id, End::Tab, earliest_ms) {
            self.agenda.at(at_ms, Event::Arrive(id, bytes));
        }
    }

    fn close_from_relay(&mut self, id: ConnectionId) {
        self.forget_session(id);
        let earliest_ms = self.agenda.now_ms() + 1;
        if let Some(at_ms) = self.network.arrival(id, End::Tab, earliest_ms) {
            self.agenda.at(at_ms, Event::HangUp(id));
        }
    }

    pub(crate) fn relay_works(
        &mut self,
        relay: usize,
        life: u64,
        id: ConnectionId,
        work: Work,
    ) -> Result<(), Violation> {
        let host = self.relay_mut(relay)?;
        if host.life != life {
            return Ok(());
        }
        let effect = match work {
            Work::Answer(input) => return self.serve(id, *input),
            Work::Tick => return self.wake_session(relay, id),
            Work::Do(effect) => *effect,
        };
        let has_applied = matches!(effect, SessionEffect::Apply { .. });
        let Some(answer) = self.relay_does(relay, effect)? else { return Ok(()) };
        let (delay_ms, work) = (self.random.u64(0..5), Work::Answer(Box::new(answer)));
        self.agenda.after(delay_ms, Event::Relay { relay, life, connection: id, work });
        if has_applied {
            self.check_relay(relay)?;
            self.tell_head(relay)?;
        }
        Ok(())
    }

    fn wake_session(&mut self, relay: usize, id: ConnectionId) -> Result<(), Violation> {
        let now_ms = self.agenda.now_ms();
        let host = self.relay_mut(relay)?;
        let life = host.life;
        let Some(Hosted { session, wakes_at_ms }) = host.sessions.get_mut(&id) else { return Ok(()) };
        *wakes_at_ms = None;
        match session.next_wake_ms() {
            Some(at_ms) if at_ms <= now_ms => self.serve(id, SessionInput::Tick),
            Some(at_ms) => {
                *wakes_at_ms = Some(at_ms);
                self.agenda.at(at_ms, Event::Relay { relay, life, connection: id, work: Work::Tick });
                Ok(())
            }
            None => Ok(()),
        }
    }

    // Done now, and durable; the session learns of it later.
    fn relay_does(&mut self, relay: usize, effect: SessionEffect) -> Result<Option<SessionInput>, Violation> {
        let host = self.relay_mut(relay)?;
        Ok(match effect {
            SessionEffect::LoadPeer { replica, epoch } => {
                let (standing, clock) = (host.standing(replica, epoch), host.replica.clock().to_vector());
                Some(SessionInput::PeerKnown { standing, clock })
            }
            SessionEffect::Read(request) => Some(SessionInput::Page(host.replica.page(&request))),
            SessionEffect::Stage(chunk) if host.stage(&chunk) => Some(SessionInput::Staged),
            SessionEffect::Apply { chunk, staged, .. } if staged && !host.completes(&chunk) => {
                Some(SessionInput::Failed { code: "staging-lost" })
            }
            SessionEffect::Stage(_) => Some(SessionInput::Failed { code: "staging-lost" }),
            SessionEffect::Apply { chunk, staged, clock } => {
                host.apply(chunk, staged, clock)?;
                Some(SessionInput::Applied)
            }
            _ => None,
        })
    }

    fn tell_head(&mut self, relay: usize) -> Result<(), Violation> {
        let host = self.relay_mut(relay)?;
        let (life, head) = (host.life, host.replica.head());
        for connection in host.sessions.keys().copied().collect::<Vec<_>>() {
            let work = Work::Answer(Box::new(SessionInput::HeadMoved(head)));
            self.agenda.after(self.random.u64(0..5), Event::Relay { relay, life, connection, work });
        }
        Ok(())
    }

    /// A relay is killed and started again.
    pub fn restart_relay(&mut self, relay: usize) -> Result<(), Violation> {
        let host = self.relay_mut(relay)?;
        let (before, epoch) = (host.fingerprint(), host.replica.epoch());
        host.reopen(epoch)?;
        if host.fingerprint() != before {
            return Err(Violation::new(
                5,
                format!("relay {relay} is not what it was before it was restarted"),
            ));
        }
        self.check_relay(relay)?;
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
        host.view = View::default();
        host.reopen(epoch)?;
        self.check_relay(relay)?;
        self.drop_connections(relay);
        Ok(())
    }

    fn drop_connections(&mut self, relay: usize) {
        for id in self.network.of(|connection| connection.relay == relay) {
            self.network.kill(id);
            self.agenda.after(self.random.u64(1..50), Event::HangUp(id));
        }
    }
}
