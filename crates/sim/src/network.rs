//! The network: connections between tabs and relays that keep the order of messages, are slow, and can be cut.
//!
//! Knows nothing of what is said. Law: what arrives is a beginning of what was sent.

use std::collections::BTreeMap;

use eyot_core::engine::Link;

use crate::device::TabId;

/// Names a connection.
pub(crate) type ConnectionId = u64;

/// One connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The tab that made it.
    pub(crate) tab: TabId,
    /// What the tab's engine calls it.
    pub(crate) link: Link,
    /// The relay that took it.
    pub(crate) relay: usize,
    // Nothing may arrive before what was sent earlier.
    arrives_at_ms: [u64; 2],
    is_dead: bool,
}

/// Which end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The tab's.
    Tab,
    /// The relay's.
    Relay,
}

/// All connections.
#[derive(Default, Debug)]
pub(crate) struct Network {
    connections: BTreeMap<ConnectionId, Connection>,
    made: u64,
    /// How many messages were sent that say more than that somebody is there.
    pub(crate) messages: u64,
    /// How many bytes were sent.
    pub(crate) bytes: u64,
}

impl Network {
    /// Makes a connection.
    pub(crate) fn connect(&mut self, tab: TabId, link: Link, relay: usize) -> ConnectionId {
        self.made += 1;
        let connection = Connection { tab, link, relay, arrives_at_ms: [0; 2], is_dead: false };
        self.connections.insert(self.made, connection);
        self.made
    }

    /// A connection, unless it has ended.
    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// The connection that a tab's engine calls so.
    pub(crate) fn find(&self, tab: TabId, link: Link) -> Option<ConnectionId> {
        let found = |(_, connection): &(&u64, &Connection)| connection.tab == tab && connection.link == link;
        self.connections.iter().find(found).map(|(id, _)| *id)
    }

    /// The connections of a device, or of a relay.
    pub(crate) fn of(&self, is_meant: impl Fn(&Connection) -> bool) -> Vec<ConnectionId> {
        self.connections.iter().filter(|(_, connection)| is_meant(connection)).map(|(id, _)| *id).collect()
    }

    /// True when there are so many connections, and nothing that is sent is lost.
    pub(crate) fn is_whole(&self, count: usize) -> bool {
        self.connections.len() == count && self.connections.values().all(|connection| !connection.is_dead)
    }

    /// Counts a message. A sign of life takes one byte.
    pub(crate) fn count(&mut self, bytes: &[u8]) {
        self.messages += u64::from(bytes.len() > 1);
        self.bytes += bytes.len() as u64;
    }

    /// When something that is sent now to that end arrives there; none when it never does.
    pub(crate) fn arrival(&mut self, id: ConnectionId, to: End, earliest_ms: u64) -> Option<u64> {
        let connection = self.connections.get_mut(&id).filter(|connection| !connection.is_dead)?;
        let [at_tab, at_relay] = &mut connection.arrives_at_ms;
        let at_ms = if to == End::Tab { at_tab } else { at_relay };
        *at_ms = earliest_ms.max(*at_ms);
        Some(*at_ms)
    }

    /// From now on nothing arrives any more, and nobody is told.
    pub(crate) fn kill(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.is_dead = true;
        }
    }

    /// True when messages still arrive.
    pub(crate) fn is_alive(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|connection| !connection.is_dead)
    }

    /// Ends a connection.
    pub(crate) fn end(&mut self, id: ConnectionId) -> Option<Connection> {
        self.connections.remove(&id)
    }
}
