//! What a relay's host does: hosts sessions, performs their effects, calls other relays, is killed and restored.
//!
//! What is done is durable at once; the session learns of it later.

use eyot_core::LogEpoch;
use eyot_core::session::{Role, Session, SessionConfig, SessionEffect, SessionInput};

use crate::check::View;
use crate::network::{ConnectionId, Party};
use crate::relay::{Hosted, RelayHost, Work};
use crate::violation::{CONTRACT, Violation};
use crate::world::{Event, World};

impl World {
    /// A relay begins its side of a connection.
    pub(crate) fn begin_session(
        &mut self,
        relay: usize,
        id: ConnectionId,
        role: Role,
    ) -> Result<(), Violation> {
        let mut config = SessionConfig::new(role);
        config.chunk_bytes = self.setting.relay_chunk_bytes;
        config.credits = self.setting.relay_credits;
        config.nonce = self.random.u64(..);
        let database = self.database.clone();
        let host = self.relay_mut(relay)?;
        let session = Session::new(config, host.local(database));
        host.sessions.insert(id, Hosted { session, wakes_at_ms: None });
        self.serve(relay, id, SessionInput::Start)
    }

    pub(crate) fn relay_mut(&mut self, relay: usize) -> Result<&mut RelayHost, Violation> {
        self.relays
            .get_mut(relay)
            .ok_or_else(|| Violation::new(CONTRACT, format!("there is no relay {relay}")))
    }

    /// Gives a relay's session an input and performs what it says.
    pub(crate) fn serve(
        &mut self,
        relay: usize,
        id: ConnectionId,
        input: SessionInput,
    ) -> Result<(), Violation> {
        let now_ms = self.relay_time();
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
            self.agenda.at(
                at_ms.saturating_sub(self.slept_ms),
                Event::Relay { relay, life, connection: id, work: Work::Tick },
            );
        }
        for effect in effects {
            match effect {
                SessionEffect::Send(bytes) => self.send(id, Party::Relay(relay), bytes),
                SessionEffect::Close(_) => self.close(id, Party::Relay(relay)),
                SessionEffect::MoveCursor(passed) => self.relay_mut(relay)?.replica.pass(&passed),
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
            Work::Answer(input) => return self.serve(relay, id, *input),
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
        let now_ms = self.relay_time();
        let host = self.relay_mut(relay)?;
        let life = host.life;
        let Some(Hosted { session, wakes_at_ms }) = host.sessions.get_mut(&id) else { return Ok(()) };
        *wakes_at_ms = None;
        match session.next_wake_ms() {
            Some(at_ms) if at_ms <= now_ms => self.serve(relay, id, SessionInput::Tick),
            Some(at_ms) => {
                *wakes_at_ms = Some(at_ms);
                self.agenda.at(
                    at_ms.saturating_sub(self.slept_ms),
                    Event::Relay { relay, life, connection: id, work: Work::Tick },
                );
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
                let seen = host.seen_of(replica, epoch);
                Some(SessionInput::PeerKnown { standing, clock, seen })
            }
            SessionEffect::Stage(_) | SessionEffect::Apply { .. } if std::mem::take(&mut host.is_full) => {
                Some(SessionInput::Failed { code: "storage-full" })
            }
            SessionEffect::Survey { own, key, peer_clock } => {
                let snapshot = host.replica.survey(key, peer_clock.as_ref());
                Some(SessionInput::Surveyed { own, snapshot, head: host.replica.head() })
            }
            SessionEffect::Read(request) => Some(SessionInput::Page(host.page(&request))),
            SessionEffect::Stage(chunk) if host.stage(&chunk) => Some(SessionInput::Staged),
            SessionEffect::Apply { chunk, staged, .. } if staged && !host.completes(&chunk) => {
                Some(SessionInput::Failed { code: "staging-lost" })
            }
            SessionEffect::Stage(_) => Some(SessionInput::Failed { code: "staging-lost" }),
            SessionEffect::Apply { chunk, clock, judged, .. }
                if let Some(now) = host.overtaken(&chunk, &clock, judged) =>
            {
                Some(SessionInput::Overtaken { now })
            }
            SessionEffect::Apply { clock, asked, .. }
                if host.replica.has_heard_since(&clock.forgotten, &asked) =>
            {
                Some(SessionInput::Failed { code: "below-floor" })
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
            let work = Work::Answer(Box::new(SessionInput::HeadMoved(head)));
            self.agenda.after(self.random.u64(0..5), Event::Relay { relay, life, connection, work });
        }
        Ok(())
    }

    /// A relay forgets the deletions that are old enough by its clock, and known to a peer.
    pub(crate) fn forget_at(&mut self, relay: usize) -> Result<(), Violation> {
        let before_ms = self.relay_time().saturating_sub(self.setting.keep_ms);
        let host = self.relay_mut(relay)?;
        host.forget(before_ms)?;
        self.check_relay(relay)?;
        self.tell_head(relay)
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
        self.has_losses = true;
        let host = self.relay_mut(relay)?;
        host.log.truncate(host.log.len() * percent.min(100) / 100);
        host.stages.clear();
        host.view = View::default();
        host.reopen(epoch)?;
        self.check_relay(relay)?;
        self.drop_connections(relay);
        self.note_losses()
    }

    fn drop_connections(&mut self, relay: usize) {
        for id in self.network.of(|connection| connection.is_of_relay(relay)) {
            self.network.kill(id);
            self.agenda.after(self.random.u64(1..50), Event::HangUp(id));
        }
    }
}
