//! The end of a story: all faults are over, everybody meets everybody, and then all must be equal and quiet.

use std::collections::BTreeSet;

use eyot_core::{Record, RecordKey};

use crate::device::{Device, TabId};
use crate::schedule::Topology;
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
        self.end_faults()?;
        self.run_ms(2 * SLICE_MS)?;
        // A tab that was killed has told nobody of its last commit: the others must look now and then.
        for tab in self.tabs() {
            self.read_news(tab)?;
        }
        if self.setting.topology == Topology::Apart {
            // Relays do not talk to each other: what one has, the devices take to the next.
            for round in 0..self.relays.len() + 1 {
                let home = round % self.relays.len().max(1);
                for device in 0..self.devices.len() {
                    self.roam(device, home)?;
                }
                self.settle(Some(home))?;
            }
        } else {
            self.settle(None)?;
        }
        self.check_converged()?;
        self.check_quiet()
    }

    fn end_faults(&mut self) -> Result<(), Violation> {
        self.relays.iter_mut().for_each(|relay| relay.is_full = false);
        for id in self.network.clear_up() {
            self.network.kill(id);
            self.hang_up(id)?;
        }
        for device in 0..self.devices.len() {
            let home = self.device_mut(device)?;
            (home.fault, home.clock.stopped_at_ms) = (None, None);
            self.set_online(device, true)?;
            if self.tabs_of(device).is_empty() {
                self.open(device)?;
            }
        }
        Ok(())
    }

    // Time passes until nothing is left to be said, or longer than it may take.
    fn settle(&mut self, home: Option<usize>) -> Result<(), Violation> {
        for _ in 0..PATIENCE_MS / SLICE_MS {
            self.run_ms(SLICE_MS)?;
            if self.is_level(home) {
                return self.run_ms(ADVANCE_MS);
            }
        }
        Ok(())
    }

    // Everybody has the same and knows it: all relays, or just the one that all talk to.
    fn is_level(&self, home: Option<usize>) -> bool {
        let is_meant = |place: usize| home.is_none_or(|home| home == place);
        let mut relays = self.relays.iter().enumerate().filter(|(place, _)| is_meant(*place));
        let Some((_, first)) = relays.next() else { return true };
        let mut tabs = self.devices.iter().flat_map(|device| device.tabs.values());
        self.network.is_whole(self.devices.len() + self.calls)
            && relays.all(|(_, relay)| relay.view.here == first.view.here)
            && tabs.all(|tab| {
                let is_settled = tab.engine.is_settled() && tab.outstanding.is_empty();
                is_settled && tab.view.here == first.view.here && tab.engine.replica().unsent_count() == 0
            })
            && self.devices.iter().all(Device::is_live)
            && self.relays.iter().all(|relay| relay.sessions.values().all(|hosted| hosted.session.is_open()))
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
        // Of what was lost, everybody has the same.
        let expected = self.ledger.expected(self.relays.first().map_or(here, |relay| &relay.view.here));
        if *here == expected {
            return Ok(());
        }
        let lacking = self.ledger.dots(&expected.without(here));
        Err(Violation::new(2, format!("{lacking:?} have not come")))
    }

    // The same records means the same bytes: contexts, pasts, times and contents.
    fn check_equal(&self, key: &RecordKey) -> Result<(), Violation> {
        // Of deletions that some have forgotten and others not, contexts tell.
        if !self.ledger.forgotten().is_empty() {
            return Ok(());
        }
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
        let most = (self.tabs().len() + self.calls) as u64 * 4 * (10 * 60 / 20 + 1);
        if bytes > most {
            let what = format!("{bytes} bytes cross a network in which nothing happens");
            return Err(Violation::new(8, what));
        }
        Ok(())
    }
}
