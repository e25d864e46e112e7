//! What must hold where disks are copied, judged by what was written and not by names.
//!
//! Knows nothing of how the core comes to what it shows.

use eyot_core::{Record, Replica, ReplicaId, Version};

use crate::check::names;
use crate::device::{Tab, TabId};
use crate::faults::fold;
use crate::model::Write;
use crate::violation::{CONTRACT, Violation};
use crate::world::World;
use crate::writes::{WriteId, Writes};

impl World {
    pub(crate) fn check_copied_tab(&mut self, id: TabId) -> Result<(), Violation> {
        let Some(tab) = self.tab(id) else { return Ok(()) };
        // While it folds, what is committed is not to be seen yet.
        if !(0..self.keys.len()).all(|key| tab.shows(&self.keys, key)) {
            return Ok(());
        }
        let here = self
            .look_at_contents(tab.engine.replica(), &tab.view.here, Some(tab))
            .map_err(|violation| violation.at(format_args!("tab {id}")))?;
        if let Some(tab) = self.tab_mut(id) {
            tab.view.here = here;
        }
        Ok(())
    }

    pub(crate) fn check_copied_relay(&mut self, relay: usize) -> Result<(), Violation> {
        let Some(host) = self.relays.get(relay) else { return Ok(()) };
        let here = self
            .look_at_contents(&host.replica, &host.view.here, None)
            .map_err(|violation| violation.at(format_args!("relay {relay}")))?;
        self.relay_mut(relay)?.view.here = here;
        Ok(())
    }

    // What has stood here once is known here: it stands, or something does that has seen it. Returns what is known now.
    fn look_at_contents(
        &self,
        committed: &Replica,
        before: &Writes,
        tab: Option<&Tab>,
    ) -> Result<Writes, Violation> {
        if self.copies.are_alike {
            return Ok(*before);
        }
        let mut here = *before;
        here.join(&self.known_of(committed)?);
        self.check_closed(before, &here, tab)?;
        let mut known = tab.map(Tab::outstanding_writes).unwrap_or_default();
        known.join(&here);
        for (number, key) in self.keys.iter().enumerate() {
            let record = match tab {
                Some(tab) => tab.engine.record(key.as_str()),
                None => committed.get(key.as_str()),
            };
            let known = known.both(&self.ledger.of_key(number));
            self.check_shown((number, record), &known, tab).map_err(|violation| violation.at(key))?;
        }
        Ok(here)
    }

    // What stands, and all that it has seen.
    fn known_of(&self, replica: &Replica) -> Result<Writes, Violation> {
        let mut standing = Writes::new();
        for (number, key) in self.keys.iter().enumerate() {
            let versions = replica.get(key.as_str()).map(Record::versions).unwrap_or_default();
            for version in versions {
                standing.insert(self.identify(number, version).map_err(|violation| violation.at(key))?);
            }
        }
        Ok(self.model.with_pasts(&standing).both(self.ledger.stored()))
    }

    fn check_shown(
        &self,
        (number, record): (usize, Option<&Record>),
        known: &Writes,
        tab: Option<&Tab>,
    ) -> Result<(), Violation> {
        let mut standing = Writes::new();
        for version in record.map(Record::versions).unwrap_or_default() {
            let pending = tab.filter(|tab| tab.engine.identity().tab == version.dot.replica);
            standing.insert(match pending {
                Some(tab) => pending_name(tab, version)?,
                None => self.identify(number, version)?,
            });
        }
        let collides = record.is_some_and(|record| record.collisions().next().is_some());
        let key = self.keys.get(number);
        if collides && tab.zip(key).is_some_and(|(tab, key)| !tab.reported.contains(key)) {
            return Err(Violation::new(3, "two writes stand under one dot, and nobody is told"));
        }
        let expected = self.model.siblings(known);
        let (missing, risen) = (expected.without(&standing), standing.without(&expected));
        if missing.is_empty() && self.copies.renamed.covers(&risen) {
            return Ok(());
        }
        let law = if missing.is_empty() { 6 } else { 2 };
        Err(Violation::new(law, format!("it shows {standing:?} and should show {expected:?}")))
    }

    fn identify(&self, key: usize, version: &Version) -> Result<WriteId, Violation> {
        let id = match version.content.as_deref() {
            Some(content) => names(content),
            None => self.copies.deletions.get(&(key, version.at)).copied(),
        };
        let write = id.and_then(|id| Some((id, self.model.get(id)?)));
        let is_it = |write: &Write| write.key == key && write.deletes == version.content.is_none();
        let Some((id, write)) = write.filter(|(_, write)| is_it(write)) else {
            return Err(Violation::new(3, format!("nobody has written {} so", version.dot)));
        };
        if version.at.ms > write.latest_ms {
            let what = format!("{} is of {}, which is beyond {}", version.dot, version.at, write.latest_ms);
            return Err(Violation::new(9, what));
        }
        Ok(id)
    }

