//! What a tab's host does: performs the effects of the engine over the disk and the network, as the browser shell does.

use eyot_core::engine::{
    Engine, EngineEffect, EngineInput, Identity, StorageFailure, StorageOptions, Ticket,
};
use eyot_core::{Context, Limits, LogEpoch, Replica, ReplicaId, Seq};

use crate::device::{HandedOut, Request, Tab, TabId};
use crate::network::Party;
use crate::violation::{CONTRACT, Violation};
use crate::world::{Event, World};
use crate::writes::Writes;

/// No timer is longer, in case that the clock is set back meanwhile.
pub(crate) const LONGEST_TIMER_MS: u64 = 60_000;
pub(crate) const REFUSED: StorageFailure = StorageFailure { code: "quota-exceeded" };

impl World {
    /// Opens a tab: it reads all that is on disk, and stands for holding the sync.
    pub fn open(&mut self, device: usize) -> Result<TabId, Violation> {
        let (tab, seed) = (ReplicaId::from_bytes(self.random.u128(..).to_le_bytes()), self.random.u64(..));
        let (database, keep_ms) = (self.database.clone(), self.setting.keep_ms);
        let mut storage = self.setting.storage();
        if self.copies.are_made {
            // What a tab knows is told by its records there.
            storage.cache_bytes = usize::MAX;
        }
        let home = self.device_mut(device)?;
        home.opened += 1;
        let id = TabId { device, serial: home.opened };
        let identity = Identity { database, replica: home.replica, epoch: home.epoch, tab, seed };
        let mut engine = Engine::new(identity, Limits::default());
        engine.keep_deletions_for_ms(keep_ms);
        // It is looked at all of it first.
        engine.tune_storage(StorageOptions { cache_bytes: usize::MAX, ..storage });
        home.tabs.insert(id.serial, Tab::new(engine));
        let peers = home.disk.peers().cloned();
        self.read_disk(id)?;
        if let Some(peers) = peers {
            self.feed(id, EngineInput::PeersKnown(peers))?;
        }
        if let ([_], Some(tab), false) = (&self.tabs_of(device)[..], self.tab(id), self.copies.are_made) {
            // A power cut may have set the log back.
            let replica = tab.engine.replica();
            let (epoch, head) = (replica.epoch(), replica.head());
            self.ledger.set_back(epoch, head);
        }
        self.check_opened(id)?;
        self.tab_mut(id).into_iter().for_each(|tab| tab.engine.tune_storage(storage));
        if self.device(device)?.holder.is_none() {
            self.hold(id)?;
        }
        Ok(id)
    }

    /// The tab is to hold the sync from now on.
    pub(crate) fn hold(&mut self, id: TabId) -> Result<(), Violation> {
        self.device_mut(id.device)?.holder = Some(id.serial);
        if let Some(tab) = self.tab_mut(id) {
            tab.has_lost_sync = false;
        }
        let position = self.tab(id).map_or(1, |tab| tab.engine.next_position());
        self.request(id, Request::BeginSync(position))
    }

    /// The tab goes away without a word. What it has asked of the disk last may be done or not.
    pub fn kill(&mut self, id: TabId) -> Result<(), Violation> {
        let are_done = self.random.bool();
        let home = self.device_mut(id.device)?;
        home.tabs.remove(&id.serial);
        home.compactor.take_if(|compactor| *compactor == id);
        if !are_done {
            home.requests.retain(|(tab, _)| *tab != id);
        }
        for connection in self.network.of(|connection| connection.is_of_tab(id)) {
            self.desert(connection, id);
            self.network.end(connection);
            self.agenda.after(self.random.u64(1..200), Event::RelayHangUp(connection));
        }
        self.pass_on_sync(id.device)
    }

    fn pass_on_sync(&mut self, device: usize) -> Result<(), Violation> {
        let home = self.device_mut(device)?;
        if home.holder.is_some_and(|serial| !home.tabs.contains_key(&serial)) {
            home.holder = None;
            if let Some(serial) = home.tabs.keys().next().copied() {
                return self.hold(TabId { device, serial });
            }
        }
        Ok(())
    }

