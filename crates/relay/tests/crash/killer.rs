//! The killer: ends the relay at a moment that nobody could choose better for losing something.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;

use crate::program::Program;

/// Holds a running relay, and kills it.
pub(crate) struct Killer {
    relay: Mutex<Option<Program>>,
    acknowledgements_left: AtomicU64,
    patience: Duration,
}

impl Killer {
    /// Half of the time the clock decides; the other half it is the very moment at which a client has heard that
    /// something of it is durable: a relay that had said so too early would lose it.
    pub(crate) fn new(relay: Program, rng: &mut Rng) -> Self {
        let most_us = if rng.u8(..4) == 0 { 400_000 } else { 60_000 };
        let (acknowledgements, patience) = match rng.bool() {
            true => (rng.u64(1..30), Duration::from_secs(5)),
            false => (u64::MAX, Duration::from_micros(rng.u64(..most_us))),
        };
        Self {
            relay: Mutex::new(Some(relay)),
            acknowledgements_left: AtomicU64::new(acknowledgements),
            patience,
        }
    }

    /// A client has just read an acknowledgement.
    pub(crate) fn note_acknowledgement(&self) {
        if self.acknowledgements_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.kill();
        }
    }

    /// Kills the relay when its time has come, if that has not happened yet.
    pub(crate) async fn wait(&self) {
        tokio::time::sleep(self.patience).await;
        self.kill();
    }

    /// Kills the relay unless it is dead. It is, when this returns.
    pub(crate) fn kill(&self) {
        let mut relay = self.relay.lock().unwrap();
        if let Some(relay) = relay.take() {
            relay.kill();
        }
    }
}