    // A copy that stays connected is not told what came from another copy, until it connects again: it is taken for its own.
    fn has_copy(&self, tab: &Tab, here: &Writes) -> bool {
        let own = tab.engine.replica().id();
        let is_of_copy = |id: WriteId| self.ledger.dot(id).is_some_and(|dot| dot.replica == own);
        self.ledger.stored().without(here).iter().any(is_of_copy)
    }

    fn check_closed(&self, before: &Writes, here: &Writes, tab: Option<&Tab>) -> Result<(), Violation> {
        if tab.is_some_and(|tab| self.has_copy(tab, here)) {
            return Ok(());
        }
        for id in here.without(before).iter() {
            let Some(write) = self.model.get(id) else { continue };
            let mut needed = write.seen;
            needed.join(&write.batch);
            let lacking = needed.both(self.ledger.stored()).without(here);
            if !lacking.is_empty() {
                let what = format!("the write {id} is here, but not {lacking:?}, which it has seen");
                return Err(Violation::new(7, what));
            }
        }
        Ok(())
    }

    /// The writes that must be everywhere in the end.
    pub(crate) fn expected_of_copies(&self, here: &Writes) -> Writes {
        let mut expected = *here;
        expected.join(&self.copies.held);
        self.devices.iter().flat_map(|device| &device.own).for_each(|own| expected.insert(own.id));
        expected
    }

    /// Everybody meets the relay several times; then all hold the same, and can tell themselves apart.
    pub(crate) fn heal_copies(&mut self) -> Result<(), Violation> {
        if self.copies.are_alike {
            return Ok(());
        }
        self.copies.held = self.held_by_disks()?;
        self.meet_again()?;
        if self.relays.len() > 1 {
            // What copies have delivered to relays that had not heard of each other under one name, clocks do not tell
            // apart: it is lost nowhere, but does not come everywhere.
            self.check_held_somewhere()?;
            return self.check_quiet();
        }
        self.check_converged()?;
        // Copies that have done nothing else than each other find out when they do.
        for device in 0..self.devices.len() {
            let tab = self.tabs_of(device).first().copied();
            let tab = tab.ok_or_else(|| Violation::new(CONTRACT, "a device has no tab"))?;
            self.write_plainly(tab, device)?;
        }
        self.meet_again()?;
        self.check_converged()?;
        self.check_named_apart()?;
        self.check_quiet()
    }

    fn meet_again(&mut self) -> Result<(), Violation> {
        for round in 0..3 * self.relays.len() {
            let home = round % self.relays.len();
            for id in self.network.of(|_| true) {
                self.network.kill(id);
                self.hang_up(id)?;
            }
            (0..self.devices.len()).try_for_each(|device| self.roam(device, home))?;
            self.settle(Some(home))?;
        }
        Ok(())
    }

    fn held_by_disks(&self) -> Result<Writes, Violation> {
        let mut held = Writes::new();
        for home in &self.devices {
            held.join(&self.known_of(&fold(&home.disk, home.replica, home.epoch)?)?);
        }
        Ok(held)
    }

    fn check_held_somewhere(&self) -> Result<(), Violation> {
        let tabs = self.devices.iter().flat_map(|device| device.tabs.values()).map(|tab| &tab.view.here);
        let mut here = Writes::new();
        self.relays.iter().map(|relay| &relay.view.here).chain(tabs).for_each(|known| here.join(known));
        let lacking = self.copies.held.without(&here);
        match lacking.is_empty() {
            true => Ok(()),
            false => Err(Violation::new(2, format!("the writes {lacking:?} are nowhere any more"))),
        }
    }

    fn check_named_apart(&self) -> Result<(), Violation> {
        let tabs = (0..self.devices.len()).filter_map(|device| self.tab(*self.tabs_of(device).first()?));
        let mut names: Vec<ReplicaId> = tabs.map(|tab| tab.engine.replica().id()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| matches!(pair, [one, two] if one == two)) {
            Some(pair) => Err(Violation::new(3, format!("two devices go on under one name: {pair:?}"))),
            None => Ok(()),
        }
    }
}

fn pending_name(tab: &Tab, version: &Version) -> Result<WriteId, Violation> {
    let place = usize::try_from(version.dot.counter / 2).unwrap_or(0).wrapping_sub(1);
    let unknown = || Violation::new(3, format!("{} was never written", version.dot));
    tab.written.get(place).copied().ok_or_else(unknown)
}