    /// Another tab holds the sync: this one hears of it.
    pub(crate) fn lose_sync(&mut self, id: TabId) -> Result<(), Violation> {
        // Unless it has taken it back meanwhile.
        if self.device(id.device)?.holder == Some(id.serial) {
            return Ok(());
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.has_lost_sync = true;
        }
        self.feed(id, EngineInput::Sync(false))
    }

    /// What a tab has waited for. It may have lost the sync while it read what it needs to begin.
    pub(crate) fn feed_all(&mut self, id: TabId, inputs: Vec<EngineInput>) -> Result<(), Violation> {
        let has_lost_sync = self.tab(id).is_some_and(|tab| tab.has_lost_sync);
        let is_meant = |input: &EngineInput| *input != EngineInput::Sync(true) || !has_lost_sync;
        inputs.into_iter().filter(is_meant).try_for_each(|input| self.feed(id, input))
    }

    /// Gives a tab's engine an input and performs what it says.
    pub fn feed(&mut self, id: TabId, input: EngineInput) -> Result<(), Violation> {
        let now_ms = self.time_of(id.device);
        let is_tick = matches!(input, EngineInput::Tick);
        let Some(tab) = self.tab_mut(id) else { return Ok(()) };
        let before = standing(tab.engine.replica());
        let effects = tab.engine.handle(input, now_ms);
        if is_tick && tab.engine.next_wake_ms().is_some_and(|at_ms| at_ms <= now_ms) {
            let what = "a tick does not bring what it was asked for, so its host spins";
            return Err(Violation::new(CONTRACT, what));
        }
        let mut has_changed = standing(tab.engine.replica()) != before;
        for effect in effects {
            has_changed |= matches!(effect, EngineEffect::Changed { .. });
            self.perform(id, effect)?;
        }
        self.plan_wake(id);
        if has_changed { self.check_tab(id) } else { Ok(()) }
    }

    fn plan_wake(&mut self, id: TabId) {
        let (device_ms, now_ms) = (self.time_of(id.device), self.agenda.now_ms());
        let Some(tab) = self.tab_mut(id) else { return };
        let Some(wake_ms) = tab.engine.next_wake_ms() else { return };
        let at_ms = now_ms + wake_ms.saturating_sub(device_ms).min(LONGEST_TIMER_MS);
        // Whatever is planned and comes too early finds nothing to do.
        if tab.wake_at_ms.is_none_or(|planned| planned > at_ms || planned < now_ms) {
            tab.wake_at_ms = Some(at_ms);
            self.agenda.at(at_ms, Event::Wake(id));
        }
    }

    pub(crate) fn wake(&mut self, id: TabId) -> Result<(), Violation> {
        let now_ms = self.agenda.now_ms();
        let Some(tab) = self.tab_mut(id) else { return Ok(()) };
        // One that was planned and then made earlier.
        if tab.wake_at_ms.is_none_or(|at_ms| at_ms > now_ms) {
            return Ok(());
        }
        tab.wake_at_ms = None;
        self.feed(id, EngineInput::Tick)
    }

