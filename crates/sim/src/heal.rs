//! The end of a story: all faults are over, everybody meets everybody, and then all must be equal and quiet.

use std::collections::BTreeSet;

use eyot_core::engine::EngineInput;
use eyot_core::{Record, RecordKey};

use crate::device::TabId;
use crate::violation::{CONTRACT, Violation};
use crate::world::World;
use crate::writes::Writes;

/// Long enough for every pause before another try, and for a dead connection to be noticed.
const PATIENCE_MS: u64 = 240_000;
/// How often it is looked whether all is well.
const SLICE_MS: u64 = 500;
/// After so long a place that holds nothing for a peer is told to it.
const ADVANCE_MS: u64 = 3_000;
/// Shorter than the time after which a quiet connection is asked for a sign of life.
const QUIET_MS: u64 = 10_000;
/// One world in so many is watched through a long silence too.
const LONG_SILENCES: u64 = 16;

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
        self.run_ms(2 * SLICE_MS)?;
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
            self.settle(home)?;
        }
        self.check_converged()?;
        self.check_quiet()
    }

    // Time passes until nothing is left to be said, or longer than it may take.
    fn settle(&mut self, home: usize) -> Result<(), Violation> {
        for _ in 0..PATIENCE_MS / SLICE_MS {
            self.run_ms(SLICE_MS)?;
            if self.is_level(home) {
                return self.run_ms(ADVANCE_MS);
            }
        }
        Ok(())
    }

    // Everybody has the same and knows it.
    fn is_level(&self, home: usize) -> bool {
        let Some(relay) = self.relays.get(home) else { return true };
        let tabs = self.devices.iter().flat_map(|device| device.tabs.values());
        self.network.is_whole(self.devices.len())
            && tabs.into_iter().all(|tab| {
                let is_settled = tab.engine.is_settled() && tab.outstanding.is_empty();
                is_settled && tab.view.here == relay.view.here && tab.engine.replica().unsent_count() == 0
            })
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

    // Whoever knows all writes shows the siblings among them: that is checked whenever somebody is looked at.
    fn check_converged(&mut self) -> Result<(), Violation> {
        for relay in 0..self.relays.len() {
            self.check_relay(relay)?;
        }
        let tabs = self.tabs();
        tabs.iter().try_for_each(|tab| self.check_tab(*tab))?;
        for (relay, host) in self.relays.iter().enumerate() {
            self.check_complete(&host.view.here)
                .map_err(|violation| violation.at(format_args!("relay {relay}")))?;
        }
        for id in tabs {
            let Some(tab) = self.tab(id) else { continue };
            self.check_complete(&tab.view.here)
                .map_err(|violation| violation.at(format_args!("tab {id}")))?;
            self.check_settled(id)?;
        }
        self.keys.iter().try_for_each(|key| self.check_equal(key))
    }

    fn check_complete(&self, here: &Writes) -> Result<(), Violation> {
        if here == self.ledger.stored() {
            return Ok(());
        }
        let lacking = self.ledger.dots(&self.ledger.stored().without(here));
        Err(Violation::new(2, format!("{lacking:?} have not come")))
    }

    // The same records means the same bytes: contexts, pasts, times and contents.
    fn check_equal(&self, key: &RecordKey) -> Result<(), Violation> {
        let of_tabs = self.tabs().into_iter().filter_map(|id| self.tab(id)?.engine.record(key.as_str()));
        let of_relays = self.relays.iter().filter_map(|relay| relay.replica.get(key.as_str()));
        let states: BTreeSet<Vec<u8>> = of_tabs.chain(of_relays).map(Record::to_bytes).collect();
        if states.len() > 1 {
            Err(Violation::new(2, format!("{key} is not the same everywhere")))
        } else {
            Ok(())
        }
    }

    fn check_settled(&self, id: TabId) -> Result<(), Violation> {
        let Some(tab) = self.tab(id) else { return Ok(()) };
        if !tab.engine.is_settled() || !tab.outstanding.is_empty() {
            return Err(Violation::new(CONTRACT, format!("tab {id} still waits for its disk")));
        }
        let unsent = tab.engine.sync_status().unsent;
        if unsent > 0 {
            let what = format!("tab {id} takes {unsent} records for unsent that the relay has");
            return Err(Violation::new(8, what));
        }
        match tab.awaited.keys().next() {
            Some(ticket) => {
                Err(Violation::new(CONTRACT, format!("tab {id} still waits for ticket {ticket}")))
            }
            None => Ok(()),
        }
    }

    /// Law 8: when there is nothing to say, nothing is said; and asking whether there is takes few bytes.
    fn check_quiet(&mut self) -> Result<(), Violation> {
        let before = self.network.messages;
        self.run_ms(QUIET_MS)?;
        let messages = self.network.messages - before;
        if messages > 0 {
            let what = format!("{messages} messages cross a network in which nothing happens");
            return Err(Violation::new(8, what));
        }
        // Long silences are many events, and all worlds are silent alike: not every one has to prove it.
        if !self.setting.seed.is_multiple_of(LONG_SILENCES) {
            return Ok(());
        }
        let before = self.network.bytes;
        self.run_ms(10 * 60_000)?;
        let bytes = self.network.bytes - before;
        // Each side asks the other for a sign of life, at most every twenty seconds; that and the answer take a byte each.
        let most = self.tabs().len() as u64 * 4 * (10 * 60 / 20 + 1);
        if bytes > most {
            let what = format!("{bytes} bytes cross a network in which nothing happens");
            return Err(Violation::new(8, what));
        }
        Ok(())
    }
}
