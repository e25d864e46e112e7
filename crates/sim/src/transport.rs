//! What carries messages: who is called, what arrives at whom, and who hears of the end.
//!
//! Knows nothing of what is said.

use eyot_core::engine::{EngineInput, Link, LinkFailure};
use eyot_core::message::{Delta, DeltaClock, Message};
use eyot_core::session::{Role, SessionInput};
use eyot_core::{Limits, LinkedVector, Reader, read_block};

use crate::device::TabId;
use crate::network::{ConnectionId, End, Party};
use crate::violation::Violation;
use crate::world::{Event, World};

impl World {
    /// A tab calls its relay.
    pub(crate) fn connect(&mut self, id: TabId, link: Link) -> Result<(), Violation> {
        let home = self.device(id.device)?;
        let (is_online, relay) = (home.is_online, home.home);
        if !is_online || self.network.is_parted(Party::Tab(id, link), Party::Relay(relay)) {
            let failure = LinkFailure { code: "connection-failed".into(), message: String::new() };
            return self.feed(id, EngineInput::LinkClosed(link, failure));
        }
        let connection = self.network.connect(Party::Tab(id, link), Party::Relay(relay));
        self.begin_session(relay, connection, Role::Acceptor)?;
        self.feed(id, EngineInput::LinkOpened(link))
    }

    /// A relay calls another, unless they are connected.
    pub(crate) fn call(&mut self, relay: usize, other: usize) -> Result<(), Violation> {
        let is_ours = |connection: &crate::network::Connection| {
            connection.party(End::Initiator) == Party::Relay(relay)
                && connection.party(End::Acceptor) == Party::Relay(other)
        };
        let calls = self.network.of(is_ours);
        let host = self.relay_mut(relay)?;
        if calls.iter().any(|call| host.sessions.contains_key(call)) {
            return Ok(());
        }
        if self.network.is_parted(Party::Relay(relay), Party::Relay(other)) {
            self.call_again(relay, other);
            return Ok(());
        }
        let peer = self.relay_mut(other)?.replica.id();
        let host = self.relay_mut(relay)?;
        let guess = host.replica.peers().cursor(peer).and_then(|cursor| host.standing(peer, cursor.epoch));
        let seen = guess.map(|place| host.seen_of(peer, place.cursor.epoch)).unwrap_or_default();
        let connection = self.network.connect(Party::Relay(relay), Party::Relay(other));
        self.begin_session(other, connection, Role::Acceptor)?;
        self.begin_session(relay, connection, Role::Initiator { guess, seen })
    }

    fn call_again(&mut self, relay: usize, other: usize) {
        self.agenda.after(self.random.u64(500..3_000), Event::Call(relay, other));
    }

    /// Somebody sends a message.
    pub(crate) fn send(&mut self, id: ConnectionId, from: Party, bytes: Vec<u8>) {
        let Some(to) = self.other_end(id, from) else { return };
        self.network.count(&bytes);
        self.count_records(&bytes);
        let [once, again] = self.network.deliveries(id, to, self.agenda.now_ms(), &mut self.random);
        if let Some(at_ms) = again {
            self.agenda.at(at_ms, Event::Arrive(id, to, bytes.clone()));
        }
        if let Some(at_ms) = once {
            self.agenda.at(at_ms, Event::Arrive(id, to, bytes));
        }
    }

    /// Somebody ends a connection. What was sent before still arrives; the other side hears of the end if it still can.
    pub(crate) fn close(&mut self, id: ConnectionId, from: Party) {
        let Some(to) = self.other_end(id, from) else { return };
        self.forget(id, to.other());
        self.network.leave(id, to.other());
        let earliest_ms = self.agenda.now_ms() + self.random.u64(1..40);
        if let Some(at_ms) = self.network.arrival(id, to, earliest_ms) {
            self.agenda.at(at_ms, Event::HangUp(id));
        }
    }

    fn count_records(&mut self, bytes: &[u8]) {
        let Some(count) = &mut self.network.records else { return };
        if let Ok(Message::Delta(delta)) = Message::from_bytes(bytes, &Limits::default())
            && !delta.block.is_empty()
        {
            let read = read_block(&mut Reader::new(&delta.block), &Limits::default());
            *count += read.map_or(0, |records| records.len());
        }
    }

    fn other_end(&self, id: ConnectionId, from: Party) -> Option<End> {
        let connection = self.network.get(id)?;
        Some(if connection.party(End::Initiator) == from { End::Acceptor } else { End::Initiator })
    }

    /// A message arrives.
    pub(crate) fn arrive(&mut self, id: ConnectionId, at: End, mut bytes: Vec<u8>) -> Result<(), Violation> {
        if !self.network.is_alive(id) {
            return Ok(());
        }
        if self.network.is_torn_now(id) {
            bytes.truncate(bytes.len() / 2);
            self.agenda.after(self.random.u64(1..20), Event::HangUp(id));
        }
        let Some(connection) = self.network.get(id) else { return Ok(()) };
        match connection.party(at) {
            Party::Tab(tab, link) => {
                let bytes = self.garble(tab.device, bytes);
                self.feed(tab, EngineInput::LinkReceived(link, bytes))
            }
            Party::Relay(relay) => self.serve(relay, id, SessionInput::Frame(bytes)),
        }
    }

    // A peer that is broken or lies: its delta accounts for less than its records do.
    fn garble(&mut self, device: usize, bytes: Vec<u8>) -> Vec<u8> {
        let Some(device) = self.devices.get_mut(device).filter(|device| device.garbles) else { return bytes };
        let Ok(Message::Delta(delta)) = Message::from_bytes(&bytes, &Limits::default()) else { return bytes };
        match &delta.clock {
            Some(clock) if !delta.block.is_empty() && !clock.changed.is_empty() => {
                device.garbles = false;
                let clock = Some(DeltaClock { changed: LinkedVector::new(), ..clock.clone() });
                Message::Delta(Delta { clock, ..delta }).to_bytes()
            }
            _ => bytes,
        }
    }

    /// The connection has ended, for both.
    pub(crate) fn hang_up(&mut self, id: ConnectionId) -> Result<(), Violation> {
        let Some(connection) = self.network.get(id) else { return Ok(()) };
        let parties = [connection.party(End::Initiator), connection.party(End::Acceptor)];
        self.forget(id, End::Initiator);
        self.forget(id, End::Acceptor);
        self.network.end(id);
        for party in parties {
            if let Party::Tab(tab, link) = party {
                let failure = LinkFailure { code: "connection-lost".to_owned(), message: String::new() };
                self.feed(tab, EngineInput::LinkClosed(link, failure))?;
            }
        }
        Ok(())
    }

    // An end has no session any more; a relay that has called calls again.
    fn forget(&mut self, id: ConnectionId, end: End) {
        let Some(connection) = self.network.get(id) else { return };
        let (party, other) = (connection.party(end), connection.party(End::Acceptor));
        let Party::Relay(relay) = party else { return };
        if let Some(host) = self.relays.get_mut(relay) {
            host.sessions.remove(&id);
        }
        if let (End::Initiator, Party::Relay(other)) = (end, other) {
            self.call_again(relay, other);
        }
    }

    /// No relay has a session of a connection any more.
    pub(crate) fn forget_session(&mut self, id: ConnectionId) {
        self.relays.iter_mut().for_each(|relay| drop(relay.sessions.remove(&id)));
    }
}