    pub(crate) fn perform(&mut self, id: TabId, effect: EngineEffect) -> Result<(), Violation> {
        match effect {
            EngineEffect::Commit { position, values, strict } => {
                self.commit_asked(id, position, values, strict)
            }
            EngineEffect::Barrier => self.request(id, Request::Barrier),
            EngineEffect::StoreChunk { stage, ordinal, value } => {
                self.request(id, Request::Chunk { stage, ordinal, value })
            }
            EngineEffect::DropStage(stage) => {
                let next_position = self.tab(id).map_or(1, |tab| tab.engine.next_position());
                self.request(id, Request::DropStage { stage, next_position })
            }
            EngineEffect::SavePeers(bytes) => self.request(id, Request::SavePeers(bytes)),
            EngineEffect::Announce => {
                for other in self.tabs_of(id.device).into_iter().filter(|other| *other != id) {
                    self.agenda.after(self.random.u64(0..5), Event::Hint(other));
                }
                Ok(())
            }
            EngineEffect::Written { ticket, contexts } => self.written(id, ticket, &contexts),
            EngineEffect::Rejected { ticket, .. } => self.rejected(id, ticket),
            EngineEffect::Awaited(ticket) => {
                let saved = self.tab_mut(id).and_then(|tab| tab.awaited.remove(&ticket));
                self.check_saved(id.device, &saved.unwrap_or_default())
            }
            EngineEffect::Continue => {
                self.agenda.after(self.random.u64(1..4), Event::Feed(id, vec![EngineInput::Continue]));
                Ok(())
            }
            EngineEffect::Name => {
                let replica = ReplicaId::from_bytes(self.random.u128(..).to_le_bytes());
                let named = EngineInput::Named { replica, epoch: LogEpoch(self.random.u64(..)) };
                self.agenda.after(self.random.u64(0..3), Event::Feed(id, vec![named]));
                Ok(())
            }
            EngineEffect::Notice { code, keys } => self.noticed(id, code, keys),
            EngineEffect::Connect(link) => {
                self.agenda.after(self.random.u64(1..30), Event::Connect(id, link));
                Ok(())
            }
            EngineEffect::Transmit(link, bytes) => {
                if let Some(connection) = self.network.find(id, link) {
                    self.send(connection, Party::Tab(id, link), bytes);
                }
                Ok(())
            }
            EngineEffect::Disconnect(link) => {
                if let Some(connection) = self.network.find(id, link) {
                    self.close(connection, Party::Tab(id, link));
                }
                Ok(())
            }
            // Nobody makes it again.
            EngineEffect::PeerLeft(..) => Ok(()),
            EngineEffect::Corrupt { position, message } => {
                Err(Violation::new(5, format!("segment {position} of tab {id} cannot be read: {message}")))
            }
            EngineEffect::Imported { .. }
            | EngineEffect::Changed { .. }
            | EngineEffect::StatusChanged
            | EngineEffect::Fetched(_) => Ok(()),
            effect => self.store(id, effect),
        }
    }

    // What the application learns is what the model says.
    fn written(&mut self, id: TabId, ticket: Ticket, contexts: &[Context]) -> Result<(), Violation> {
        let next = self.tab_mut(id).and_then(|tab| tab.outstanding.pop_front());
        let Some((_, writes)) = next.filter(|(asked, _)| *asked == ticket) else {
            return Err(Violation::new(CONTRACT, format!("tab {id} answers ticket {ticket} out of turn")));
        };
        for (write, context) in writes.iter().zip(contexts) {
            if self.ledger.place(*write).is_none() {
                return Err(Violation::new(5, format!("the write {write} is acknowledged and on no disk")));
            }
            let key = self.model.get(*write).map_or(0, |write| write.key);
            let seen = self.model.with_pasts(&Writes::from_iter([*write]));
            let handed_out = HandedOut { key, context: context.clone(), seen };
            if !self.copies.are_made {
                self.check_context(id, &handed_out)?;
            }
            if let Some(tab) = self.tab_mut(id) {
                tab.contexts.push(handed_out);
            }
        }
        Ok(())
    }

    fn rejected(&mut self, id: TabId, ticket: Ticket) -> Result<(), Violation> {
        let Some(tab) = self.tab_mut(id) else { return Ok(()) };
        let place = tab.outstanding.iter().position(|(asked, _)| *asked == ticket);
        let Some((_, writes)) = place.and_then(|place| tab.outstanding.remove(place)) else { return Ok(()) };
        match writes.iter().find(|id| self.ledger.place(**id).is_some()) {
            Some(write) => Err(Violation::new(5, format!("the write {write} is rejected and in the log"))),
            None => Ok(()),
        }
    }

