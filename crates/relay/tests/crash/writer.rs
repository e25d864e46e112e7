//! A writer: one client that writes whatever comes to its mind, waits for the relay or does not, and has the ledger note
//! what was acknowledged.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use eyot_core::{Dot, Replica};
use fastrand::Rng;

use crate::audit::Audit;
use crate::client::Client;
use crate::killer::Killer;
use crate::ledger::Ledger;

// All writers write to the same records, so that they replace each other's writes and conflict.
const RECORDS: usize = 300;

/// A client under load.
pub(crate) struct Writer {
    rng: Rng,
    ledger: Arc<Mutex<Ledger>>,
    // What the relay has not acknowledged yet.
    pending: Vec<(String, Dot)>,
    replica: Option<(Replica, u64)>,
    texts: u64,
}

impl Writer {
    pub(crate) fn new(replica: Replica, ledger: Arc<Mutex<Ledger>>, rng: Rng) -> Self {
        Self { rng, ledger, pending: Vec::new(), replica: Some((replica, 0)), texts: 0 }
    }

    /// Its replica, while it is not connected.
    pub(crate) fn replica(&self) -> &Replica {
        &self.replica.as_ref().expect("it is not connected").0
    }

    /// How many writes the relay has not acknowledged, as far as is known here.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Connects to a relay that has just been audited: it has the name and the epoch that it had then.
    pub(crate) async fn connect(&mut self, address: SocketAddr, audit: &Audit) -> Client {
        let (replica, counter) = self.replica.take().expect("it is not connected");
        let mut client = Client::resume(address, None, replica, counter).await;
        client.until(|it| it.relay().is_some()).await;
        if let Some(relay) = client.relay() {
            assert_eq!((relay.replica, relay.epoch), (audit.relay.replica, audit.relay.epoch));
        }
        client
    }

    /// Writes until the relay is gone; the killer hears of every acknowledgement.
    pub(crate) async fn work(mut self, mut client: Client, killer: Arc<Killer>) -> Self {
        while client.closed.is_none() {
            self.write(&mut client).await;
            // Mostly it waits; otherwise much is on the way at once.
            let patience = self.rng.u8(..10);
            let Self { ledger, pending, .. } = &mut self;
            let (mut looks, mut saved) = (0, client.replica.peers().saved());
            client
                .until(|it| {
                    looks += 1;
                    // First of all: a relay that has said so too early has no time to make it true.
                    if saved < it.replica.peers().saved() {
                        saved = it.replica.peers().saved();
                        killer.note_acknowledgement();
                    }
                    note_acknowledged(it, ledger, pending);
                    it.is_saved() || patience == 0 || (patience < 4 && looks > 1)
                })
                .await;
        }
        assert_eq!(client.closed.as_deref(), Some("closed"), "the relay refuses what it was sent");
        // People go on without a network.
        if self.rng.bool() {
            self.write(&mut client).await;
        }
        self.replica = Some(client.disconnect());
        self
    }

    /// Waits until everything that was written is acknowledged.
    pub(crate) async fn settle(&mut self, client: &mut Client) {
        let Self { ledger, pending, .. } = self;
        client
            .until(|it| {
                note_acknowledged(it, ledger, pending);
                it.is_saved()
            })
            .await;
        assert_eq!((&client.closed, pending.as_slice()), (&None, [].as_slice()));
    }

    async fn write(&mut self, client: &mut Client) {
        // Some deltas are of many chunks, which the relay stages.
        let (records, length) = match self.rng.u8(..20) {
            0 => (250, 1_200),
            1..4 => (60, 300),
            _ => (self.rng.usize(1..6), 40),
        };
        let chosen = self.rng.choose_multiple(0..RECORDS, records);
        let mut writes = Vec::with_capacity(chosen.len());
        for number in chosen {
            self.texts += 1;
            let text = format!("{}'s text {} ", client.replica.id(), self.texts);
            writes.push((format!("n{number}"), format!("{text}{}", "x".repeat(length))));
        }
        client.write_many(&writes).await;
        let mut ledger = self.ledger.lock().unwrap();
        for (id, text) in &writes {
            let key = format!("notes/{id}");
            let dot = ledger.note_written(&client.replica, &key, text);
            self.pending.push((key, dot));
        }
    }
}

fn note_acknowledged(client: &Client, ledger: &Mutex<Ledger>, pending: &mut Vec<(String, Dot)>) {
    if client.relay().is_none() {
        return;
    }
    let mut ledger = ledger.lock().unwrap();
    pending.retain(|(key, dot)| {
        let is_unsent = client.replica.is_unsent(key);
        if !is_unsent {
            ledger.note_acknowledged(key, *dot);
        }
        is_unsent
    });
}
