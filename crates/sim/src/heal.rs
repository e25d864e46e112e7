//! The end of a story: all faults are over, everybody meets everybody, and then all must be equal and quiet.

use std::collections::BTreeSet;

use eyot_core::engine::EngineInput;
use eyot_core::{Dot, Record, RecordKey};

use crate::Violation;
use crate::device::TabId;
use crate::world::World;

/// Long enough for every pause before another try, and for a dead connection to be noticed.
const PATIENCE_MS: u64 = 120_000;
/// Shorter than the time after which a quiet connection is asked for a sign of life.
const QUIET_MS: u64 = 10_000;

impl World {
    /// All faults end, everybody talks to every relay; then laws 2, 4 and 8 must hold.
    pub fn heal(&mut self) -> Result<(), Violation> {
        for device in 0..self.devices.len() {
            self.device_mut(device)?.fault = None;
            self.set_online(device, true)?;
            if self.tabs_of(device).is_empty() {
                self.open(device)?;
            }
        }
        self.run_ms(PATIENCE_MS)?;
        // A tab that was killed has told nobody of its last commit: the others must look now and then.
        for tab in self.tabs() {
            self.read_news(tab)?;
        }
        // Relays do not talk to each other: what one has, the devices take to the next.
        for round in 0..self.relays.len() + 1 {
            let home = round % self.relays.len().max(1);
            for device in 0..self.devices.len() {
                self.roam(device, home)?;
            }
            self.run_ms(PATIENCE_MS)?;
        }
        self.check_converged()?;
        self.check_quiet()
    }

    /// The device talks to another relay from now on.
    pub(crate) fn roam(&mut self, device: usize, home: usize) -> Result<(), Violation> {
        if self.device(device)?.home == home {
            return Ok(());
        }
        self.device_mut(device)?.home = home;
        for tab in self.tabs_of(device) {
            for id in self.network.of(|connection| connection.tab == tab) {
                self.network.kill(id);
                self.hang_up(id, "connection-lost")?;
            }
            self.feed(tab, EngineInput::Nudge)?;
        }
        Ok(())
    }

    fn check_converged(&self) -> Result<(), Violation> {
        for key in &self.keys {
            let expected = self.model.siblings(key);
            for tab in self.tabs() {
                let record = self.tab(tab).and_then(|tab| tab.engine.record(key.as_str()));
                compare(key, &expected, record, &format!("{tab:?}"))?;
            }
            for (number, relay) in self.relays.iter().enumerate() {
                compare(key, &expected, relay.replica.get(key.as_str()), &format!("relay {number}"))?;
            }
            self.check_equal(key)?;
        }
        for relay in 0..self.relays.len() {
            self.check_relay(relay)?;
        }
        self.tabs().into_iter().try_for_each(|tab| self.check_settled(tab))
    }

    // The same records means the same bytes: contexts, pasts, times and contents.
    fn check_equal(&self, key: &RecordKey) -> Result<(), Violation> {
        let of_tabs = self.tabs().into_iter().filter_map(|id| self.tab(id)?.engine.record(key.as_str()));
        let of_relays = self.relays.iter().filter_map(|relay| relay.replica.get(key.as_str()));
        let states: BTreeSet<Vec<u8>> = of_tabs.chain(of_relays).map(Record::to_bytes).collect();
        if states.len() > 1 { Err(Violation(format!("{key} is not the same everywhere"))) } else { Ok(()) }
    }

    fn check_settled(&self, id: TabId) -> Result<(), Violation> {
        self.check_tab(id)?;
        let Some(tab) = self.tab(id) else { return Ok(()) };
        if !tab.engine.is_settled() || !tab.outstanding.is_empty() {
            return Err(Violation(format!("{id:?} still waits for its disk")));
        }
        let unsent = tab.engine.sync_status().unsent;
        if unsent > 0 {
            return Err(Violation(format!("{id:?} takes {unsent} records for unsent that the relay has")));
        }
        match tab.awaited.keys().next() {
            Some(ticket) => Err(Violation(format!("{id:?} still waits for ticket {ticket}"))),
            None => Ok(()),
        }
    }

    /// Law 8: when there is nothing to say, nothing is said; and asking whether there is takes few bytes.
    fn check_quiet(&mut self) -> Result<(), Violation> {
        let before = self.network.messages;
        self.run_ms(QUIET_MS)?;
        let messages = self.network.messages - before;
        if messages > 0 {
            return Err(Violation(format!("{messages} messages cross a network in which nothing happens")));
        }
        let before = self.network.bytes;
        self.run_ms(10 * 60_000)?;
        let bytes = self.network.bytes - before;
        // Each side asks the other for a sign of life, at most every twenty seconds; that and the answer take a byte each.
        let most = self.tabs().len() as u64 * 4 * (10 * 60 / 20 + 1);
        if bytes > most {
            return Err(Violation(format!("{bytes} bytes cross a network in which nothing happens")));
        }
        Ok(())
    }
}

fn compare(
    key: &RecordKey,
    expected: &BTreeSet<Dot>,
    record: Option<&Record>,
    who: &str,
) -> Result<(), Violation> {
    let shown: BTreeSet<Dot> =
        record.into_iter().flat_map(|record| record.versions()).map(|version| version.dot).collect();
    if shown == *expected {
        return Ok(());
    }
    Err(Violation(format!("{who} shows {shown:?} of {key} and should show {expected:?}")))
}
