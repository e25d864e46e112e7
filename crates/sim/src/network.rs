//! The network: connections from tabs and relays to relays. They keep the order of messages, are slow, and can be cut.
//!
//! Where the weather is bad, messages are lost, repeated and reordered, as on a link of datagrams. Knows nothing of what is
//! said. Law: in good weather, what arrives is a beginning of what was sent.

use std::collections::BTreeMap;

use eyot_core::engine::Link;
use fastrand::Rng;

use crate::device::TabId;

/// Names a connection.
pub(crate) type ConnectionId = u64;

/// Who is at an end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Party {
    /// A tab, and what its engine calls the connection.
    Tab(TabId, Link),
    /// A relay.
    Relay(usize),
}

impl Party {
    /// The tab, if it is one.
    pub(crate) const fn tab(self) -> Option<TabId> {
        match self {
            Self::Tab(tab, _) => Some(tab),
            Self::Relay(_) => None,
        }
    }
}

/// Which end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The one that made it.
    Initiator,
    /// The other.
    Acceptor,
}

impl End {
    /// The other end.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }
}

/// Whom a link joins: a device with whatever relay it talks to, or two relays or devices, the lower one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A device and its relay.
    Device(usize),
    /// Two relays.
    Relays(usize, usize),
    /// Two devices that were joined without a relay.
    Devices(usize, usize),
}

/// What happens to messages on a link, in percent of them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Weather {
    /// Lost.
    pub lost: u32,
    /// Delivered twice.
    pub repeated: u32,
    /// Overtaken by others.
    pub reordered: u32,
    /// All that goes towards the initiator is lost, too.
    pub is_one_way: bool,
}

/// One connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    initiator: Party,
    acceptor: Party,
    // Nothing may arrive before what was sent earlier.
    arrives_at_ms: [u64; 2],
    is_dead: bool,
    // The ends that have left it.
    has_left: [bool; 2],
    is_torn: bool,
    // It has lost, repeated or reordered something, which a transport with an order never does.
    is_spoilt: bool,
}

impl Connection {
    /// Who is at an end.
    pub(crate) const fn party(&self, end: End) -> Party {
        match end {
            End::Initiator => self.initiator,
            End::Acceptor => self.acceptor,
        }
    }

    /// Whom it joins.
    pub(crate) fn place(&self) -> Place {
        match (self.initiator, self.acceptor) {
            (Party::Tab(one, _), Party::Tab(two, _)) => {
                Place::Devices(one.device.min(two.device), one.device.max(two.device))
            }
            (Party::Tab(tab, _), Party::Relay(_)) | (Party::Relay(_), Party::Tab(tab, _)) => {
                Place::Device(tab.device)
            }
            (Party::Relay(one), Party::Relay(two)) => Place::Relays(one.min(two), one.max(two)),
        }
    }

    /// True when that relay is at one of its ends.
    pub(crate) fn is_of_relay(&self, relay: usize) -> bool {
        self.acceptor == Party::Relay(relay) || self.initiator == Party::Relay(relay)
    }

    /// True when that tab is at one of its ends.
    pub(crate) fn is_of_tab(&self, id: TabId) -> bool {
        [self.initiator, self.acceptor].iter().any(|party| matches!(party, Party::Tab(tab, _) if *tab == id))
    }

    /// True when it joins two devices without a relay.
    pub(crate) fn is_joint(&self) -> bool {
        matches!((self.initiator, self.acceptor), (Party::Tab(..), Party::Tab(..)))
    }
}

/// All connections.
#[derive(Default, Debug)]
pub(crate) struct Network {
    connections: BTreeMap<ConnectionId, Connection>,
    weather: BTreeMap<Place, Weather>,
    // Nodes with different bits do not reach each other.
    parted: u64,
    made: u64,
    /// How many messages were sent that say more than that somebody is there.
    pub(crate) messages: u64,
    /// How many bytes were sent.
    pub(crate) bytes: u64,
    /// How many records were sent, while that is counted.
    pub(crate) records: Option<usize>,
}

impl Network {
    /// Makes a connection.
    pub(crate) fn connect(&mut self, initiator: Party, acceptor: Party) -> ConnectionId {
        self.made += 1;
        let connection = Connection {
            initiator,
            acceptor,
            arrives_at_ms: [0; 2],
            has_left: [false; 2],
            is_dead: false,
            is_torn: false,
            is_spoilt: false,
        };
        self.connections.insert(self.made, connection);
        self.made
    }

    /// A connection, unless it has ended.
    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// The connection that a tab's engine calls so.
    pub(crate) fn find(&self, tab: TabId, link: Link) -> Option<ConnectionId> {
        let named = Party::Tab(tab, link);
        let is_it = |connection: &Connection| connection.initiator == named || connection.acceptor == named;
        self.connections.iter().find(|(_, connection)| is_it(connection)).map(|(id, _)| *id)
    }

