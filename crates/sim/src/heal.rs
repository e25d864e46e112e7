//! The end of a story: all faults are over, everybody meets everybody, and then all must be equal and quiet.

use eyot_core::engine::{EngineInput, Wanted};
use eyot_core::{Record, RecordKey};

use crate::device::{Device, TabId};
use crate::host::LONGEST_TIMER_MS;
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
/// How often it is waited for a disk that is busy, and for how long.
const DISK_TURNS: u32 = 20;
const DISK_TURN_MS: u64 = 5;
/// Shorter than the time after which a quiet connection is asked for a sign of life.
const QUIET_MS: u64 = 10_000;
/// One world in so many is watched through a long silence too.
const LONG_SILENCES: u64 = 16;

impl World {
    /// All faults end, everybody talks to every relay; then laws 2, 4 and 8 must hold.
    pub fn heal(&mut self) -> Result<(), Violation> {
        self.end_faults()?;
        // From here on everything is looked at, so everything is to stay in memory.
        self.setting.compact_after = self.setting.compact_after.map(|segments| segments / 2 * 2 + 2);
        let storage = self.setting.storage();
        let tabs = self.devices.iter_mut().flat_map(|device| device.tabs.values_mut());
        tabs.for_each(|tab| tab.engine.tune_storage(storage));
        for tab in self.tabs() {
            self.feed(tab, EngineInput::Fetch { ticket: 0, wanted: Wanted::All })?;
        }
        // Who has slept notices that by the next timer, and a timer takes no longer than that.
        self.run_ms(if self.slept_ms > 0 { LONGEST_TIMER_MS } else { 2 * SLICE_MS })?;
        // A tab that was killed has told nobody of its last commit: the others must look now and then.
        for tab in self.tabs() {
            self.read_news(tab)?;
        }
        if self.copies.are_made {
            return self.heal_copies();
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
    pub(crate) fn settle(&mut self, home: Option<usize>) -> Result<(), Violation> {
        for _ in 0..PATIENCE_MS / SLICE_MS {
            self.run_ms(SLICE_MS)?;
            if self.is_level(home) {
                self.run_ms(ADVANCE_MS)?;
                return self.let_disks_finish();
            }
        }
        Ok(())
    }

    // A tab looks for deletions to forget whenever that is due, also just now.
    fn let_disks_finish(&mut self) -> Result<(), Violation> {
        for _ in 0..DISK_TURNS {
            if self.tabs().into_iter().all(|id| self.tab(id).is_none_or(|tab| tab.engine.is_settled())) {
                break;
            }
            self.run_ms(DISK_TURN_MS)?;
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
    pub(crate) fn check_converged(&mut self) -> Result<(), Violation> {
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
        self.keys.iter().enumerate().try_for_each(|(place, key)| self.check_equal(place, key))
    }

    fn check_complete(&self, here: &Writes) -> Result<(), Violation> {
        // Of what was lost, everybody has the same.
        let of_first = self.relays.first().map_or(here, |relay| &relay.view.here);
        let expected = match self.copies.are_made {
            true => self.expected_of_copies(of_first),
            false => self.ledger.expected(of_first),
        };
        if *here == expected {
            return Ok(());
        }
        let lacking = self.ledger.dots(&expected.without(here));
        Err(Violation::new(2, format!("{lacking:?} have not come")))
    }

    // The same records means the same bytes: contexts, pasts, times and contents. Where a deletion of the record may be
    // forgotten, it and what its context tells of it are known in one place and not in another; the edits that stand are
    // the same all the same, to the last bit.
    fn check_equal(&self, place: usize, key: &RecordKey) -> Result<(), Violation> {
        let forgotten = self.ledger.of_key(place).both(self.ledger.forgotten());
        let are_deletions_forgotten =
            forgotten.iter().filter_map(|id| self.model.get(id)).any(|write| write.deletes);
        let of_tabs =
            self.tabs().into_iter().filter_map(|id| Some(self.tab(id)?.engine.record(key.as_str())));
        let of_relays = self.relays.iter().map(|relay| relay.replica.get(key.as_str()));
        let mut records = of_tabs.chain(of_relays);
        let edits = |record: Option<&Record>| {
            let versions = record.map(Record::versions).unwrap_or_default().iter();
            versions.filter(|version| version.content.is_some()).cloned().collect::<Vec<_>>()
        };
        let first = records.next().flatten();
        let is_same = |record: Option<&Record>| match are_deletions_forgotten {
            true => edits(record) == edits(first),
            false => record == first,
        };
        if records.all(is_same) {
            return Ok(());
        }
        Err(Violation::new(2, format!("{key} is not the same everywhere")))
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
    pub(crate) fn check_quiet(&mut self) -> Result<(), Violation> {
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
        self.check_no_echo()
    }

    // Law 8: a write goes over every link once, and never back to where it came from.
    fn check_no_echo(&mut self) -> Result<(), Violation> {
        let Some(tab) = self.tabs().first().copied() else { return Ok(()) };
        let (plain, other): (Vec<_>, Vec<_>) =
            (0..self.keys.len()).partition(|key| self.count_forgotten(*key) == 0);
        // Where relays are joined in circles, what goes round meets itself, once on every link.
        let is_tree = self.calls < self.relays.len();
        let most = self.devices.len() + if is_tree { self.calls } else { 2 * self.calls };
        for key in other {
            self.check_agreeing(tab, key)?;
            self.check_sent(tab, key, most)?;
        }
        plain.first().map_or(Ok(()), |key| self.check_sent(tab, *key, most))
    }

    // Who has forgotten a deletion and who has not come to one state only with the next write to its record: that one does go
    // back. The record changes once for the write, and at most once for each write that somebody may have forgotten: where it
    // is forgotten the record comes to account for it, elsewhere it is cut out. Every change crosses a link once in each direction.
    fn check_agreeing(&mut self, tab: TabId, key: usize) -> Result<(), Violation> {
        let links = self.devices.len() + self.calls;
        self.check_sent(tab, key, 2 * links * (1 + self.count_forgotten(key)))
    }

    // How many writes to a record may have left no trace somewhere.
    fn count_forgotten(&self, key: usize) -> usize {
        self.ledger.of_key(key).both(self.ledger.forgotten()).iter().count()
    }

    // A write makes no more records cross the links than that, and then all is quiet.
    fn check_sent(&mut self, tab: TabId, key: usize, most: usize) -> Result<(), Violation> {
        self.network.records = Some(0);
        let written = self.write_plainly(tab, key)?;
        self.run_ms(QUIET_MS)?;
        let sent = self.network.records.take().unwrap_or(0);
        if !written.is_empty() && sent > most {
            let links = self.devices.len() + self.calls;
            let what = format!("one write is sent {sent} times over {links} links, {most} at most");
            return Err(Violation::new(8, what));
        }
        Ok(())
    }
}
