//! The audit: what a relay durably holds, read over its protocol by a replica that nobody has met before.

use std::net::SocketAddr;

use eyot_core::segment::Entries;
use eyot_core::session::Peer;
use eyot_core::{LogEpoch, Replica, ReplicaId};

use crate::client::{Client, records};
use crate::ledger::Ledger;

/// A whole copy of the database, as of one moment.
pub(crate) struct Audit {
    pub(crate) relay: Peer,
    pub(crate) replica: Replica,
    pub(crate) entries: Entries,
}

impl Audit {
    /// Reads everything. The number is the reader's name, and must be new to the relay.
    pub(crate) async fn of(address: SocketAddr, number: u64) -> Self {
        let mut name = [0xee; ReplicaId::LENGTH];
        name[..8].copy_from_slice(&number.to_be_bytes());
        let replica = Replica::new(ReplicaId::from_bytes(name), LogEpoch((1 << 32) + number));
        let mut reader = Client::resume(address, None, replica, 0).await;
        reader.until(|it| it.relay().is_some()).await;
        let relay = reader.relay().unwrap_or_else(|| panic!("the audit was refused: {:?}", reader.closed));
        reader.until(|it| relay.head.0 == 0 || reached(it, &relay) >= Some(relay.head.0)).await;
        assert_eq!(reader.closed, None, "the relay ends the audit");
        let entries = records(&reader);
        Self { relay, replica: reader.disconnect().0, entries }
    }

    /// Claims what must hold after every restart, before anybody else has connected.
    pub(crate) fn check<'a>(&self, ledger: &Ledger, writers: impl Iterator<Item = &'a Replica>) {
        let breaches = ledger.breaches(&self.entries);
        assert!(breaches.is_empty(), "after a restart: {breaches:?}");
        for replica in writers {
            let cursor = replica.cursor(self.relay.replica, self.relay.epoch);
            let position = cursor.map_or(0, |cursor| cursor.seq.0);
            let head = self.relay.head.0;
            assert!(position <= head, "a client was told of {position} in a log that ends at {head}");
            self.check_holds(replica, "was acknowledged or announced");
        }
    }

    /// Claims that the relay holds every record which this replica does not count as unsent: what the relay has
    /// acknowledged, what it has announced itself, and what lies below its cursor into this replica's log.
    pub(crate) fn check_holds(&self, replica: &Replica, because: &str) {
        for (key, record) in replica.range_after(std::ops::Bound::Unbounded) {
            let held =
                || self.replica.get(key.as_str()).map(|held| held.context().covers_all(record.context()));
            let is_held = replica.is_unsent(key.as_str()) || held() == Some(true);
            assert!(is_held, "{key} [{}] {because}, and the relay does not hold it", record.context());
        }
        for dot in replica.clock().to_vector().iter() {
            let is_own = dot.replica == replica.id();
            let known = self.replica.clock().get(dot.replica);
            assert!(is_own || known >= dot.counter, "{dot} was announced, and the relay's clock has {known}");
        }
    }
}

fn reached(client: &Client, relay: &Peer) -> Option<u64> {
    client.replica.cursor(relay.replica, relay.epoch).map(|cursor| cursor.seq.0)
}