    /// The connections that are meant.
    pub(crate) fn of(&self, is_meant: impl Fn(&Connection) -> bool) -> Vec<ConnectionId> {
        self.connections.iter().filter(|(_, connection)| is_meant(connection)).map(|(id, _)| *id).collect()
    }

    /// True when there are so many connections to relays, and nothing that is sent is lost.
    pub(crate) fn is_whole(&self, count: usize) -> bool {
        let to_relays = self.connections.values().filter(|connection| !connection.is_joint());
        to_relays.count() == count && self.connections.values().all(|connection| !connection.is_dead)
    }

    /// From now on this is the weather of a link.
    pub(crate) fn set_weather(&mut self, place: Place, weather: Weather) {
        self.weather.insert(place, weather);
    }

    /// From now on nodes with different bits do not reach each other: first the devices, then the relays from bit 8 on.
    pub(crate) fn part(&mut self, sides: u64) {
        self.parted = sides;
    }

    /// True when the two do not reach each other.
    pub(crate) fn is_parted(&self, one: Party, other: Party) -> bool {
        let side = |party: Party| match party {
            Party::Tab(tab, _) => self.parted >> tab.device & 1,
            Party::Relay(relay) => self.parted >> (relay + 8) & 1,
        };
        side(one) != side(other)
    }

    /// The weather is good again, and everybody reaches everybody. Returns the connections that have suffered: they are to
    /// end, because nothing that is lost on them is ever sent again.
    pub(crate) fn clear_up(&mut self) -> Vec<ConnectionId> {
        self.weather.clear();
        self.parted = 0;
        self.of(|connection| connection.is_spoilt || connection.is_torn)
    }

    /// Counts a message. A sign of life takes one byte.
    pub(crate) fn count(&mut self, bytes: &[u8]) {
        self.messages += u64::from(bytes.len() > 1);
        self.bytes += bytes.len() as u64;
    }

    /// When the end of a connection is heard of there, after all that was sent before.
    pub(crate) fn arrival(&mut self, id: ConnectionId, to: End, earliest_ms: u64) -> Option<u64> {
        let connection = self.connections.get_mut(&id).filter(|connection| !connection.is_dead)?;
        let [at_initiator, at_acceptor] = &mut connection.arrives_at_ms;
        let at_ms = if to == End::Initiator { at_initiator } else { at_acceptor };
        *at_ms = earliest_ms.max(*at_ms);
        Some(*at_ms)
    }

    /// When a message that is sent now to that end arrives there: never, once or twice.
    pub(crate) fn deliveries(
        &mut self,
        id: ConnectionId,
        to: End,
        now_ms: u64,
        random: &mut Rng,
    ) -> [Option<u64>; 2] {
        let at_ms = now_ms + random.u64(1..40);
        let weather = self.get(id).and_then(|connection| self.weather.get(&connection.place())).copied();
        let Some(weather) = weather else { return [self.arrival(id, to, at_ms), None] };
        let happens = |random: &mut Rng, percent| random.u32(0..100) < percent;
        let is_against = weather.is_one_way && to == End::Initiator;
        let (is_lost, is_early) = (happens(random, weather.lost), happens(random, weather.reordered));
        let again = happens(random, weather.repeated).then(|| at_ms + random.u64(0..100));
        let Some(connection) = self.connections.get_mut(&id).filter(|connection| !connection.is_dead) else {
            return [None; 2];
        };
        connection.is_spoilt |= is_lost || is_early || again.is_some() || is_against;
        if is_lost || is_against {
            return [None, None];
        }
        [if is_early { Some(at_ms) } else { self.arrival(id, to, at_ms) }, again]
    }

    /// From now on nothing arrives any more, and nobody is told.
    pub(crate) fn kill(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.is_dead = true;
        }
    }

    /// The next message arrives in part, and nothing after it.
    pub(crate) fn tear(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.is_torn = true;
        }
    }

    /// True when the message that arrives now is the one that was torn; the connection is dead then.
    pub(crate) fn is_torn_now(&mut self, id: ConnectionId) -> bool {
        let torn = self.connections.get_mut(&id).filter(|connection| connection.is_torn);
        torn.is_some_and(|connection| !std::mem::replace(&mut connection.is_dead, true))
    }

    /// True when messages still arrive.
    pub(crate) fn is_alive(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|connection| !connection.is_dead)
    }

    /// One end has left; a dead connection that both have left is gone.
    pub(crate) fn leave(&mut self, id: ConnectionId, end: End) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let [initiator, acceptor] = &mut connection.has_left;
        *(if end == End::Initiator { initiator } else { acceptor }) = true;
        if connection.is_dead && connection.has_left == [true; 2] {
            self.connections.remove(&id);
        }
    }

    /// Ends a connection.
    pub(crate) fn end(&mut self, id: ConnectionId) -> Option<Connection> {
        self.connections.remove(&id)
    }
}
