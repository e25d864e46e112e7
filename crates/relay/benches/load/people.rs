//! The clients: each a replica of its own, in a database of its own or in one of many.

use std::net::SocketAddr;

use eyot_core::{LogEpoch, Replica, ReplicaId};

use crate::client::Client;

/// A name that no other client has.
pub(crate) fn replica(number: usize) -> Replica {
    let mut bytes = [7; ReplicaId::LENGTH];
    bytes[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    Replica::new(ReplicaId::from_bytes(bytes), LogEpoch(number as u64 + 1))
}

/// A client of that number, connected to a database, once both know where the other stands.
pub(crate) async fn connect(address: SocketAddr, database: &str, number: usize) -> Client {
    let mut client = Client::resume_in(address, database, None, replica(number), 0).await;
    client.until(|it| it.relay().is_some()).await;
    assert_eq!(client.closed, None, "the relay does not take it");
    client
}

/// The text of a record: of the length of a note.
pub(crate) fn text(random: &mut fastrand::Rng) -> String {
    (0..230).map(|_| random.alphanumeric()).collect()
}