    /// Asks the disk for something; it does one thing after another.
    pub(crate) fn request(&mut self, id: TabId, request: Request) -> Result<(), Violation> {
        let delay_ms = self.random.u64(1..4);
        let home = self.device_mut(id.device)?;
        home.requests.push_back((id, request));
        if !home.is_busy {
            home.is_busy = true;
            self.agenda.after(delay_ms, Event::Disk(id.device));
        }
        Ok(())
    }

    pub(crate) fn disk_works(&mut self, device: usize) -> Result<(), Violation> {
        let home = self.device_mut(device)?;
        let Some((id, request)) = home.requests.pop_front() else {
            home.is_busy = false;
            return Ok(());
        };
        let inputs = self.do_request(id, request)?;
        if !inputs.is_empty() {
            let at_ms = self.agenda.now_ms() + self.random.u64(0..3);
            let home = self.device_mut(device)?;
            home.answers_at_ms = home.answers_at_ms.max(at_ms);
            let at_ms = home.answers_at_ms;
            self.agenda.at(at_ms, Event::Feed(id, inputs));
        }
        self.agenda.after(self.random.u64(1..4), Event::Disk(device));
        Ok(())
    }

    // Done now, as a whole; what comes back is what the tab will hear.
    fn do_request(&mut self, id: TabId, request: Request) -> Result<Vec<EngineInput>, Violation> {
        let home = self.device_mut(id.device)?;
        Ok(match request {
            Request::Commit(commit) => self.commit(id, commit)?,
            Request::Collision(position) => {
                let (mut inputs, segments) = home.disk.news(position);
                inputs.push(EngineInput::Collided(segments));
                inputs
            }
            Request::News(position) => {
                let (mut inputs, segments) = home.disk.news(position);
                if !segments.is_empty() {
                    inputs.push(EngineInput::Segments(segments));
                }
                inputs
            }
            // All is read at the same moment: what the log names is not taken for left over.
            Request::BeginSync(position) => {
                let (mut inputs, segments) = home.disk.news(position);
                inputs.push(EngineInput::Segments(segments));
                inputs.push(EngineInput::StagesFound(home.disk.stages()));
                inputs.push(EngineInput::Sync(true));
                inputs
            }
            Request::Barrier if home.refuses() => vec![EngineInput::BarrierFailed(REFUSED)],
            Request::Barrier => {
                home.disk.barrier();
                vec![EngineInput::BarrierPassed]
            }
            Request::Chunk { .. } if home.refuses() => vec![EngineInput::ChunkFailed(REFUSED)],
            Request::Chunk { stage, ordinal, value } => match home.disk.add_chunk(stage, ordinal, value) {
                true => vec![EngineInput::ChunkStored],
                false => vec![EngineInput::ChunkFailed(StorageFailure { code: "collided" })],
            },
            Request::DropStage { stage, next_position } => {
                home.disk.drop_stage(stage, next_position);
                Vec::new()
            }
            Request::Storing(storing) => self.do_storing(id, storing)?,
            Request::SavePeers(bytes) => {
                home.disk.save_peers(bytes.clone());
                for other in self.tabs_of(id.device).into_iter().filter(|other| *other != id) {
                    let peers = vec![EngineInput::PeersKnown(bytes.clone())];
                    self.agenda.after(self.random.u64(0..5), Event::Feed(other, peers));
                }
                Vec::new()
            }
        })
    }

    /// Another tab has said that the log has grown: this one looks.
    pub(crate) fn read_news(&mut self, id: TabId) -> Result<(), Violation> {
        match self.tab(id).map(|tab| tab.engine.next_position()) {
            Some(position) => self.request(id, Request::News(position)),
            None => Ok(()),
        }
    }
}

// What shows that a replica may have changed. Its floor may be above the deletions that it forgets: then only more is forgotten.
fn standing(replica: &Replica) -> (Seq, Seq, u64) {
    (replica.head(), replica.floor(), replica.forgotten().iter().map(|last| last.counter).sum())
}
